using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>
/// Keys and values of the rows being decoded on the CPU, as <see cref="RowAttention{T}"/> reads them: keys transposed, values padded. A prompt that all rows share is
/// kept once. A row keeps its place until it leaves, so nothing moves.
/// </summary>
/// <remarks>
/// Places grow in blocks of <see cref="BlockLength"/> tokens with the longest row, all at once and layer by layer, and each time there are as many as
/// there are rows then: the rows that have left give their memory back. So it never holds more than a block a row beyond the longest row.
/// </remarks>
public sealed class CpuKvCache : IKvCache
{
    /// <summary>Tokens by which places grow.</summary>
    public const int BlockLength = 64;

    private readonly ModelConfig config;
    private readonly ScalarType type;
    private readonly Tensor[] keys, values;             // per layer [places, Hkv, D, length] and [places, Hkv, length, padded D]
    private readonly Tensor?[] prefixKeys, prefixValues; // per layer [Hkv, D, P rounded up to 8] and [Hkv, P, padded D]
    private readonly RowPlaces rows = new();
    private readonly int capacity, maxLength;

    /// <summary>Makes an empty cache.</summary>
    /// <param name="config">The model.</param>
    /// <param name="capacity">Most rows at once.</param>
    /// <param name="maxLength">Most tokens of a row, without a shared prefix.</param>
    /// <param name="type">Element type: the model's compute type.</param>
    public CpuKvCache(ModelConfig config, int capacity, int maxLength, ScalarType type = ScalarType.Float32)
    {
        this.config = config;
        this.type = type;
        this.capacity = capacity;
        this.maxLength = maxLength;
        (keys, values) = (new Tensor[config.Layers], new Tensor[config.Layers]);
        for (int layer = 0; layer < config.Layers; layer++) (keys[layer], values[layer]) = Empty(0, 0);
        prefixKeys = new Tensor[config.Layers];
        prefixValues = new Tensor[config.Layers];
    }

    /// <summary>Records what is decoded; null for nothing.</summary>
    internal ActivationTape? Tape { get; init; }

    /// <summary>The first row of the tape of what was decoded last; null where it was not recorded.</summary>
    internal int? Recorded { get; private set; }

    /// <summary>Rows in use: 0..Rows-1.</summary>
    public int Rows => rows.Rows;

    /// <summary>Rows that there is memory for.</summary>
    public int Places { get; private set; }

    /// <summary>Tokens of a row that there is memory for.</summary>
    public int PlaceLength { get; private set; }

    /// <summary>Tokens of the prompt that all rows share; 0 without one.</summary>
    public int PrefixLength { get; private set; }

    /// <summary>Dimensions of a value with padding.</summary>
    internal int Padded => (config.HeadDim + 15) / 16 * 16;

    /// <inheritdoc/>
    public void SetSharedPrefix(IReadOnlyList<(Tensor Key, Tensor Value)> captured)
    {
        if (Rows > 0) throw new InvalidOperationException("The shared prefix must be set before the first row.");
        using DisposeScope scope = NewDisposeScope();
        PrefixLength = (int)captured[0].Key.size(0);
        for (int layer = 0; layer < keys.Length; layer++)
        {
            (Tensor key, Tensor value) = Empty(1, (PrefixLength + 7) / 8 * 8);
            Write(key[0], value[0], captured[layer]);
            (prefixKeys[layer], prefixValues[layer]) = (key, value);
        }
    }

    /// <inheritdoc/>
    public void Reserve(int count, int length)
    {
        if (count > capacity) throw new InvalidOperationException($"{count} rows in a key/value cache for {capacity}.");
        if (length > maxLength) throw new InvalidOperationException("A row of the key/value cache is full.");
        if (count <= Places && length <= PlaceLength) return;
        int longer = length <= PlaceLength ? PlaceLength : (int.Min(maxLength, (length + BlockLength - 1) / BlockLength * BlockLength) + 7) / 8 * 8;
        using IDisposable noGrad = no_grad();
        int used = Rows, kept = PlaceLength;
        using Tensor from = tensor(rows.Places.Select(p => (long)p).ToArray());
        for (int layer = 0; layer < keys.Length; layer++)
        {
            using DisposeScope scope = NewDisposeScope();
            (Tensor key, Tensor value) = Empty(count, longer);
            if (used > 0 && kept > 0)
            {
                key.narrow(0, 0, used).narrow(3, 0, kept).copy_(keys[layer].index_select(0, from));
                value.narrow(0, 0, used).narrow(2, 0, kept).copy_(values[layer].index_select(0, from));
            }
            keys[layer].Dispose();
            values[layer].Dispose();
            (keys[layer], values[layer]) = (key, value);
        }
        (Places, PlaceLength) = (count, longer);
        rows.Moved(count);
    }

    /// <inheritdoc/>
    public void Add(IReadOnlyList<(Tensor Key, Tensor Value)>? prompt)
    {
        int length = prompt is null ? 0 : (int)prompt[0].Key.size(0);
        Reserve(Rows + 1, length);
        int place = rows.Add(length);
        if (prompt is null) return;
        using DisposeScope scope = NewDisposeScope();
        for (int layer = 0; layer < keys.Length; layer++) Write(keys[layer][place], values[layer][place], prompt[layer]);
    }

    /// <inheritdoc/>
    public void Fork(IReadOnlyList<int> parents)
    {
        // More at a time than asked for: rows that were equal part one after another.
        int all = Rows + parents.Count;
        Reserve(all <= Places ? all : int.Min(capacity, int.Max(all, 2 * Places)), 0);
        int[] from = [.. parents.Select(row => rows.Places[row])], into = [.. parents.Select(row => rows.Add(rows.Lengths[row]))];
        for (int layer = 0; layer < keys.Length; layer++)
        {
            Copy(keys[layer], from, into);
            Copy(values[layer], from, into);
        }
    }

    /// <inheritdoc/>
    public int Remove(int row) => rows.Remove(row);

    /// <inheritdoc/>
    public void Drop(int row, int count) => rows.Drop(row, count);

    /// <inheritdoc/>
    public Tensor Decode(Transformer model, long[] tokens, IReadOnlyList<int> counts)
    {
        if (counts.Count != Rows) throw new ArgumentException($"{counts.Count} numbers of tokens for {Rows} rows.", nameof(counts));
        Reserve(Rows, rows.Lengths.Zip(counts, (length, count) => length + count).DefaultIfEmpty(0).Max());
        DecodedToken[] at = new DecodedToken[tokens.Length];
        int next = 0;
        for (int row = 0; row < Rows; row++)
            for (int i = 0; i < counts[row]; i++) at[next++] = new DecodedToken(rows.Places[row], rows.Extend(row));
        Recorded = Tape?.Take(tokens, [.. at.Select(t => (long)PrefixLength + t.Index)]);
        return model.DecodeOnCpu(tokens, at, this);
    }

    /// <summary>Keys and values of a layer, and those of the prefix, which are null without one.</summary>
    internal (Tensor Keys, Tensor Values, Tensor? PrefixKeys, Tensor? PrefixValues) Layer(int layer) => (keys[layer], values[layer], prefixKeys[layer], prefixValues[layer]);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor? tensor in keys.Concat(values).Concat(prefixKeys).Concat(prefixValues)) tensor?.Dispose();
    }

    private (Tensor Key, Tensor Value) Empty(int rows, int length) => (
        empty(rows, config.KeyValueHeads, config.HeadDim, length, dtype: type).DetachFromDisposeScope(),
        empty(rows, config.KeyValueHeads, length, Padded, dtype: type).DetachFromDisposeScope());

    /// <summary>Copies whole places.</summary>
    private static unsafe void Copy(Tensor cache, int[] from, int[] into)
    {
        byte* all = (byte*)TensorMemory.Start(cache);
        long size = cache.numel() / cache.size(0) * cache.element_size();
        for (int i = 0; i < from.Length; i++) Buffer.MemoryCopy(all + (from[i] * size), all + (into[i] * size), size, size);
    }

    /// <summary>[P, Hkv, D] into a place. What is beyond D in a value is multiplied and thrown away.</summary>
    private void Write(Tensor key, Tensor value, (Tensor Key, Tensor Value) prompt)
    {
        key.narrow(2, 0, prompt.Key.size(0)).copy_(prompt.Key.permute(1, 2, 0));
        value.narrow(1, 0, prompt.Value.size(0)).narrow(2, 0, config.HeadDim).copy_(prompt.Value.transpose(0, 1));
    }
}

/// <summary>Where a token that is decoded goes.</summary>
/// <param name="Place">Its row's place in the cache.</param>
/// <param name="Index">Tokens of its row before it, without a shared prefix.</param>
internal readonly record struct DecodedToken(int Place, int Index);

using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>
/// Keys and values of the rows being decoded on a GPU, as flash attention reads them: [places, length, Hkv, D]. A row keeps its place until it leaves, wherever
/// others are, so nothing moves; each has a copy of its prompt, because a second attention over a shared one would cost more launches than it saves bytes.
/// </summary>
public sealed class FlashKvCache : IKvCache
{
    /// <summary>Tokens by which places grow.</summary>
    public const int BlockLength = 256;

    private readonly ModelConfig config;
    private readonly Device device;
    private readonly ScalarType type;
    private readonly Tensor[] keys, values; // per layer [places * length, Hkv, D]
    private readonly RowPlaces rows = new();
    private readonly int capacity, maxLength;
    private int placeCount, placeLength;

    /// <summary>Makes an empty cache.</summary>
    /// <param name="config">The model.</param>
    /// <param name="capacity">Most rows at once.</param>
    /// <param name="maxLength">Most tokens of a row, its prompt included.</param>
    /// <param name="device">Where.</param>
    /// <param name="type">Element type: the model's compute type.</param>
    public FlashKvCache(ModelConfig config, int capacity, int maxLength, Device device, ScalarType type = ScalarType.BFloat16)
    {
        this.config = config;
        this.device = device;
        this.type = type;
        this.capacity = capacity;
        this.maxLength = maxLength;
        keys = [.. Enumerable.Range(0, config.Layers).Select(_ => Empty(0).DetachFromDisposeScope())];
        values = [.. Enumerable.Range(0, config.Layers).Select(_ => Empty(0).DetachFromDisposeScope())];
    }

    /// <summary>Whether attention is computed by definition, for a test on the CPU.</summary>
    internal bool Plainly { get; init; }

    /// <inheritdoc/>
    public void SetSharedPrefix(IReadOnlyList<(Tensor Key, Tensor Value)> captured) => throw new NotSupportedException("Rows have their own prompts here.");

    /// <inheritdoc/>
    public void Reserve(int count, int length)
    {
        if (count > capacity) throw new InvalidOperationException($"{count} rows in a key/value cache for {capacity}.");
        if (length > maxLength) throw new InvalidOperationException("A row of the key/value cache is full.");
        if (count <= placeCount && length <= placeLength) return;
        int longer = length <= placeLength ? placeLength : int.Min(maxLength, (length + BlockLength - 1) / BlockLength * BlockLength);
        using IDisposable noGrad = no_grad();
        int used = rows.Rows, kept = placeLength;
        using Tensor from = tensor(rows.Places.Select(p => (long)p).ToArray(), device: device);
        for (int layer = 0; layer < keys.Length; layer++)
        {
            keys[layer] = Grown(keys[layer]);
            values[layer] = Grown(values[layer]);
        }
        (placeCount, placeLength) = (count, longer);
        rows.Moved(count);

        Tensor Grown(Tensor old)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor grown = Empty((long)count * longer);
            if (used > 0 && kept > 0) ByPlace(grown, longer).narrow(0, 0, used).narrow(1, 0, kept).copy_(ByPlace(old, kept).index_select(0, from));
            old.Dispose();
            return grown.DetachFromDisposeScope();
        }
    }

    /// <inheritdoc/>
    public void Add(IReadOnlyList<(Tensor Key, Tensor Value)>? prompt)
    {
        if (prompt is null) throw new InvalidOperationException("Rows have their own prompts here.");
        int length = (int)prompt[0].Key.size(0);
        Reserve(rows.Rows + 1, length);
        int place = rows.Add(length);
        using DisposeScope scope = NewDisposeScope();
        for (int layer = 0; layer < keys.Length; layer++)
        {
            ByPlace(keys[layer], placeLength)[place].narrow(0, 0, length).copy_(prompt[layer].Key);
            ByPlace(values[layer], placeLength)[place].narrow(0, 0, length).copy_(prompt[layer].Value);
        }
    }

    /// <inheritdoc/>
    public void Fork(IReadOnlyList<int> parents)
    {
        // More at a time than asked for: rows that were equal part one after another.
        int all = rows.Rows + parents.Count, length = parents.Max(row => rows.Lengths[row]);
        Reserve(all <= placeCount ? all : int.Min(capacity, int.Max(all, 2 * placeCount)), 0);
        using DisposeScope scope = NewDisposeScope();
        Tensor from = tensor(parents.Select(row => (long)rows.Places[row]).ToArray(), device: device), into = tensor(parents.Select(row => (long)rows.Add(rows.Lengths[row])).ToArray(), device: device);
        foreach (Tensor cache in keys.Concat(values))
        {
            Tensor tokens = ByPlace(cache, placeLength).narrow(1, 0, length);
            tokens.index_copy_(0, into, tokens.index_select(0, from));
        }
    }

    /// <inheritdoc/>
    public int Remove(int row) => rows.Remove(row);

    /// <inheritdoc/>
    public void Drop(int row, int count) => rows.Drop(row, count);

    /// <inheritdoc/>
    public Tensor Decode(Transformer model, long[] tokens, IReadOnlyList<int> counts)
    {
        int count = rows.Rows;
        if (tokens.Length != count) throw new NotSupportedException("One token a row: there is no other kernel for it.");
        int longest = rows.Lengths.Max() + 1;
        Reserve(count, longest);
        long[] at = [.. Enumerable.Range(0, count).Select(row => (long)rows.Extend(row))];
        CachePlaces step = new(keys, values,
            New: tensor(at.Select((position, row) => ((long)rows.Places[row] * placeLength) + position).ToArray(), device: device),
            QueryStarts: Numbers.Range(count + 1, ScalarType.Int32, device),
            Starts: tensor(rows.Places.Select(p => p * placeLength).Append(0).ToArray(), device: device),
            Used: tensor(rows.Lengths.ToArray(), device: device), longest);
        return model.DecodeOnGpu(tensor(tokens, device: device), tensor(at, device: device), at.Max(), step, Plainly);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor tensor in keys.Concat(values)) tensor.Dispose();
    }

    private Tensor Empty(long tokens) => empty(tokens, config.KeyValueHeads, config.HeadDim, dtype: type, device: device);

    private static Tensor ByPlace(Tensor cache, int length) => cache.view(-1, length, cache.size(1), cache.size(2));
}

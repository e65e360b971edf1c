using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>
/// Keys and values of the rows being decoded. A row's place holds its own tokens, preceded by its prompt unless all
/// rows share one prompt, which is then kept once (<see cref="SetSharedPrefix"/>). Rows leave by moving the last row into their place.
/// </summary>
/// <remarks>
/// Places grow in blocks of <see cref="BlockLength"/> tokens with the longest row, all at once and layer by layer, and each time there are as many as
/// there are rows then: the rows that have left give their memory back. So it never holds more than a block a row beyond the longest row.
/// </remarks>
public sealed class KvCache : IKvCache
{
    /// <summary>Tokens by which places grow.</summary>
    public const int BlockLength = 64;

    private readonly Tensor[] keys, values;  // per layer [places * Hkv * PlaceLength, D]
    private readonly Tensor[] prefixKeys, prefixValues; // per layer [Hkv, P, D]; empty without a shared prefix
    private readonly int[] lengths;
    private readonly int heads, size;
    private readonly Device device;
    private readonly ScalarType type;

    /// <summary>Makes an empty cache.</summary>
    /// <param name="config">The model.</param>
    /// <param name="capacity">Most rows at once.</param>
    /// <param name="maxLength">Most tokens of a row, without a shared prefix.</param>
    /// <param name="device">Where.</param>
    /// <param name="type">Element type: the model's compute type.</param>
    public KvCache(ModelConfig config, int capacity, int maxLength, Device device, ScalarType type = ScalarType.Float32)
    {
        Capacity = capacity;
        MaxLength = maxLength;
        heads = config.KeyValueHeads;
        size = config.HeadDim;
        lengths = new int[capacity];
        this.device = device;
        this.type = type;
        keys = [.. Enumerable.Range(0, config.Layers).Select(_ => empty(0, size, dtype: type, device: device).DetachFromDisposeScope())];
        values = [.. Enumerable.Range(0, config.Layers).Select(_ => empty(0, size, dtype: type, device: device).DetachFromDisposeScope())];
        prefixKeys = new Tensor[config.Layers];
        prefixValues = new Tensor[config.Layers];
    }

    /// <summary>Most rows at once.</summary>
    public int Capacity { get; }

    /// <summary>Most tokens of a row.</summary>
    public int MaxLength { get; }

    /// <summary>Rows in use: 0..Rows-1.</summary>
    public int Rows { get; private set; }

    /// <summary>Rows that there is memory for.</summary>
    public int Places { get; private set; }

    /// <summary>Tokens of a row that there is memory for.</summary>
    public int PlaceLength { get; private set; }

    /// <summary>Tokens of the prompt that all rows share; 0 without one.</summary>
    public int PrefixLength { get; private set; }

    /// <summary>Tokens of a row, without a shared prefix.</summary>
    public int LengthOf(int row) => lengths[row];

    /// <inheritdoc/>
    public void SetSharedPrefix(IReadOnlyList<(Tensor Key, Tensor Value)> captured)
    {
        if (Rows > 0) throw new InvalidOperationException("The shared prefix must be set before the first row.");
        using DisposeScope scope = NewDisposeScope();
        PrefixLength = (int)captured[0].Key.size(0);
        for (int layer = 0; layer < keys.Length; layer++)
        {
            prefixKeys[layer] = captured[layer].Key.transpose(0, 1).contiguous().DetachFromDisposeScope();
            prefixValues[layer] = captured[layer].Value.transpose(0, 1).contiguous().DetachFromDisposeScope();
        }
    }

    /// <summary>Bytes of a token's keys and values in all layers.</summary>
    /// <param name="config">The model.</param>
    /// <param name="elementBytes">Of the compute type.</param>
    public static long BytesPerToken(ModelConfig config, int elementBytes) => 2L * config.Layers * config.KeyValueHeads * config.HeadDim * elementBytes;

    /// <inheritdoc/>
    public void Reserve(int count, int length)
    {
        if (count > Capacity) throw new InvalidOperationException($"{count} rows in a key/value cache for {Capacity}.");
        if (length > MaxLength) throw new InvalidOperationException("A row of the key/value cache is full.");
        if (count <= Places && length <= PlaceLength) return;
        int longer = length <= PlaceLength ? PlaceLength : int.Min(MaxLength, (length + BlockLength - 1) / BlockLength * BlockLength);
        using IDisposable noGrad = no_grad();
        int used = int.Min(Rows, Places), kept = PlaceLength;
        for (int layer = 0; layer < keys.Length; layer++)
        {
            keys[layer] = Grown(keys[layer]);
            values[layer] = Grown(values[layer]);
        }
        (Places, PlaceLength) = (count, longer);

        Tensor Grown(Tensor old)
        {
            using DisposeScope scope = NewDisposeScope();
            // Zeros, not empty: a masked place has weight 0, and 0 times a NaN left in memory would be NaN.
            Tensor grown = zeros((long)count * heads * longer, size, dtype: type, device: device);
            if (used > 0 && kept > 0)
                grown.narrow(0, 0, (long)used * heads * longer).view((long)used * heads, longer, size).narrow(1, 0, kept).copy_(old.narrow(0, 0, (long)used * heads * kept).view((long)used * heads, kept, size));
            old.Dispose();
            return grown.DetachFromDisposeScope();
        }
    }

    /// <inheritdoc/>
    public void Add(IReadOnlyList<(Tensor Key, Tensor Value)>? prompt)
    {
        int length = prompt is null ? 0 : (int)prompt[0].Key.size(0);
        Reserve(Rows + 1, length);
        int row = Rows++;
        lengths[row] = 0;
        if (prompt is null) return;
        using DisposeScope scope = NewDisposeScope();
        for (int layer = 0; layer < keys.Length; layer++)
        {
            Place(keys[layer], row).narrow(1, 0, length).copy_(prompt[layer].Key.transpose(0, 1));
            Place(values[layer], row).narrow(1, 0, length).copy_(prompt[layer].Value.transpose(0, 1));
        }
        lengths[row] = length;
    }

    /// <inheritdoc/>
    public void Fork(IReadOnlyList<int> parents)
    {
        // More at a time than asked for: rows that were equal part one after another.
        Reserve(Rows + parents.Count <= Places ? Rows + parents.Count : int.Min(Capacity, int.Max(Rows + parents.Count, 2 * Places)), 0);
        using DisposeScope scope = NewDisposeScope();
        foreach (int row in parents)
        {
            int length = lengths[Rows] = lengths[row];
            foreach (Tensor cache in keys.Concat(values)) Place(cache, Rows).narrow(1, 0, length).copy_(Place(cache, row).narrow(1, 0, length));
            Rows++;
        }
    }

    /// <inheritdoc/>
    public int Remove(int row)
    {
        int last = --Rows;
        if (row == last) return -1;
        using DisposeScope scope = NewDisposeScope();
        int length = lengths[row] = lengths[last];
        for (int layer = 0; layer < keys.Length; layer++)
        {
            Place(keys[layer], row).narrow(1, 0, length).copy_(Place(keys[layer], last).narrow(1, 0, length));
            Place(values[layer], row).narrow(1, 0, length).copy_(Place(values[layer], last).narrow(1, 0, length));
        }
        return last;
    }

    /// <summary>Prepares a decoding step in which every row in use gets one token; afterwards each is one longer.</summary>
    /// <returns>The step's attention, which belongs to the current dispose scope.</returns>
    public CachedAttention NextStep(Device device)
    {
        int[] before = lengths[..Rows];
        int shortest = before.DefaultIfEmpty(0).Min() + 1, longest = before.DefaultIfEmpty(0).Max() + 1;
        Reserve(Rows, longest);
        long[] places = new long[Rows * heads];
        for (int row = 0; row < Rows; row++)
        {
            for (int head = 0; head < heads; head++)
                places[(row * heads) + head] = ((((long)row * heads) + head) * PlaceLength) + lengths[row];
            lengths[row]++;
        }
        Tensor? hidden = null; // [R, 1, longest]: true where a row has no token yet
        if (shortest != longest)
        {
            Tensor used = tensor(lengths.Take(Rows).Select(l => (long)l).ToArray(), device: device).view(-1, 1, 1, 1);
            hidden = Numbers.Range(longest, device: device).view(1, 1, 1, longest).ge(used).expand(Rows, heads, 1, longest).reshape((long)Rows * heads, 1, longest);
        }
        return new CachedAttention(this, tensor(places, device: device), longest, hidden);
    }

    /// <inheritdoc/>
    public void Drop(int row, int count) => lengths[row] -= count;

    /// <inheritdoc/>
    public Tensor Decode(Transformer model, long[] tokens, IReadOnlyList<int> counts)
    {
        if (tokens.Length != Rows) throw new NotSupportedException("One token a row: there is no other kernel for it.");
        long[] positions = [.. Enumerable.Range(0, Rows).Select(row => (long)NextPosition(row))];
        return model.Hidden(tensor(tokens, device: device), tensor(positions, device: device), positions.Max(), NextStep(device));
    }

    /// <summary>Position in its sequence of the next token of a row.</summary>
    public int NextPosition(int row) => PrefixLength + lengths[row];

    internal (Tensor Key, Tensor Value) Layer(int layer) => (keys[layer], values[layer]);

    internal (Tensor Key, Tensor Value) Prefix(int layer) => (prefixKeys[layer], prefixValues[layer]);

    private Tensor Place(Tensor cache, int row) => cache.narrow(0, (long)row * heads * PlaceLength, (long)heads * PlaceLength).view(heads, PlaceLength, size);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor tensor in keys.Concat(values).Concat(prefixKeys).Concat(prefixValues)) tensor?.Dispose();
    }
}

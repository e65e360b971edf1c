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
    private readonly List<int> places = [], lengths = []; // by row
    private readonly Stack<int> free = [];
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
    public void Reserve(int rows, int length)
    {
        if (rows > capacity) throw new InvalidOperationException($"{rows} rows in a key/value cache for {capacity}.");
        if (length > maxLength) throw new InvalidOperationException("A row of the key/value cache is full.");
        if (rows <= placeCount && length <= placeLength) return;
        int longer = length <= placeLength ? placeLength : int.Min(maxLength, (length + BlockLength - 1) / BlockLength * BlockLength);
        using IDisposable noGrad = no_grad();
        int used = places.Count, kept = placeLength;
        using Tensor from = tensor(places.Select(p => (long)p).ToArray(), device: device);
        for (int layer = 0; layer < keys.Length; layer++)
        {
            keys[layer] = Grown(keys[layer]);
            values[layer] = Grown(values[layer]);
        }
        (placeCount, placeLength) = (rows, longer);
        for (int row = 0; row < used; row++) places[row] = row;
        free.Clear();
        for (int place = rows - 1; place >= used; place--) free.Push(place);

        Tensor Grown(Tensor old)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor grown = Empty((long)rows * longer);
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
        Reserve(places.Count + 1, length);
        int place = free.Pop();
        using DisposeScope scope = NewDisposeScope();
        for (int layer = 0; layer < keys.Length; layer++)
        {
            ByPlace(keys[layer], placeLength)[place].narrow(0, 0, length).copy_(prompt[layer].Key);
            ByPlace(values[layer], placeLength)[place].narrow(0, 0, length).copy_(prompt[layer].Value);
        }
        places.Add(place);
        lengths.Add(length);
    }

    /// <inheritdoc/>
    public void Fork(IReadOnlyList<int> rows)
    {
        // More at a time than asked for: rows that were equal part one after another.
        int all = places.Count + rows.Count;
        Reserve(all <= placeCount ? all : int.Min(capacity, int.Max(all, 2 * placeCount)), 0);
        int[] taken = [.. rows.Select(_ => free.Pop())], parents = [.. rows.Select(row => lengths[row])];
        using DisposeScope scope = NewDisposeScope();
        Tensor from = tensor(rows.Select(row => (long)places[row]).ToArray(), device: device), into = tensor(taken.Select(p => (long)p).ToArray(), device: device);
        int length = parents.Max();
        foreach (Tensor cache in keys.Concat(values))
        {
            Tensor tokens = ByPlace(cache, placeLength).narrow(1, 0, length);
            tokens.index_copy_(0, into, tokens.index_select(0, from));
        }
        places.AddRange(taken);
        lengths.AddRange(parents);
    }

    /// <inheritdoc/>
    public int Remove(int row)
    {
        int last = places.Count - 1;
        free.Push(places[row]);
        (places[row], lengths[row]) = (places[^1], lengths[^1]);
        places.RemoveAt(last);
        lengths.RemoveAt(last);
        return row == last ? -1 : last;
    }

    /// <inheritdoc/>
    public void Drop(int row, int count) => lengths[row] -= count;

    /// <inheritdoc/>
    public Tensor Decode(Transformer model, long[] tokens, IReadOnlyList<int> counts)
    {
        if (tokens.Length != places.Count) throw new NotSupportedException("One token a row: there is no other kernel for it.");
        int rows = places.Count, longest = lengths.Max() + 1;
        Reserve(rows, longest);
        long[] at = [.. lengths.Select(l => (long)l)];
        for (int row = 0; row < rows; row++) lengths[row]++;
        CachePlaces step = new(keys, values,
            New: tensor(at.Select((position, row) => ((long)places[row] * placeLength) + position).ToArray(), device: device),
            QueryStarts: arange(rows + 1, dtype: ScalarType.Int32, device: device),
            Starts: tensor(places.Select(p => p * placeLength).Append(0).ToArray(), device: device),
            Used: tensor(lengths.ToArray(), device: device), longest);
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

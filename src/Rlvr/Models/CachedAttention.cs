using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>
/// Attention of one decoding step: each row's new tokens see the shared prefix, if there is one, and its row's tokens in the cache up to
/// themselves. Query heads of one key head are folded together, so no key or value is expanded or repeated.
/// </summary>
public sealed class CachedAttention : IAttention
{
    private readonly KvCache cache;
    private readonly Tensor places;   // [N * Hkv] int64: where the new keys and values go
    private readonly int length;      // tokens of the longest row
    private readonly Tensor? hidden;  // [R * Hkv, T, 1, length]
    private readonly TokenGrid? grid; // null where each row has one token

    internal CachedAttention(KvCache cache, Tensor places, int length, Tensor? hidden, TokenGrid? grid)
    {
        this.cache = cache;
        this.places = places;
        this.length = length;
        this.hidden = hidden;
        this.grid = grid;
    }

    /// <inheritdoc/>
    public Tensor Attend(int layer, Tensor query, Tensor key, Tensor value)
    {
        long heads = key.size(1), group = query.size(1) / heads, size = query.size(2);
        (Tensor keys, Tensor values) = cache.Layer(layer);
        keys.index_copy_(0, places, key.reshape(-1, size));
        values.index_copy_(0, places, value.reshape(-1, size));
        Tensor scaled = query.mul(1 / double.Sqrt(size));
        if (grid is null) return Attend(layer, scaled, heads, 1, group).view(query.size(0), heads * group * size);
        // The tokens of a row are further queries of each key head: [R, T, Hkv, G, D] is folded to [R * Hkv, T * G, D].
        Tensor folded = grid.Spread(scaled).view(-1, grid.Width, heads, group, size).transpose(1, 2);
        Tensor result = Attend(layer, folded, heads, grid.Width, group).view(-1, heads, grid.Width, group, size).transpose(1, 2);
        return grid.Gather(result.reshape(-1, heads * group * size));
    }

    /// <param name="layer">The layer's number.</param>
    /// <param name="query">[R, Hkv, T * G, D] in any shape, scaled.</param>
    /// <param name="heads">Hkv.</param>
    /// <param name="tokens">T, tokens of a row.</param>
    /// <param name="group">G, query heads of a key head.</param>
    /// <returns>[R * Hkv, T * G, D].</returns>
    private Tensor Attend(int layer, Tensor query, long heads, long tokens, long group)
    {
        long size = query.size(-1), queries = tokens * group, rows = query.numel() / (heads * queries * size), prefix = cache.PrefixLength;
        (Tensor keys, Tensor values) = cache.Layer(layer);
        Tensor ownKeys = keys.narrow(0, 0, rows * heads * cache.PlaceLength).view(rows * heads, cache.PlaceLength, size).narrow(1, 0, length);
        Tensor ownValues = values.narrow(0, 0, rows * heads * cache.PlaceLength).view(rows * heads, cache.PlaceLength, size).narrow(1, 0, length);

        Tensor folded = query.reshape(rows * heads, queries, size);
        Tensor scores = bmm(folded, ownKeys.transpose(1, 2)); // [R * Hkv, T * G, S]
        if (hidden is not null) scores.view(rows * heads, tokens, group, length).masked_fill_(hidden, float.NegativeInfinity);
        if (prefix == 0) return bmm(Softmax(scores), ownValues);

        // The prefix is one matrix for all rows: [Hkv, R * T * G, D] x [Hkv, D, P].
        (Tensor prefixKeys, Tensor prefixValues) = cache.Prefix(layer);
        Tensor byHead = folded.view(rows, heads, queries, size).transpose(0, 1).reshape(heads, rows * queries, size);
        Tensor prefixScores = bmm(byHead, prefixKeys.transpose(1, 2)).view(heads, rows, queries, prefix).transpose(0, 1).reshape(rows * heads, queries, prefix);
        Tensor weights = Softmax(cat([prefixScores, scores], -1));
        Tensor prefixWeights = weights.narrow(2, 0, prefix).view(rows, heads, queries, prefix).transpose(0, 1).reshape(heads, rows * queries, prefix);
        Tensor ofPrefix = bmm(prefixWeights, prefixValues).view(heads, rows, queries, size).transpose(0, 1).reshape(rows * heads, queries, size);
        return bmm(weights.narrow(2, prefix, length), ownValues).add_(ofPrefix);
    }

    /// <summary>In float32, whatever the scores' element type.</summary>
    private static Tensor Softmax(Tensor scores) =>
        scores.dtype == ScalarType.Float32 ? scores.softmax(-1) : scores.softmax(-1, ScalarType.Float32).to(scores.dtype);
}

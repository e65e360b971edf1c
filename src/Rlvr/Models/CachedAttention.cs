using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>
/// Attention of one decoding step: each row's new token sees the shared prefix, if there is one, and its row's tokens in the cache, itself
/// included. Query heads of one key head are folded together, so no key or value is expanded or repeated.
/// </summary>
public sealed class CachedAttention : IAttention
{
    private readonly KvCache cache;
    private readonly Tensor places;   // [R * Hkv] int64: where the new keys and values go
    private readonly int length;      // tokens of the longest row
    private readonly Tensor? hidden;  // [R * Hkv, 1, length]

    internal CachedAttention(KvCache cache, Tensor places, int length, Tensor? hidden)
    {
        this.cache = cache;
        this.places = places;
        this.length = length;
        this.hidden = hidden;
    }

    /// <inheritdoc/>
    public Tensor Attend(int layer, Tensor query, Tensor key, Tensor value)
    {
        long rows = query.size(0), heads = key.size(1), group = query.size(1) / heads, size = query.size(2);
        (Tensor keys, Tensor values) = cache.Layer(layer);
        keys.index_copy_(0, places, key.reshape(-1, size));
        values.index_copy_(0, places, value.reshape(-1, size));
        Tensor ownKeys = keys.narrow(0, 0, rows * heads * cache.PlaceLength).view(rows * heads, cache.PlaceLength, size).narrow(1, 0, length);
        Tensor ownValues = values.narrow(0, 0, rows * heads * cache.PlaceLength).view(rows * heads, cache.PlaceLength, size).narrow(1, 0, length);

        using Scalar scale = (1 / double.Sqrt(size)).ToScalar();
        Tensor folded = query.mul(scale).view(rows * heads, group, size);
        Tensor scores = bmm(folded, ownKeys.transpose(1, 2)); // [R * Hkv, G, S]
        if (hidden is not null) scores.masked_fill_(hidden, Numbers.MinusInfinity);
        if (cache.PrefixLength == 0)
            return bmm(Softmax(scores), ownValues).view(rows, heads * group * size);

        // The prefix is one matrix for all rows: [Hkv, R * G, D] x [Hkv, D, P].
        (Tensor prefixKeys, Tensor prefixValues) = cache.Prefix(layer);
        long prefix = cache.PrefixLength;
        Tensor byHead = folded.view(rows, heads, group, size).transpose(0, 1).reshape(heads, rows * group, size);
        Tensor prefixScores = bmm(byHead, prefixKeys.transpose(1, 2)).view(heads, rows, group, prefix).transpose(0, 1).reshape(rows * heads, group, prefix);
        Tensor weights = Softmax(cat([prefixScores, scores], -1));
        Tensor prefixWeights = weights.narrow(2, 0, prefix).view(rows, heads, group, prefix).transpose(0, 1).reshape(heads, rows * group, prefix);
        Tensor ofPrefix = bmm(prefixWeights, prefixValues).view(heads, rows, group, size).transpose(0, 1).reshape(rows * heads, group, size);
        return bmm(weights.narrow(2, prefix, length), ownValues).add_(ofPrefix, Numbers.One).view(rows, heads * group * size);
    }

    /// <summary>In float32, whatever the scores' element type.</summary>
    private static Tensor Softmax(Tensor scores) =>
        scores.dtype == ScalarType.Float32 ? scores.softmax(-1) : scores.softmax(-1, ScalarType.Float32).to(scores.dtype);
}

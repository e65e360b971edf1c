using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>
/// The layers of one decoding step on the CPU: four matrix products a layer, and between them one kernel for everything else. The same operations as the layers of
/// <see cref="Transformer"/>, to rounding.
/// </summary>
/// <typeparam name="T">The compute type.</typeparam>
internal sealed unsafe class CpuDecoding<T> where T : IVectorElement
{
    // Tokens at a time whose attention to a shared prefix is one product: fewer gain nothing; of more the scores would leave the second level cache.
    private const int FewestTogether = 6, MostScores = 1 << 15;

    private readonly ModelConfig config;
    private readonly JoinedLayers layers;
    private readonly CpuKvCache cache;
    private readonly DecodedToken[] tokens;
    private readonly int size, queries, keyHeads, group, width, padded;

    public CpuDecoding(ModelConfig config, JoinedLayers layers, CpuKvCache cache, DecodedToken[] tokens)
    {
        (this.config, this.layers, this.cache, this.tokens) = (config, layers, cache, tokens);
        (size, queries, keyHeads, padded) = (config.HeadDim, config.Heads, config.KeyValueHeads, cache.Padded);
        group = queries / keyHeads;
        width = (queries + (2 * keyHeads)) * size;
    }

    /// <summary>Runs the layers.</summary>
    /// <param name="x">[N, hidden] float32: the tokens' embeddings, overwritten.</param>
    /// <param name="rotation">[N, 1, D] float32 each.</param>
    /// <param name="finalNorm">[hidden] float32.</param>
    /// <param name="tape">Where what the way back needs is written, rows taken for it; null for nowhere.</param>
    /// <returns>[N, hidden] in the compute type, after the final norm.</returns>
    public Tensor Run(Tensor x, (Tensor Cosine, Tensor Sine) rotation, Tensor finalNorm, ActivationTape? tape = null)
    {
        int count = tokens.Length;
        Tensor h = empty(count, config.HiddenSize, dtype: LayerOps<T>.Type), attended = empty(count, queries * size, dtype: LayerOps<T>.Type), gated = empty(count, config.IntermediateSize, dtype: LayerOps<T>.Type);
        using Tensor rotated = empty(count, queries * size);
        using Tensor? inverse = tape is null ? null : empty(count);
        Tensor? delta = null;
        for (int layer = 0; layer < config.Layers; layer++)
        {
            using DisposeScope scope = NewDisposeScope();
            LayerParts parts = layers.Parts[layer];
            LayerOps<T>.AddNorm(x, delta, parts.InputNorm, x, inverse, h, config.RmsNormEps);
            tape?.WriteInput(layer, x, inverse!);
            delta?.Dispose();
            Tensor qkv = layers.QueryKeyValue(layer, h);
            if (parts.QNorm is not null) tape?.WriteRaw(layer, qkv);
            Attend(layer, qkv, rotation, rotated, attended);
            LayerOps<T>.AddNorm(x, parts.O.Forward(attended), parts.PostNorm, x, inverse, h, config.RmsNormEps);
            Tensor gateUp = layers.GateUp(layer, h);
            LayerOps<T>.Gate(gateUp, gated);
            delta = parts.Down.Forward(gated).MoveToOuterDisposeScope();
            if (tape is null) continue;
            LayerOps<T>.Rotate(qkv, rotation.Cosine, rotation.Sine, queries + keyHeads, back: false); // attention took rotated copies
            tape.WriteAttention(layer, qkv, attended);
            tape.WriteMiddle(layer, x, inverse!, gateUp);
        }
        LayerOps<T>.AddNorm(x, delta, finalNorm, x, inverse, h, config.RmsNormEps);
        tape?.WriteLast(x, inverse!);
        return h;
    }

    private void Attend(int layer, Tensor qkv, (Tensor Cosine, Tensor Sine) rotation, Tensor rotated, Tensor attended)
    {
        LayerParts parts = layers.Parts[layer];
        (Tensor keys, Tensor values, Tensor? prefixKeys, Tensor? prefixValues) = cache.Layer(layer);
        Memory memory = new(TensorMemory.Start(qkv), TensorMemory.Start(rotation.Cosine), TensorMemory.Start(rotation.Sine), TensorMemory.Start(rotated), TensorMemory.Start(attended), TensorMemory.Start(keys), TensorMemory.Start(values), prefixKeys is null ? 0 : TensorMemory.Start(prefixKeys), prefixValues is null ? 0 : TensorMemory.Start(prefixValues),
            parts.QNorm is null ? 0 : TensorMemory.Start(parts.QNorm), parts.KNorm is null ? 0 : TensorMemory.Start(parts.KNorm));
        // All keys and values first: a row may have several tokens, of which the later ones see the earlier.
        ByToken(width * 4, (first, count) =>
        {
            float* head = stackalloc float[size];
            for (int i = first; i < first + count; i++) Enter(memory, i, head);
        });
        int longest = cache.PrefixLength + cache.PlaceLength;
        long work = (long)longest * queries * size / 4;
        if (tokens.Length >= FewestTogether && prefixKeys is not null)
        {
            using Tensor sharedKeys = prefixKeys.to(ScalarType.Float32), sharedValues = prefixValues!.to(ScalarType.Float32);
            memory = memory with { PrefixKeys = TensorMemory.Start(sharedKeys), PrefixValues = TensorMemory.Start(sharedValues) };
            ByToken(work, (first, count) => AttendTogether(memory, first, count));
            return;
        }
        ByToken(work, (first, count) =>
        {
            using Tensor scratch = empty(group * (longest + 16 + padded));
            float* scores = (float*)TensorMemory.Start(scratch), sums = scores + (group * (longest + 16));
            for (int i = first; i < first + count; i++) Attend(memory, i, scores, sums);
        });
    }

    /// <summary>
    /// The same numbers for tokens that share a prefix: its keys and values are read once for many tokens, as a product of matrices in float32, and each token's own with that token.
    /// </summary>
    private void AttendTogether(Memory memory, int first, int count)
    {
        int prefix = cache.PrefixLength, prefixStride = (prefix + 7) / 8 * 8, longest = RowAttention<T>.Length(prefix, cache.PlaceLength);
        int block = int.Min(count, int.Max(FewestTogether, MostScores / (group * longest)));
        using Tensor scratch = empty((long)block * group * (longest + padded + 1));
        float* scores = (float*)TensorMemory.Start(scratch), sums = scores + ((long)block * group * longest), sizes = sums + ((long)block * group * padded);
        for (int at = first; at < first + count; at += block)
        {
            int some = int.Min(block, first + count - at), length = RowAttention<T>.Length(prefix, tokens.Skip(at).Take(some).Max(t => t.Index) + 1), row = group * length;
            for (int i = 0; i < keyHeads; i++)
            {
                float* queriesAt = (float*)memory.Rotated + ((((long)at * queries) + ((long)i * group)) * size), keys = (float*)memory.PrefixKeys + ((long)i * size * prefixStride), values = (float*)memory.PrefixValues + ((long)i * prefixStride * padded);
                for (int g = 0; g < group; g++)
                    SmallProduct.Multiply(SmallProduct.Left.ByRows(queriesAt + ((long)g * size), (long)queries * size), keys, prefixStride, scores + ((long)g * length), row, some, prefixStride, size, adds: false);
                for (int t = 0; t < some; t++) RowAttention<T>.Weigh(queriesAt + ((long)t * queries * size), group, size, prefix, Own(memory, at + t, i), scores + ((long)t * row), length, sizes + (t * group));
                for (int g = 0; g < group; g++)
                    SmallProduct.Multiply(SmallProduct.Left.ByRows(scores + ((long)g * length), row), values, padded, sums + ((long)g * padded), (long)group * padded, some, padded, prefix, adds: false);
                for (int t = 0; t < some; t++)
                {
                    byte* result = (byte*)memory.Attended + (((((long)(at + t) * queries) + ((long)i * group)) * size) * T.Size);
                    RowAttention<T>.Finish(scores + ((long)t * row), group, size, padded, prefix, Own(memory, at + t, i), length, sizes + (t * group), sums + ((long)t * group * padded), result);
                }
            }
        }
    }

    /// <summary>The keys and values of a token's row, up to itself.</summary>
    private RowAttention<T>.Piece Own(Memory memory, int token, int keyHead)
    {
        int length = cache.PlaceLength;
        long at = ((long)tokens[token].Place * keyHeads) + keyHead;
        return new((nint)((byte*)memory.Keys + (at * size * length * T.Size)), (nint)((byte*)memory.Values + (at * length * padded * T.Size)), tokens[token].Index + 1, length);
    }

    /// <summary>A token's queries rotated and scaled, its keys and values into the cache.</summary>
    private void Enter(Memory memory, int token, float* head)
    {
        byte* from = (byte*)memory.QueryKeyValue + ((long)token * width * T.Size);
        float* cosine = (float*)memory.Cosine + ((long)token * size), sine = (float*)memory.Sine + ((long)token * size);
        if (memory.QueryNorm != 0)
        {
            LayerKernels<T>.NormHeads(from, (float*)memory.QueryNorm, queries, size, config.RmsNormEps);
            LayerKernels<T>.NormHeads(from + ((long)queries * size * T.Size), (float*)memory.KeyNorm, keyHeads, size, config.RmsNormEps);
        }
        float* rotated = (float*)memory.Rotated + ((long)token * queries * size);
        float scale = (float)(1 / double.Sqrt(size));
        for (int i = 0; i < queries; i++) LayerKernels<T>.RotateTo(from + ((long)i * size * T.Size), cosine, sine, rotated + ((long)i * size), size, scale);
        int length = cache.PlaceLength;
        (int place, int index) = (tokens[token].Place, tokens[token].Index);
        for (int i = 0; i < keyHeads; i++)
        {
            LayerKernels<T>.RotateTo(from + ((long)(queries + i) * size * T.Size), cosine, sine, head, size, 1);
            long at = ((long)place * keyHeads) + i;
            byte* key = (byte*)memory.Keys + (((at * size * length) + index) * T.Size);
            for (int d = 0; d < size; d++) T.Set(key, (long)d * length, head[d]);
            byte* value = (byte*)memory.Values + (((at * length) + index) * padded * T.Size);
            Buffer.MemoryCopy(from + ((long)(queries + keyHeads + i) * size * T.Size), value, (long)size * T.Size, (long)size * T.Size);
        }
    }

    private void Attend(Memory memory, int token, float* scores, float* sums)
    {
        int prefix = cache.PrefixLength, prefixStride = (prefix + 7) / 8 * 8;
        for (int i = 0; i < keyHeads; i++)
        {
            RowAttention<T>.Piece shared = prefix == 0 ? default
                : new((nint)((byte*)memory.PrefixKeys + ((long)i * size * prefixStride * T.Size)), (nint)((byte*)memory.PrefixValues + ((long)i * prefixStride * padded * T.Size)), prefix, prefixStride);
            long head = (((long)token * queries) + ((long)i * group)) * size;
            RowAttention<T>.Attend((float*)memory.Rotated + head, group, size, padded, shared, Own(memory, token, i), scores, sums, (byte*)memory.Attended + (head * T.Size));
        }
    }

    private void ByToken(long work, Action<int, int> body) => RowParallel.Run(tokens.Length, RowParallel.Threads(work * tokens.Length), (_, first, count) => body(first, count));

    private readonly record struct Memory(
        nint QueryKeyValue, nint Cosine, nint Sine, nint Rotated, nint Attended, nint Keys, nint Values, nint PrefixKeys, nint PrefixValues, nint QueryNorm, nint KeyNorm);
}

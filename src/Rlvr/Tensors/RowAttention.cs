using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rlvr.Tensors;

/// <summary>
/// Attention of one token: the query heads of one key head against keys and values in memory, in up to two pieces (a prefix that rows share, and the row's own).
/// Keys lie transposed, so that eight scores are summed at once without adding across a vector.
/// </summary>
/// <typeparam name="T">What keys and values are kept as; arithmetic is in float32.</typeparam>
internal static unsafe class RowAttention<T> where T : IVectorElement
{
    /// <summary>A piece of the keys and values of one key head.</summary>
    /// <param name="Keys">[D, stride]: dimension by dimension.</param>
    /// <param name="Values">[tokens, padded D].</param>
    /// <param name="Count">Tokens that are seen.</param>
    /// <param name="Stride">Between dimensions of the keys, a multiple of 8; what lies between Count and the next multiple of 8 is read and not used.</param>
    public readonly record struct Piece(nint Keys, nint Values, int Count, long Stride);

    /// <summary>Attends.</summary>
    /// <param name="queries">[G, D] float32, rotated and scaled.</param>
    /// <param name="group">G.</param>
    /// <param name="size">D.</param>
    /// <param name="padded">D with padding, a multiple of 16: the stride of the values.</param>
    /// <param name="prefix">What rows share; Count 0 for none.</param>
    /// <param name="own">The row's.</param>
    /// <param name="scores">Memory for G * <see cref="Length"/> numbers.</param>
    /// <param name="sums">Memory for G * padded numbers.</param>
    /// <param name="result">[G, D]: written.</param>
    public static void Attend(float* queries, int group, int size, int padded, Piece prefix, Piece own, float* scores, float* sums, byte* result)
    {
        int length = Length(prefix.Count, own.Count);
        ByGroup(group, new Scores(queries, scores, length, size, prefix), default(ScoreStep));
        float* sizes = stackalloc float[group];
        Weigh(queries, group, size, prefix.Count, own, scores, length, sizes);
        new Span<float>(sums, group * padded).Clear();
        Sum(scores, group, padded, length, 0, prefix, sums);
        Finish(scores, group, size, padded, prefix.Count, own, length, sizes, sums, result);
    }

    /// <summary>The length of a query's scores: the two counts, each rounded up to 8.</summary>
    public static int Length(int prefix, int own) => ((prefix + 7) & ~7) + ((own + 7) & ~7);

    /// <summary>The second step of <see cref="Attend"/>, after the scores of the prefix: those of the row, and the exponentials of all.</summary>
    /// <param name="queries">[G, D].</param>
    /// <param name="group">G.</param>
    /// <param name="size">D.</param>
    /// <param name="prefix">Tokens of the prefix.</param>
    /// <param name="own">The row's.</param>
    /// <param name="scores">[G, length].</param>
    /// <param name="length">At least <see cref="Length"/>.</param>
    /// <param name="sizes">[G]: the sum of each query's exponentials, written.</param>
    public static void Weigh(float* queries, int group, int size, int prefix, Piece own, float* scores, int length, float* sizes)
    {
        int first = (prefix + 7) & ~7, end = Length(prefix, own.Count);
        ByGroup(group, new Scores(queries, scores + first, length, size, own), default(ScoreStep));
        for (int g = 0; g < group; g++)
        {
            float* row = scores + ((long)g * length);
            for (int i = prefix; i < first; i++) row[i] = float.NegativeInfinity;
            for (int i = first + own.Count; i < end; i++) row[i] = float.NegativeInfinity;
            sizes[g] = RowSoftmax.Exponentiate(row, end).Sum;
        }
    }

    /// <summary>The last step of <see cref="Attend"/>, after the sums of the prefix's values: those of the row are added, and all divided.</summary>
    public static void Finish(float* scores, int group, int size, int padded, int prefix, Piece own, int length, float* sizes, float* sums, byte* result)
    {
        Sum(scores, group, padded, length, (prefix + 7) & ~7, own, sums);
        for (int g = 0; g < group; g++)
        {
            float* row = sums + ((long)g * padded);
            float inverse = 1 / sizes[g];
            long to = (long)g * size;
            int i = 0;
            for (Vector256<float> factor = Vector256.Create(inverse); i + 8 <= size; i += 8) T.Store(result, to + i, Vector256.Load(row + i) * factor);
            for (; i < size; i++) T.Set(result, to + i, row[i] * inverse);
        }
    }

    private static void Sum(float* scores, int group, int padded, int length, int first, Piece piece, float* sums)
    {
        for (int at = 0; at < padded; at += 16) ByGroup(group, new Sums(scores + first, sums + at, length, padded, piece, at), default(SumStep));
    }

    private readonly record struct Scores(nint Queries, nint Result, long Length, int Size, Piece Piece)
    {
        public Scores(float* queries, float* result, long length, int size, Piece piece) : this((nint)queries, (nint)result, length, size, piece) { }
    }

    private readonly record struct Sums(nint Weights, nint Result, long Length, int Padded, Piece Piece, int At)
    {
        public Sums(float* weights, float* result, long length, int padded, Piece piece, int at) : this((nint)weights, (nint)result, length, padded, piece, at) { }
    }

    /// <summary>Goes over the heads of a group four, three, two or one at a time, as many as registers hold sums for.</summary>
    private static void ByGroup<TWork, TStep>(int group, TWork work, TStep step) where TStep : struct, IStep<TWork>
    {
        for (int g = 0; g < group;)
        {
            int left = group - g;
            switch (left)
            {
                case 1: step.Run<One>(work, g); g += 1; break;
                case 2: step.Run<Two>(work, g); g += 2; break;
                case 3 or 5 or 6: step.Run<Three>(work, g); g += 3; break;
                default: step.Run<Four>(work, g); g += 4; break;
            }
        }
    }

    private interface IStep<TWork>
    {
        void Run<TCount>(TWork work, int head) where TCount : struct, ICount;
    }

    private interface ICount
    {
        static abstract int Value { get; }
    }

    private readonly struct One : ICount { public static int Value => 1; }

    private readonly struct Two : ICount { public static int Value => 2; }

    private readonly struct Three : ICount { public static int Value => 3; }

    private readonly struct Four : ICount { public static int Value => 4; }

    /// <summary>Scores of some heads: sixteen tokens at a time, dimension by dimension.</summary>
    private readonly struct ScoreStep : IStep<Scores>
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<TCount>(Scores work, int head) where TCount : struct, ICount
        {
            float* q = (float*)work.Queries + ((long)head * work.Size), to = (float*)work.Result + (head * work.Length);
            int size = work.Size, count = (work.Piece.Count + 7) & ~7, token = 0;
            long stride = work.Piece.Stride;
            for (; token + 16 <= count; token += 16)
            {
                Vector256<float> a0 = default, a1 = default, b0 = default, b1 = default, c0 = default, c1 = default, d0 = default, d1 = default;
                byte* keys = (byte*)work.Piece.Keys + ((long)token * T.Size);
                for (int i = 0; i < size; i++, keys += stride * T.Size)
                {
                    Vector256<float> k0 = T.Load(keys, 0), k1 = T.Load(keys, 8), x = Vector256.Create(q[i]);
                    (a0, a1) = (Vector256.FusedMultiplyAdd(x, k0, a0), Vector256.FusedMultiplyAdd(x, k1, a1));
                    if (TCount.Value > 1)
                    {
                        x = Vector256.Create(q[size + i]);
                        (b0, b1) = (Vector256.FusedMultiplyAdd(x, k0, b0), Vector256.FusedMultiplyAdd(x, k1, b1));
                    }
                    if (TCount.Value > 2)
                    {
                        x = Vector256.Create(q[(2 * size) + i]);
                        (c0, c1) = (Vector256.FusedMultiplyAdd(x, k0, c0), Vector256.FusedMultiplyAdd(x, k1, c1));
                    }
                    if (TCount.Value > 3)
                    {
                        x = Vector256.Create(q[(3 * size) + i]);
                        (d0, d1) = (Vector256.FusedMultiplyAdd(x, k0, d0), Vector256.FusedMultiplyAdd(x, k1, d1));
                    }
                }
                Two(to + token, a0, a1);
                if (TCount.Value > 1) Two(to + work.Length + token, b0, b1);
                if (TCount.Value > 2) Two(to + (2 * work.Length) + token, c0, c1);
                if (TCount.Value > 3) Two(to + (3 * work.Length) + token, d0, d1);
            }
            for (; token < count; token += 8)
            {
                Vector256<float> a = default, b = default, c = default, d = default;
                byte* keys = (byte*)work.Piece.Keys + ((long)token * T.Size);
                for (int i = 0; i < size; i++, keys += stride * T.Size)
                {
                    Vector256<float> k = T.Load(keys, 0);
                    a = Vector256.FusedMultiplyAdd(Vector256.Create(q[i]), k, a);
                    if (TCount.Value > 1) b = Vector256.FusedMultiplyAdd(Vector256.Create(q[size + i]), k, b);
                    if (TCount.Value > 2) c = Vector256.FusedMultiplyAdd(Vector256.Create(q[(2 * size) + i]), k, c);
                    if (TCount.Value > 3) d = Vector256.FusedMultiplyAdd(Vector256.Create(q[(3 * size) + i]), k, d);
                }
                a.Store(to + token);
                if (TCount.Value > 1) b.Store(to + work.Length + token);
                if (TCount.Value > 2) c.Store(to + (2 * work.Length) + token);
                if (TCount.Value > 3) d.Store(to + (3 * work.Length) + token);
            }
        }

        private static void Two(float* to, Vector256<float> first, Vector256<float> second)
        {
            first.Store(to);
            second.Store(to + 8);
        }
    }

    /// <summary>Weighted sums of values: sixteen dimensions of some heads, token by token.</summary>
    private readonly struct SumStep : IStep<Sums>
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<TCount>(Sums work, int head) where TCount : struct, ICount
        {
            float* w = (float*)work.Weights + (head * work.Length), to = (float*)work.Result + ((long)head * work.Padded);
            long length = work.Length, padded = work.Padded;
            Vector256<float> a0 = Vector256.Load(to), a1 = Vector256.Load(to + 8), b0 = default, b1 = default, c0 = default, c1 = default, d0 = default, d1 = default;
            if (TCount.Value > 1) (b0, b1) = (Vector256.Load(to + padded), Vector256.Load(to + padded + 8));
            if (TCount.Value > 2) (c0, c1) = (Vector256.Load(to + (2 * padded)), Vector256.Load(to + (2 * padded) + 8));
            if (TCount.Value > 3) (d0, d1) = (Vector256.Load(to + (3 * padded)), Vector256.Load(to + (3 * padded) + 8));
            byte* values = (byte*)work.Piece.Values + ((long)work.At * T.Size);
            for (int token = 0; token < work.Piece.Count; token++, values += padded * T.Size)
            {
                Vector256<float> v0 = T.Load(values, 0), v1 = T.Load(values, 8), x = Vector256.Create(w[token]);
                (a0, a1) = (Vector256.FusedMultiplyAdd(x, v0, a0), Vector256.FusedMultiplyAdd(x, v1, a1));
                if (TCount.Value > 1)
                {
                    x = Vector256.Create(w[length + token]);
                    (b0, b1) = (Vector256.FusedMultiplyAdd(x, v0, b0), Vector256.FusedMultiplyAdd(x, v1, b1));
                }
                if (TCount.Value > 2)
                {
                    x = Vector256.Create(w[(2 * length) + token]);
                    (c0, c1) = (Vector256.FusedMultiplyAdd(x, v0, c0), Vector256.FusedMultiplyAdd(x, v1, c1));
                }
                if (TCount.Value > 3)
                {
                    x = Vector256.Create(w[(3 * length) + token]);
                    (d0, d1) = (Vector256.FusedMultiplyAdd(x, v0, d0), Vector256.FusedMultiplyAdd(x, v1, d1));
                }
            }
            Two(to, a0, a1);
            if (TCount.Value > 1) Two(to + padded, b0, b1);
            if (TCount.Value > 2) Two(to + (2 * padded), c0, c1);
            if (TCount.Value > 3) Two(to + (3 * padded), d0, d1);
        }

        private static void Two(float* to, Vector256<float> first, Vector256<float> second)
        {
            first.Store(to);
            second.Store(to + 8);
        }
    }
}

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Rlvr.Tensors;

/// <summary>Consecutive tokens of a flat list. Each sees all tokens of the segments before it and those of its own up to itself.</summary>
/// <param name="Start">The place of the first.</param>
/// <param name="Count">How many.</param>
/// <param name="Before">The segments that all its tokens see, in order: the prompt of a continuation.</param>
/// <param name="Seen">Whether it may stand before others. Those that may come first in the list.</param>
internal sealed record AttentionSegment(int Start, int Count, AttentionSegment[] Before, bool Seen)
{
    /// <summary>How many tokens stand before it.</summary>
    public int Behind { get; } = Before.Sum(s => s.Count);
}

/// <summary>
/// Attention on the CPU of tokens that see each other by segments, forward and backward, in float32 and by blocks of queries whose scores stay in the cache. Nothing is padded, no mask is
/// made, what nobody sees is not computed, and keys and values of a prompt are brought into order once for all its continuations. The backward pass computes the scores again and takes
/// them through the softmax by the sums that the forward pass has left (Dao et al., arXiv 2205.14135, algorithm 4).
/// </summary>
/// <typeparam name="T">What queries, keys and values are kept as.</typeparam>
internal sealed unsafe class SegmentAttention<T> where T : IVectorElement
{
    // Queries of a block, all heads of a group: enough rows for the products, few enough scores for the second level cache.
    private const int BlockRows = 48, MostScores = 1 << 15;

    private readonly AttentionSegment[] segments;
    private readonly int[]? places;
    private readonly int heads, keyHeads, group, size, padded, width, seenTokens, longest;
    private readonly long scoreStride;
    private readonly float scale;

    /// <summary>Prepares attention.</summary>
    /// <param name="segments">All tokens; those segments that others see come first, in the list and in their places.</param>
    /// <param name="heads">Query heads.</param>
    /// <param name="keyHeads">Key and value heads; query head h reads key head h / (heads / keyHeads).</param>
    /// <param name="size">D.</param>
    /// <param name="places">The row of each token in the matrices; null where it is the token's own number.</param>
    public SegmentAttention(AttentionSegment[] segments, int heads, int keyHeads, int size, int[]? places = null)
    {
        this.places = places;
        (this.segments, this.heads, this.keyHeads, this.size) = (segments, heads, keyHeads, size);
        (group, padded, width, scale) = (heads / keyHeads, (size + 7) & ~7, (heads + (2 * keyHeads)) * size, (float)(1 / double.Sqrt(size)));
        seenTokens = segments.Where(s => s.Seen).Sum(s => s.Count);
        longest = segments.Max(s => s.Behind + s.Count);
        scoreStride = (longest + 15) & ~15;
        if (scoreStride % 512 == 0) scoreStride += 16; // columns would share their places in the cache
    }

    /// <summary>Attends.</summary>
    /// <param name="qkv">[N, (heads + 2 keyHeads) D]: queries and keys rotated, then values.</param>
    /// <param name="attended">[N, heads D]: written.</param>
    /// <param name="logSums">[N, heads] float32: the logarithm of each query's sum of exponentials, written; 0 where no backward pass follows.</param>
    public void Forward(nint qkv, nint attended, nint logSums) => Run(new Memory(qkv, attended, logSums, 0, 0, 0), Forward);

    /// <summary>The way back.</summary>
    /// <param name="qkv">As in <see cref="Forward(nint, nint, nint)"/>.</param>
    /// <param name="attended">What it wrote.</param>
    /// <param name="logSums">What it wrote; 0 to sum again.</param>
    /// <param name="attendedGradient">[N, heads D].</param>
    /// <param name="gradient">[N, (heads + 2 keyHeads) D]: written.</param>
    public void Backward(nint qkv, nint attended, nint logSums, nint attendedGradient, nint gradient)
    {
        // Several threads add to the keys and values that many segments see: each has sums of its own.
        int parts = Parts();
        long part = 2L * seenTokens * padded;
        float* sums = (float*)NativeMemory.AllocZeroed((nuint)long.Max(1, part * parts * keyHeads), sizeof(float));
        try
        {
            Run(new Memory(qkv, attended, logSums, attendedGradient, gradient, (nint)sums), Backward);
            for (int head = 0; head < keyHeads; head++)
            {
                float* first = sums + (head * parts * part);
                for (int other = 1; other < parts; other++) Add(first, first + (other * part), part);
                for (int token = 0; token < seenTokens; token++)
                {
                    Write(first + ((long)token * padded), gradient, token, (heads + head) * size);
                    Write(first + (((long)seenTokens + token) * padded), gradient, token, (heads + keyHeads + head) * size);
                }
            }
        }
        finally
        {
            NativeMemory.Free(sums);
        }
    }

    private readonly record struct Memory(nint QueryKeyValue, nint Attended, nint LogSums, nint AttendedGradient, nint Gradient, nint Sums);

    private int Threads() => RowParallel.Threads(segments.Sum(Work) * heads * size);

    /// <summary>Segments are divided in runs of about equal work, as many as there are threads; heads besides.</summary>
    private int Parts() => int.Min(Threads(), segments.Length);

    private static long Work(AttentionSegment s) => 1 + ((long)s.Count * (s.Behind + s.Count));

    private void Run(Memory memory, Action<Memory, AttentionSegment[], int> pass)
    {
        int parts = Parts();
        AttentionSegment[][] shares = Shares(parts);
        RowParallel.Run(parts * keyHeads, Threads(), (_, first, count) =>
        {
            for (int item = first; item < first + count; item++)
            {
                nint sums = memory.Sums == 0 ? 0 : memory.Sums + (nint)((long)item * 2 * seenTokens * padded * sizeof(float));
                pass(memory with { Sums = sums }, shares[item % parts], item / parts);
            }
        });
    }

    private AttentionSegment[][] Shares(int parts)
    {
        if (parts == 1) return [segments];
        long total = segments.Sum(Work), done = 0;
        List<AttentionSegment>[] shares = [.. Enumerable.Range(0, parts).Select(_ => new List<AttentionSegment>())];
        foreach (AttentionSegment segment in segments)
        {
            shares[(int)long.Min(parts - 1, done * parts / total)].Add(segment);
            done += Work(segment);
        }
        return [.. shares.Select(s => s.ToArray())];
    }

    private void Forward(Memory memory, AttentionSegment[] share, int head)
    {
        using AttentionScratch scratch = new(longest, padded, size, scoreStride, RowsOf(1) * group, backward: false);
        AttentionSegment[] before = [];
        float* inverse = stackalloc float[RowsOf(1) * group];
        foreach (AttentionSegment segment in share)
        {
            Gather(memory, segment, ref before, head, scratch, backward: false);
            for (int from = 0, count; from < segment.Count; from += count)
            {
                count = int.Min(RowsOf(segment.Behind + segment.Count), segment.Count - from);
                int rows = count * group, limit = segment.Behind + from + count;
                for (int t = 0; t < count; t++) Queries(memory.QueryKeyValue, Row(segment.Start + from + t), width, head, scratch.Queries + ((long)t * group * padded), scale);
                SmallProduct.Multiply(SmallProduct.Left.ByRows(scratch.Queries, padded), scratch.KeysAcross, scoreStride, scratch.Scores, scoreStride, rows, (limit + 7) & ~7, size, adds: false);
                for (int row = 0; row < rows; row++)
                {
                    int visible = segment.Behind + from + (row / group) + 1;
                    float* scores = scratch.Scores + (row * scoreStride);
                    int whole = (limit + 7) & ~7;
                    for (int i = visible; i < whole; i++) scores[i] = float.NegativeInfinity;
                    (float sum, float most) = RowSoftmax.Exponentiate(scores, whole);
                    inverse[row] = 1 / sum;
                    if (memory.LogSums != 0) ((float*)memory.LogSums)[((long)Row(segment.Start + from + (row / group)) * heads) + (head * group) + (row % group)] = most + float.Log(sum);
                }
                SmallProduct.Multiply(SmallProduct.Left.ByRows(scratch.Scores, scoreStride), scratch.Values, padded, scratch.Results, padded, rows, padded, limit, adds: false);
                for (int row = 0; row < rows; row++)
                {
                    long to = ((((long)Row(segment.Start + from + (row / group)) * heads) + (head * group) + (row % group)) * size);
                    Scaled(scratch.Results + ((long)row * padded), (byte*)memory.Attended, to, inverse[row]);
                }
            }
        }
    }

    private void Backward(Memory memory, AttentionSegment[] share, int head)
    {
        using AttentionScratch scratch = new(longest, padded, size, scoreStride, RowsOf(1) * group, backward: true);
        AttentionSegment[] before = [];
        float* keySums = (float*)memory.Sums, valueSums = keySums + ((long)seenTokens * padded);
        foreach (AttentionSegment segment in share)
        {
            Flush(before, Common(before, segment.Before), scratch, keySums, valueSums);
            Gather(memory, segment, ref before, head, scratch, backward: true);
            int behind = segment.Behind;
            float* ownKeys = scratch.KeyGradients + ((long)behind * padded), ownValues = scratch.ValueGradients + ((long)behind * padded);
            new Span<float>(ownKeys, segment.Count * padded).Clear();
            new Span<float>(ownValues, segment.Count * padded).Clear();
            for (int from = 0, count; from < segment.Count; from += count)
            {
                count = int.Min(RowsOf(behind + segment.Count), segment.Count - from);
                int rows = count * group, limit = behind + from + count, columns = (limit + 7) & ~7;
                for (int t = 0; t < count; t++)
                {
                    int token = Row(segment.Start + from + t);
                    Queries(memory.QueryKeyValue, token, width, head, scratch.Queries + ((long)t * group * padded), scale);
                    Queries(memory.AttendedGradient, token, heads * size, head, scratch.Gradients + ((long)t * group * padded), 1);
                }
                SmallProduct.Left queries = SmallProduct.Left.ByRows(scratch.Queries, padded), gradients = SmallProduct.Left.ByRows(scratch.Gradients, padded);
                SmallProduct.Multiply(queries, scratch.KeysAcross, scoreStride, scratch.Scores, scoreStride, rows, columns, size, adds: false);
                SmallProduct.Multiply(gradients, scratch.ValuesAcross, scoreStride, scratch.ScoreGradients, scoreStride, rows, columns, size, adds: false);
                for (int row = 0; row < rows; row++)
                {
                    long at = ((long)Row(segment.Start + from + (row / group)) * heads) + (head * group) + (row % group);
                    float delta = Dot(scratch.Gradients + ((long)row * padded), (byte*)memory.Attended, at * size);
                    float* scores = scratch.Scores + (row * scoreStride);
                    int visible = behind + from + (row / group) + 1;
                    if (memory.LogSums == 0) Differentiate(scores, scratch.ScoreGradients + (row * scoreStride), delta, visible, limit);
                    else Differentiate(scores, scratch.ScoreGradients + (row * scoreStride), ((float*)memory.LogSums)[at], delta, visible, limit);
                }
                SmallProduct.Multiply(SmallProduct.Left.Transposed(scratch.Scores, scoreStride), scratch.Gradients, padded, scratch.ValueGradients, padded, limit, padded, rows, adds: true);
                SmallProduct.Multiply(SmallProduct.Left.Transposed(scratch.ScoreGradients, scoreStride), scratch.Queries, padded, scratch.KeyGradients, padded, limit, padded, rows, adds: true);
                SmallProduct.Multiply(SmallProduct.Left.ByRows(scratch.ScoreGradients, scoreStride), scratch.Keys, padded, scratch.Results, padded, rows, padded, limit, adds: false);
                for (int row = 0; row < rows; row++)
                {
                    long to = ((long)Row(segment.Start + from + (row / group)) * width) + (((head * group) + (row % group)) * size);
                    Scaled(scratch.Results + ((long)row * padded), (byte*)memory.Gradient, to, scale);
                }
            }
            if (segment.Seen)
            {
                Add(keySums + ((long)segment.Start * padded), ownKeys, (long)segment.Count * padded);
                Add(valueSums + ((long)segment.Start * padded), ownValues, (long)segment.Count * padded);
                continue;
            }
            for (int i = 0; i < segment.Count; i++)
            {
                Write(ownKeys + ((long)i * padded), memory.Gradient, segment.Start + i, (heads + head) * size);
                Write(ownValues + ((long)i * padded), memory.Gradient, segment.Start + i, (heads + keyHeads + head) * size);
            }
        }
        Flush(before, 0, scratch, keySums, valueSums);
    }

    /// <summary>Where a token's numbers stand.</summary>
    private int Row(int token) => places is null ? token : places[token];

    /// <summary>Tokens of a block.</summary>
    private int RowsOf(int seen) => int.Max(1, int.Min(BlockRows, MostScores / seen) / group);

    /// <summary>How many segments, from the first on, are behind both.</summary>
    private static int Common(AttentionSegment[] one, AttentionSegment[] other)
    {
        int count = 0;
        while (count < one.Length && count < other.Length && ReferenceEquals(one[count], other[count])) count++;
        return count;
    }

    /// <summary>Brings the keys and values that a segment sees into order; of those before it what the segment at work before it did not see, too.</summary>
    private void Gather(Memory memory, AttentionSegment segment, ref AttentionSegment[] before, int head, AttentionScratch scratch, bool backward)
    {
        int common = Common(before, segment.Before), at = segment.Before.Take(common).Sum(s => s.Count);
        if (backward)
        {
            int more = (segment.Behind - at) * padded;
            new Span<float>(scratch.KeyGradients + ((long)at * padded), more).Clear();
            new Span<float>(scratch.ValueGradients + ((long)at * padded), more).Clear();
        }
        foreach (AttentionSegment other in segment.Before.AsSpan(common)) Gather(memory, other, ref at);
        before = segment.Before;
        Gather(memory, segment, ref at);

        void Gather(Memory from, AttentionSegment some, ref int place)
        {
            float* keys = scratch.Keys + ((long)place * padded), values = scratch.Values + ((long)place * padded);
            for (int i = 0; i < some.Count; i++)
            {
                long token = (long)Row(some.Start + i) * width;
                Read((byte*)from.QueryKeyValue, token + ((heads + head) * size), keys + ((long)i * padded), 1);
                Read((byte*)from.QueryKeyValue, token + ((heads + keyHeads + head) * size), values + ((long)i * padded), 1);
            }
            Transposition.Write(keys, padded, scratch.KeysAcross + place, scoreStride, some.Count, size);
            if (backward) Transposition.Write(values, padded, scratch.ValuesAcross + place, scoreStride, some.Count, size);
            place += some.Count;
        }
    }

    /// <summary>Gives the gradients of the keys and values of segments that were seen to their sums, save of the first ones, which the next segment sees, too.</summary>
    private void Flush(AttentionSegment[] before, int kept, AttentionScratch scratch, float* keySums, float* valueSums)
    {
        long at = 0;
        for (int i = 0; i < before.Length; i++)
        {
            long count = (long)before[i].Count * padded;
            if (i >= kept)
            {
                Add(keySums + ((long)before[i].Start * padded), scratch.KeyGradients + at, count);
                Add(valueSums + ((long)before[i].Start * padded), scratch.ValueGradients + at, count);
            }
            at += count;
        }
    }

    /// <summary>The heads of a group of one token, each padded.</summary>
    private void Queries(nint from, int token, int stride, int head, float* to, float factor)
    {
        for (int g = 0; g < group; g++) Read((byte*)from, ((long)token * stride) + (((head * group) + g) * size), to + ((long)g * padded), factor);
    }

    /// <summary>From scores to probabilities p, and from their gradients to p (gradient - delta).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Differentiate(float* scores, float* gradients, float logSum, float delta, int visible, int limit)
    {
        int whole = (limit + 7) & ~7, at = 0;
        for (int i = visible; i < whole; i++) (scores[i], gradients[i]) = (float.NegativeInfinity, 0);
        Vector256<float> sum = Vector256.Create(logSum), mean = Vector256.Create(delta);
        for (; at + 16 <= whole; at += 16)
        {
            Vector256<float> first = FastExp.Of(Vector256.Load(scores + at) - sum), second = FastExp.Of(Vector256.Load(scores + at + 8) - sum);
            first.Store(scores + at);
            second.Store(scores + at + 8);
            (first * (Vector256.Load(gradients + at) - mean)).Store(gradients + at);
            (second * (Vector256.Load(gradients + at + 8) - mean)).Store(gradients + at + 8);
        }
        if (at < whole)
        {
            Vector256<float> p = FastExp.Of(Vector256.Load(scores + at) - sum);
            p.Store(scores + at);
            (p * (Vector256.Load(gradients + at) - mean)).Store(gradients + at);
        }
    }

    /// <summary>The same where the sum is not known.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Differentiate(float* scores, float* gradients, float delta, int visible, int limit)
    {
        int whole = (limit + 7) & ~7;
        for (int i = visible; i < whole; i++) (scores[i], gradients[i]) = (float.NegativeInfinity, 0);
        Vector256<float> inverse = Vector256.Create(1 / RowSoftmax.Exponentiate(scores, whole).Sum), mean = Vector256.Create(delta);
        for (int at = 0; at < whole; at += 8)
        {
            Vector256<float> p = Vector256.Load(scores + at) * inverse;
            p.Store(scores + at);
            (p * (Vector256.Load(gradients + at) - mean)).Store(gradients + at);
        }
    }

    private float Dot(float* gradient, byte* attended, long at)
    {
        Vector256<float> sum = default;
        int i = 0;
        for (; i + 8 <= size; i += 8) sum = Vector256.FusedMultiplyAdd(Vector256.Load(gradient + i), T.Load(attended, at + i), sum);
        float total = Vector256.Sum(sum);
        for (; i < size; i++) total += gradient[i] * T.Get(attended, at + i);
        return total;
    }

    private void Read(byte* from, long index, float* to, float factor)
    {
        int i = 0;
        for (Vector256<float> by = Vector256.Create(factor); i + 8 <= size; i += 8) (T.Load(from, index + i) * by).Store(to + i);
        for (; i < size; i++) to[i] = T.Get(from, index + i) * factor;
    }

    private void Scaled(float* from, byte* to, long index, float factor)
    {
        int i = 0;
        for (Vector256<float> by = Vector256.Create(factor); i + 8 <= size; i += 8) T.Store(to, index + i, Vector256.Load(from + i) * by);
        for (; i < size; i++) T.Set(to, index + i, from[i] * factor);
    }

    private void Write(float* from, nint gradient, int token, int column) => Scaled(from, (byte*)gradient, ((long)Row(token) * width) + column, 1);

    private static void Add(float* to, float* from, long count)
    {
        long i = 0;
        for (; i + 8 <= count; i += 8) (Vector256.Load(to + i) + Vector256.Load(from + i)).Store(to + i);
        for (; i < count; i++) to[i] += from[i];
    }
}

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tensors;

/// <summary>
/// x W^T + b for few rows on the CPU: what decoding does. Such a product is bound by reading W once. The library behind torch's <c>linear</c> copies W
/// into its own layout at every call, which pays from some dozens of rows on (with AVX-512) or some hundreds (without); this one reads it as it lies: about
/// twice as fast for 2 to 8 rows of large matrices (LOG.md). Sums are taken in float32, of a row in the same order however many rows there are.
/// </summary>
internal static unsafe class SkinnyProduct
{
    /// <summary>The most rows that it is used for, whatever the matrix and the processor.</summary>
    public const int MaxRows = 16;

    /// <summary>The most rows with a large float32 matrix on a processor without AVX-512, for which alone the library was measured to be slower.</summary>
    public const int MaxRowsOfLarge = 128;

    /// <summary>The most rows in bfloat16 where the processor multiplies such matrices itself, which is worth the copy earlier.</summary>
    public const int MaxRowsBesideHardware = 4;

    private const long LargeMatrix = 1 << 20; // elements: more than the second level cache holds

    // Of the inner dimension and of rows at a time, so that these rows of x stay in the second level cache while W is read.
    private const int InnerBlock = 1024, RowBlock = 64, CacheLine = 64;

    // Below this many elements of W a further thread costs more than it saves.
    private const long ElementsPerThread = 1 << 19;

    /// <summary>Whether <see cref="Multiply"/> can be used, and is likely to be the faster way.</summary>
    /// <param name="x">[..., K].</param>
    /// <param name="weight">[N, K].</param>
    public static bool Suits(Tensor x, Tensor weight)
    {
        if (!Vector256.IsHardwareAccelerated || x.device_type != DeviceType.CPU) return false;
        long inner = weight.size(1), rows = x.numel() / inner;
        return rows > 0 && inner % Vector256<float>.Count == 0 && (rows <= (weight.dtype == ScalarType.BFloat16 && ComputePrecision.CpuHasBFloat16 ? MaxRowsBesideHardware : MaxRows) || SuitsMany(rows, weight)) && x.dtype == weight.dtype && x.dtype is ScalarType.Float32 or ScalarType.BFloat16
            && weight.is_contiguous() && !(is_grad_enabled() && (x.requires_grad || weight.requires_grad));
    }

    /// <summary>Without AVX-512 torch multiplies bfloat16 by conversions, slower by far than this; and a large float32 matrix still costs more to copy than to read.</summary>
    private static bool SuitsMany(long rows, Tensor weight) =>
        !Avx512F.IsSupported && (weight.dtype == ScalarType.BFloat16 || (rows <= MaxRowsOfLarge && weight.size(1) <= InnerBlock && weight.numel() >= LargeMatrix));

    /// <summary>x W^T + b, without gradients.</summary>
    /// <param name="x">[..., K], float32 or bfloat16, a few rows.</param>
    /// <param name="weight">[N, K], of the same type.</param>
    /// <param name="bias">[N], of the same type; null for none.</param>
    /// <returns>[..., N], of the same type.</returns>
    public static Tensor Multiply(Tensor x, Tensor weight, Tensor? bias)
    {
        long[] shape = x.shape;
        int inner = (int)shape[^1], columns = (int)weight.size(0), rows = (int)(x.numel() / inner);
        shape[^1] = columns;
        bool half = x.dtype == ScalarType.BFloat16;
        using Tensor? converted = half ? x.to(ScalarType.Float32) : null, packed = x.is_contiguous() ? null : (converted ?? x).contiguous();
        Tensor result = empty(shape, ScalarType.Float32);
        Problem problem = new(TensorMemory.Start(packed ?? converted ?? x), TensorMemory.Start(weight), TensorMemory.Start(result), rows, columns, inner);
        Compute(problem, half, (int)long.Min(get_num_threads(), weight.numel() / ElementsPerThread));
        if (bias is not null) result.add_(bias, Numbers.One);
        if (!half) return result;
        using (result) return result.to(ScalarType.BFloat16);
    }

    /// <summary>What is multiplied, by its addresses, so that it can go to several threads.</summary>
    private readonly record struct Problem(nint Left, nint Right, nint Sums, int Rows, int Columns, int Inner);

    private static void Compute(Problem problem, bool half, int threads)
    {
        if (threads <= 1)
        {
            Compute(problem, half, 0, problem.Columns);
            return;
        }
        // Each thread has neighbouring rows of W, a multiple of the widest tile.
        int share = ((problem.Columns / threads) + 7) / 8 * 8;
        Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads },
            part => Compute(problem, half, part * share, part == threads - 1 ? problem.Columns : int.Min((part + 1) * share, problem.Columns)));
    }

    private static void Compute(Problem problem, bool half, int begin, int end)
    {
        if (half) Columns<HalfElement>(problem, begin, end);
        else Columns<SingleElement>(problem, begin, end);
    }

    /// <summary>Some columns of the result, in blocks of the inner dimension; those after the first add to what is there.</summary>
    private static void Columns<TWeights>(Problem problem, int begin, int end) where TWeights : IVectorElement
    {
        int blockRows = int.Min(RowBlock, problem.Rows);
        // Rows of x are brought together where only a part of each is read: else every piece lies in another page.
        float* packed = problem.Inner > InnerBlock && blockRows >= 4 ? (float*)NativeMemory.Alloc((nuint)(blockRows * InnerBlock * sizeof(float))) : null;
        try
        {
            for (int row = 0; row < problem.Rows; row += RowBlock)
            {
                for (int inner = 0; inner < problem.Inner; inner += InnerBlock)
                {
                    int rows = int.Min(RowBlock, problem.Rows - row), count = int.Min(InnerBlock, problem.Inner - inner), stride = problem.Inner;
                    float* x = (float*)problem.Left + ((long)row * stride) + inner;
                    if (packed != null)
                    {
                        for (int r = 0; r < rows; r++) new ReadOnlySpan<float>(x + ((long)r * stride), count).CopyTo(new Span<float>(packed + (r * count), count));
                        x = packed;
                        stride = count;
                    }
                    Panel<TWeights>(problem, begin, end, x, stride, row, rows, inner, count);
                }
            }
        }
        finally
        {
            NativeMemory.Free(packed);
        }
    }

    /// <summary>Some rows of x, from an element of theirs on, times some columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Panel<TWeights>(Problem problem, int begin, int end, float* x, int xStride, int firstRow, int rows, int start, int count) where TWeights : IVectorElement
    {
        int n = problem.Columns, column = begin;
        float* y = (float*)problem.Sums + ((long)firstRow * n);
        long stride = (long)problem.Inner * TWeights.Size; // of W, in bytes
        byte* w = (byte*)problem.Right + ((long)start * TWeights.Size);
        bool adds = start > 0;
        // Three rows of W against four of x keep twelve sums in registers; fewer rows of x take four rows of W.
        if (rows >= 4)
        {
            int share = (int)((3 * stride / (rows / 4)) + CacheLine - 1) / CacheLine * CacheLine;
            for (; column + 3 <= end; column += 3)
            {
                byte* v = w + (column * stride), next = v + (3 * stride);
                int row = 0;
                for (; row + 4 <= rows; row += 4)
                {
                    // A share of the next three rows of W is fetched while these are worked on.
                    if (column + 6 <= end && count == problem.Inner) Fetch(ref next, share);
                    Tile3By4<TWeights>(x + ((long)row * xStride), xStride, v, stride, y + ((long)row * n) + column, n, count, adds);
                }
                for (; row < rows; row++)
                    for (int c = 0; c < 3; c++) Put(y + ((long)row * n) + column + c, Dot<TWeights>(x + ((long)row * xStride), v + (c * stride), count), adds);
            }
        }
        else
        {
            for (; column + 4 <= end; column += 4)
            {
                byte* v = w + (column * stride);
                int row = 0;
                for (; row + 2 <= rows; row += 2) Tile4By2<TWeights>(x + ((long)row * xStride), xStride, v, stride, y + ((long)row * n) + column, n, count, adds);
                if (row < rows) Tile4By1<TWeights>(x + ((long)row * xStride), v, stride, y + ((long)row * n) + column, count, adds);
            }
        }
        for (; column < end; column++)
            for (int row = 0; row < rows; row++) Put(y + ((long)row * n) + column, Dot<TWeights>(x + ((long)row * xStride), w + (column * stride), count), adds);
    }

    /// <summary>
    /// Fetches of the four rows of W after those four that are at work, one of them with every eight elements, so that each line is asked for once. With few rows of x the
    /// memory is all that is waited for, and the processor's own guesses end with every row.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FetchBehind<TWeights>(byte* w, long stride, int i) where TWeights : IVectorElement
    {
        if (!Sse.IsSupported) return;
        byte* line = w + ((4 + ((i >> 3) & 3)) * stride) + ((long)(i & ~31) * TWeights.Size);
        Sse.Prefetch0(line);
        if (TWeights.Size > 2) Sse.Prefetch0(line + CacheLine);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Fetch(ref byte* from, int bytes)
    {
        if (!Sse.IsSupported) return;
        for (byte* end = from + bytes; from < end; from += CacheLine) Sse.Prefetch1(from);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile3By4<TWeights>(float* x, int xStride, byte* w, long stride, float* y, int n, int count, bool adds) where TWeights : IVectorElement
    {
        Vector256<float> a0 = default, a1 = default, a2 = default, a3 = default, b0 = default, b1 = default, b2 = default, b3 = default, c0 = default, c1 = default, c2 = default, c3 = default;
        float* x1 = x + xStride, x2 = x1 + xStride, x3 = x2 + xStride;
        byte* v = w + stride, u = v + stride;
        for (int i = 0; i < count; i += 8)
        {
            Vector256<float> first = TWeights.Load(w, i), second = TWeights.Load(v, i), third = TWeights.Load(u, i), z = Vector256.Load(x + i);
            a0 = Vector256.FusedMultiplyAdd(first, z, a0);
            b0 = Vector256.FusedMultiplyAdd(second, z, b0);
            c0 = Vector256.FusedMultiplyAdd(third, z, c0);
            z = Vector256.Load(x1 + i);
            a1 = Vector256.FusedMultiplyAdd(first, z, a1);
            b1 = Vector256.FusedMultiplyAdd(second, z, b1);
            c1 = Vector256.FusedMultiplyAdd(third, z, c1);
            z = Vector256.Load(x2 + i);
            a2 = Vector256.FusedMultiplyAdd(first, z, a2);
            b2 = Vector256.FusedMultiplyAdd(second, z, b2);
            c2 = Vector256.FusedMultiplyAdd(third, z, c2);
            z = Vector256.Load(x3 + i);
            a3 = Vector256.FusedMultiplyAdd(first, z, a3);
            b3 = Vector256.FusedMultiplyAdd(second, z, b3);
            c3 = Vector256.FusedMultiplyAdd(third, z, c3);
        }
        Put(y, a0, b0, c0, adds);
        Put(y + n, a1, b1, c1, adds);
        Put(y + (2L * n), a2, b2, c2, adds);
        Put(y + (3L * n), a3, b3, c3, adds);
    }

    private static void Tile4By2<TWeights>(float* x, int xStride, byte* w, long stride, float* y, int n, int count, bool adds) where TWeights : IVectorElement
    {
        Vector256<float> a0 = default, a1 = default, b0 = default, b1 = default, c0 = default, c1 = default, d0 = default, d1 = default;
        float* x1 = x + xStride;
        byte* w1 = w + stride, w2 = w1 + stride, w3 = w2 + stride;
        for (int i = 0; i < count; i += 8)
        {
            FetchBehind<TWeights>(w, stride, i);
            Vector256<float> z0 = Vector256.Load(x + i), z1 = Vector256.Load(x1 + i), u = TWeights.Load(w, i);
            (a0, a1) = (Vector256.FusedMultiplyAdd(u, z0, a0), Vector256.FusedMultiplyAdd(u, z1, a1));
            u = TWeights.Load(w1, i);
            (b0, b1) = (Vector256.FusedMultiplyAdd(u, z0, b0), Vector256.FusedMultiplyAdd(u, z1, b1));
            u = TWeights.Load(w2, i);
            (c0, c1) = (Vector256.FusedMultiplyAdd(u, z0, c0), Vector256.FusedMultiplyAdd(u, z1, c1));
            u = TWeights.Load(w3, i);
            (d0, d1) = (Vector256.FusedMultiplyAdd(u, z0, d0), Vector256.FusedMultiplyAdd(u, z1, d1));
        }
        Put(y, a0, b0, c0, adds);
        Put(y + 3, Sum(d0), adds);
        Put(y + n, a1, b1, c1, adds);
        Put(y + n + 3, Sum(d1), adds);
    }

    private static void Tile4By1<TWeights>(float* x, byte* w, long stride, float* y, int count, bool adds) where TWeights : IVectorElement
    {
        Vector256<float> a = default, b = default, c = default, d = default;
        byte* w1 = w + stride, w2 = w1 + stride, w3 = w2 + stride;
        for (int i = 0; i < count; i += 8)
        {
            FetchBehind<TWeights>(w, stride, i);
            Vector256<float> z = Vector256.Load(x + i);
            a = Vector256.FusedMultiplyAdd(TWeights.Load(w, i), z, a);
            b = Vector256.FusedMultiplyAdd(TWeights.Load(w1, i), z, b);
            c = Vector256.FusedMultiplyAdd(TWeights.Load(w2, i), z, c);
            d = Vector256.FusedMultiplyAdd(TWeights.Load(w3, i), z, d);
        }
        Put(y, a, b, c, adds);
        Put(y + 3, Sum(d), adds);
    }

    private static float Dot<TWeights>(float* x, byte* w, int count) where TWeights : IVectorElement
    {
        Vector256<float> sum = default;
        for (int i = 0; i < count; i += 8) sum = Vector256.FusedMultiplyAdd(TWeights.Load(w, i), Vector256.Load(x + i), sum);
        return Sum(sum);
    }

    /// <summary>Writes, or adds, the sums of three vectors, each taken as <see cref="Sum"/> does.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(float* y, Vector256<float> a, Vector256<float> b, Vector256<float> c, bool adds)
    {
        if (!Avx.IsSupported)
        {
            Put(y, Sum(a), adds);
            Put(y + 1, Sum(b), adds);
            Put(y + 2, Sum(c), adds);
            return;
        }
        Vector256<float> pairs = Avx.HorizontalAdd(Avx.HorizontalAdd(a, b), Avx.HorizontalAdd(c, c));
        Vector128<float> sums = pairs.GetLower() + pairs.GetUpper();
        Put(y, sums[0], adds);
        Put(y + 1, sums[1], adds);
        Put(y + 2, sums[2], adds);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(float* y, float sum, bool adds) => *y = adds ? *y + sum : sum;

    /// <summary>In pairs, pairs of pairs, and the two halves: the order of horizontal additions, so that a sum does not depend on what is summed beside it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Sum(Vector256<float> v) => ((v[0] + v[1]) + (v[2] + v[3])) + ((v[4] + v[5]) + (v[6] + v[7]));
}

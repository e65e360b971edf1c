using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tensors;

/// <summary>
/// x W^T + b for few rows on the CPU: what decoding does once few sequences are left. Such a product is bound by reading W once. The library behind
/// torch's <c>linear</c> copies W into its own layout at every call, which pays from some dozens of rows on; this one reads it as it lies: about twice
/// as fast for 2 to 8 rows of large matrices (LOG.md). Sums are taken in float32, of a row in the same order however many rows there are.
/// </summary>
internal static unsafe class SkinnyProduct
{
    /// <summary>The most rows that it is used for.</summary>
    public const int MaxRows = 16;

    /// <summary>The same in bfloat16 where the processor multiplies such matrices itself, which is worth the copy earlier.</summary>
    public const int MaxRowsBesideHardware = 4;

    // Below this many elements of W a further thread costs more than it saves.
    private const long ElementsPerThread = 1 << 19;

    /// <summary>Whether <see cref="Multiply"/> can be used, and is likely to be the faster way.</summary>
    /// <param name="x">[..., K].</param>
    /// <param name="weight">[N, K].</param>
    public static bool Suits(Tensor x, Tensor weight)
    {
        if (!Vector256.IsHardwareAccelerated || x.device_type != DeviceType.CPU) return false;
        long inner = weight.size(1);
        int most = x.dtype == ScalarType.BFloat16 && ComputePrecision.CpuHasBFloat16 ? MaxRowsBesideHardware : MaxRows;
        return x.numel() is > 0 and long elements && elements <= most * inner && inner % Vector256<float>.Count == 0
            && x.dtype == weight.dtype && x.dtype is ScalarType.Float32 or ScalarType.BFloat16
            && weight.is_contiguous() && !(is_grad_enabled() && (x.requires_grad || weight.requires_grad));
    }

    /// <summary>x W^T + b, without gradients.</summary>
    /// <param name="x">[..., K], float32 or bfloat16, at most <see cref="MaxRows"/> rows.</param>
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
        fixed (byte* left = (packed ?? converted ?? x).bytes, right = weight.bytes, sums = result.bytes)
        {
            Problem problem = new((float*)left, right, (float*)sums, rows, columns, inner);
            Compute(problem, half, int.Min(get_num_threads(), (int)(weight.numel() / ElementsPerThread)));
        }
        if (bias is not null) result.add_(bias);
        if (!half) return result;
        using (result) return result.to(ScalarType.BFloat16);
    }

    /// <summary>What is multiplied, by its addresses, so that it can go to several threads.</summary>
    private readonly record struct Problem(nint Left, nint Right, nint Sums, int Rows, int Columns, int Inner)
    {
        public Problem(float* left, byte* right, float* sums, int rows, int columns, int inner) : this((nint)left, (nint)right, (nint)sums, rows, columns, inner) { }
    }

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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Columns<TWeights>(Problem problem, int begin, int end) where TWeights : IVectorElement
    {
        float* x = (float*)problem.Left, y = (float*)problem.Sums;
        int inner = problem.Inner, n = problem.Columns, rows = problem.Rows, column = begin;
        // Two rows of W against four of x keep eight sums in registers; a single row of x takes four rows of W for as many.
        for (; column + 4 <= end; column += 4)
        {
            byte* w = (byte*)problem.Right + ((long)column * inner * TWeights.Size);
            int row = 0;
            for (; row + 4 <= rows; row += 4)
            {
                Tile2By4<TWeights>(x + ((long)row * inner), w, y + ((long)row * n) + column, inner, n);
                Tile2By4<TWeights>(x + ((long)row * inner), w + (2L * inner * TWeights.Size), y + ((long)row * n) + column + 2, inner, n);
            }
            for (; row + 2 <= rows; row += 2) Tile4By2<TWeights>(x + ((long)row * inner), w, y + ((long)row * n) + column, inner, n);
            if (row < rows) Tile4By1<TWeights>(x + ((long)row * inner), w, y + ((long)row * n) + column, inner);
        }
        for (; column < end; column++)
        {
            byte* w = (byte*)problem.Right + ((long)column * inner * TWeights.Size);
            for (int row = 0; row < rows; row++) y[((long)row * n) + column] = Dot<TWeights>(x + ((long)row * inner), w, inner);
        }
    }

    private static void Tile2By4<TWeights>(float* x, byte* w, float* y, int inner, int n) where TWeights : IVectorElement
    {
        Vector256<float> a0 = default, a1 = default, a2 = default, a3 = default, b0 = default, b1 = default, b2 = default, b3 = default;
        float* x1 = x + inner, x2 = x1 + inner, x3 = x2 + inner;
        byte* v = w + ((long)inner * TWeights.Size);
        for (int i = 0; i < inner; i += 8)
        {
            Vector256<float> first = TWeights.Load(w, i), second = TWeights.Load(v, i), z = Vector256.Load(x + i);
            (a0, b0) = (Vector256.FusedMultiplyAdd(first, z, a0), Vector256.FusedMultiplyAdd(second, z, b0));
            z = Vector256.Load(x1 + i);
            (a1, b1) = (Vector256.FusedMultiplyAdd(first, z, a1), Vector256.FusedMultiplyAdd(second, z, b1));
            z = Vector256.Load(x2 + i);
            (a2, b2) = (Vector256.FusedMultiplyAdd(first, z, a2), Vector256.FusedMultiplyAdd(second, z, b2));
            z = Vector256.Load(x3 + i);
            (a3, b3) = (Vector256.FusedMultiplyAdd(first, z, a3), Vector256.FusedMultiplyAdd(second, z, b3));
        }
        float* y1 = y + n, y2 = y1 + n, y3 = y2 + n;
        (y[0], y[1]) = (Vector256.Sum(a0), Vector256.Sum(b0));
        (y1[0], y1[1]) = (Vector256.Sum(a1), Vector256.Sum(b1));
        (y2[0], y2[1]) = (Vector256.Sum(a2), Vector256.Sum(b2));
        (y3[0], y3[1]) = (Vector256.Sum(a3), Vector256.Sum(b3));
    }

    private static void Tile4By2<TWeights>(float* x, byte* w, float* y, int inner, int n) where TWeights : IVectorElement
    {
        Vector256<float> a0 = default, a1 = default, b0 = default, b1 = default, c0 = default, c1 = default, d0 = default, d1 = default;
        float* x1 = x + inner;
        byte* w1 = w + ((long)inner * TWeights.Size), w2 = w1 + ((long)inner * TWeights.Size), w3 = w2 + ((long)inner * TWeights.Size);
        for (int i = 0; i < inner; i += 8)
        {
            Vector256<float> z0 = Vector256.Load(x + i), z1 = Vector256.Load(x1 + i), u = TWeights.Load(w, i);
            (a0, a1) = (Vector256.FusedMultiplyAdd(u, z0, a0), Vector256.FusedMultiplyAdd(u, z1, a1));
            u = TWeights.Load(w1, i);
            (b0, b1) = (Vector256.FusedMultiplyAdd(u, z0, b0), Vector256.FusedMultiplyAdd(u, z1, b1));
            u = TWeights.Load(w2, i);
            (c0, c1) = (Vector256.FusedMultiplyAdd(u, z0, c0), Vector256.FusedMultiplyAdd(u, z1, c1));
            u = TWeights.Load(w3, i);
            (d0, d1) = (Vector256.FusedMultiplyAdd(u, z0, d0), Vector256.FusedMultiplyAdd(u, z1, d1));
        }
        float* y1 = y + n;
        (y[0], y[1], y[2], y[3]) = (Vector256.Sum(a0), Vector256.Sum(b0), Vector256.Sum(c0), Vector256.Sum(d0));
        (y1[0], y1[1], y1[2], y1[3]) = (Vector256.Sum(a1), Vector256.Sum(b1), Vector256.Sum(c1), Vector256.Sum(d1));
    }

    private static void Tile4By1<TWeights>(float* x, byte* w, float* y, int inner) where TWeights : IVectorElement
    {
        Vector256<float> a = default, b = default, c = default, d = default;
        byte* w1 = w + ((long)inner * TWeights.Size), w2 = w1 + ((long)inner * TWeights.Size), w3 = w2 + ((long)inner * TWeights.Size);
        for (int i = 0; i < inner; i += 8)
        {
            Vector256<float> z = Vector256.Load(x + i);
            a = Vector256.FusedMultiplyAdd(TWeights.Load(w, i), z, a);
            b = Vector256.FusedMultiplyAdd(TWeights.Load(w1, i), z, b);
            c = Vector256.FusedMultiplyAdd(TWeights.Load(w2, i), z, c);
            d = Vector256.FusedMultiplyAdd(TWeights.Load(w3, i), z, d);
        }
        (y[0], y[1], y[2], y[3]) = (Vector256.Sum(a), Vector256.Sum(b), Vector256.Sum(c), Vector256.Sum(d));
    }

    private static float Dot<TWeights>(float* x, byte* w, int inner) where TWeights : IVectorElement
    {
        Vector256<float> sum = default;
        for (int i = 0; i < inner; i += 8) sum = Vector256.FusedMultiplyAdd(TWeights.Load(w, i), Vector256.Load(x + i), sum);
        return Vector256.Sum(sum);
    }
}

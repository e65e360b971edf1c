using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rlvr.Tensors;

/// <summary>The softmax of a row of scores up to the division, which attention does at the end.</summary>
internal static unsafe class RowSoftmax
{
    /// <summary>exp(score - the largest), in place. One that is no number makes the sum none.</summary>
    /// <param name="row">The scores; minus infinity where nothing is seen.</param>
    /// <param name="count">A multiple of 8, 8 at least.</param>
    /// <returns>The sum, and the largest score.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (float Sum, float Most) Exponentiate(float* row, int count)
    {
        Vector256<float> most = Vector256.Load(row), sum = default;
        for (int i = 8; i < count; i += 8) most = Vector256.MaxNative(most, Vector256.Load(row + i));
        float largest = Largest(most);
        most = Vector256.Create(largest);
        int at = 0;
        for (; at + 16 <= count; at += 16) // two at a time: one exponential is a long chain
        {
            Vector256<float> first = FastExp.Of(Vector256.Load(row + at) - most), second = FastExp.Of(Vector256.Load(row + at + 8) - most);
            first.Store(row + at);
            second.Store(row + at + 8);
            sum += first + second;
        }
        if (at < count)
        {
            Vector256<float> weight = FastExp.Of(Vector256.Load(row + at) - most);
            weight.Store(row + at);
            sum += weight;
        }
        return (Vector256.Sum(sum), largest);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Largest(Vector256<float> of)
    {
        Vector128<float> four = Vector128.MaxNative(of.GetLower(), of.GetUpper()), two = Vector128.MaxNative(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
        return Vector128.MaxNative(two, Vector128.Shuffle(two, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }
}

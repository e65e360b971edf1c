using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rlvr.Tensors;

/// <summary>
/// e^x of eight float32 numbers, to 2 units in the last place: x = n ln 2 + r, and the polynomial of Cephes' <c>expf</c> for r. The library's own computes in float64, which attention has
/// no use for, and takes several times as long.
/// </summary>
internal static class FastExp
{
    private const float Least = -87.33654f, Most = 88.37626f;

    /// <summary>e^x; exactly 0 below -87.3, where the result would not be a normal number, and at most e^88.37. Of what is no number, none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Of(Vector256<float> x)
    {
        // In this order a number that is none stays none.
        Vector256<float> least = Vector256.Create(Least), z = Vector256.MinNative(Vector256.Create(Most), Vector256.MaxNative(least, x));
        // Adding 1.5 * 2^23 rounds to an integer, which then stands in the lower bits.
        Vector256<float> shifted = Vector256.FusedMultiplyAdd(z, Vector256.Create(1.44269504f), Vector256.Create(12582912f)), n = shifted - Vector256.Create(12582912f);
        Vector256<float> r = Vector256.FusedMultiplyAdd(n, Vector256.Create(-0.693359375f), z);
        r = Vector256.FusedMultiplyAdd(n, Vector256.Create(2.12194440e-4f), r);
        Vector256<float> p = Vector256.Create(1.9875691500e-4f);
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(1.3981999507e-3f));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(8.3334519073e-3f));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(4.1665795894e-2f));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(1.6666665459e-1f));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(5.0000001201e-1f));
        p = Vector256.FusedMultiplyAdd(p, r * r, r + Vector256<float>.One);
        Vector256<float> scaled = (p.AsInt32() + (shifted.AsInt32() << 23)).AsSingle();
        return Vector256.AndNot(scaled, Vector256.LessThan(x, least));
    }
}

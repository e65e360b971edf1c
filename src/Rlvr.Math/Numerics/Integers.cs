using System.Numerics;

namespace Rlvr.Math.Numerics;

/// <summary>Roots of big integers.</summary>
internal static class Integers
{
    /// <summary>The integer part of the square root of a number that is not negative.</summary>
    public static BigInteger SquareRoot(BigInteger n)
    {
        if (n.IsZero) return n;
        if (n <= 4503599627370495L) return (BigInteger)(long)double.Sqrt((double)n);
        int bits = (int)n.GetBitLength();
        int shift = (bits - 62) & ~1;
        if (shift < 0) shift = 0;
        BigInteger x = ((BigInteger)(ulong)double.Sqrt((double)(n >> shift)) + 1) << (shift / 2);
        while (true)
        {
            BigInteger next = (x + (n / x)) >> 1;
            if (next >= x) return x;
            x = next;
        }
    }

    /// <summary>The exact k-th root of n where there is one (n may be negative for odd k).</summary>
    public static bool TryExactRoot(BigInteger n, int k, out BigInteger root)
    {
        root = n;
        if (n.IsZero || n.IsOne || k == 1) return true;
        if (n.Sign < 0)
        {
            if (k % 2 == 0 || !TryExactRoot(-n, k, out root)) return false;
            root = -root;
            return true;
        }
        if (k == 2)
        {
            root = SquareRoot(n);
            return root * root == n;
        }
        long bits = (long)n.GetBitLength();
        if (k > bits) return false;
        // Newton from above.
        BigInteger x = BigInteger.One << (int)((bits / k) + 1);
        while (true)
        {
            BigInteger next = (((k - 1) * x) + (n / BigInteger.Pow(x, k - 1))) / k;
            if (next >= x) break;
            x = next;
        }
        root = x;
        return BigInteger.Pow(x, k) == n;
    }
}

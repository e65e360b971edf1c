using System.Globalization;
using System.Numerics;
using Fractions;

namespace Rlvr.Math.Reading;

/// <summary>
/// Reads the digits of numbers, exactly. Long numbers cost the square of their length: one reader reads a limited amount of them, so that
/// thousands of powers of ten in one answer cost no seconds.
/// </summary>
internal sealed class DecimalReader
{
    private const int MaxDigits = 12_000;
    private const int MaxExponent = 20_000;
    private const int FreeDigits = 64;

    private long _left = 1_600_000_000; // squares of digits: eleven of the longest numbers

    /// <summary>The exact value of <c>12</c>, <c>0.5</c> or <c>1.2e-3</c>; null where it is too long.</summary>
    public Fraction? Read(string text)
    {
        ReadOnlySpan<char> digits = text;
        int exponent = 0;
        int e = digits.IndexOfAny('e', 'E');
        if (e >= 0)
        {
            if (!int.TryParse(digits[(e + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent)
                || int.Abs(exponent) > MaxExponent) return null;
            digits = digits[..e];
        }
        int point = digits.IndexOf('.');
        if (point < 0 && exponent == 0 && digits.Length < 19)
            return new Fraction(long.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture));
        ReadOnlySpan<char> fraction = point < 0 ? [] : digits[(point + 1)..].TrimEnd('0');
        ReadOnlySpan<char> whole = (point < 0 ? digits : digits[..point]).TrimStart('0');
        if (whole.Length + fraction.Length > MaxDigits) return null;
        long length = whole.Length + fraction.Length + int.Abs(exponent);
        if (length > FreeDigits && (_left -= length * length) < 0) return null;
        BigInteger mantissa = whole.Length + fraction.Length == 0
            ? BigInteger.Zero
            : BigInteger.Parse(string.Concat(whole, fraction), NumberStyles.None, CultureInfo.InvariantCulture);
        exponent -= fraction.Length;
        return exponent >= 0
            ? new Fraction(mantissa * BigInteger.Pow(10, exponent))
            : new Fraction(mantissa, BigInteger.Pow(10, -exponent));
    }
}

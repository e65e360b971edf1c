using System.Globalization;
using System.Numerics;
using Fractions;

namespace Rlvr.Rewards;

/// <summary>
/// Reads numbers as programs and people write them: <c>-1,234.5</c>, <c>1.5e-3</c>, <c>3/4</c>, <c>\frac{3}{4}</c>, <c>$12.50</c>, <c>40%</c>.
/// For more than numbers there is the verifier.
/// </summary>
internal static class PlainNumber
{
    /// <summary>Longer texts are no numbers, so that work is bounded.</summary>
    private const int MaxLength = 200;

    /// <summary>Powers of ten beyond this are not computed.</summary>
    private const int MaxExponent = 400;

    /// <summary>Reads a number exactly.</summary>
    public static bool TryRead(string text, out Fraction value)
    {
        value = Fraction.Zero;
        if (text.Length > MaxLength) return false;
        ReadOnlySpan<char> rest = text.Replace('\u2212', '-').Replace("{,}", ",").Replace("\\,", ",").Replace("\\$", "$").Replace("\\%", "%").AsSpan().Trim();
        if (rest is ['$', .., '$']) rest = rest[1..^1].Trim();
        bool negative = TakeSign(ref rest);
        if (rest is ['$', ..]) rest = rest[1..].TrimStart();
        bool percent = rest is [.., '%'];
        if (percent) rest = rest[..^1].TrimEnd();
        if (!TryFraction(rest, out value) && !TryDecimal(rest, out value)) return false;
        if (percent) value /= 100;
        if (negative) value = -value;
        return true;
    }

    private static bool TakeSign(ref ReadOnlySpan<char> text)
    {
        if (text is not ['+' or '-', ..]) return false;
        bool negative = text[0] == '-';
        text = text[1..].TrimStart();
        return negative;
    }

    // 3/4 or \frac{3}{4}, whose parts are decimals.
    private static bool TryFraction(ReadOnlySpan<char> text, out Fraction value)
    {
        value = Fraction.Zero;
        ReadOnlySpan<char> top, bottom;
        int slash = text.IndexOf('/');
        if (slash >= 0)
        {
            top = text[..slash].TrimEnd();
            bottom = text[(slash + 1)..].TrimStart();
        }
        else
        {
            int brace = text.IndexOf('{'), middle = text.IndexOf("}{");
            if (brace < 0 || middle < brace || text[..brace] is not (@"\frac" or @"\dfrac" or @"\tfrac") || text[^1] != '}') return false;
            top = text[(brace + 1)..middle].Trim();
            bottom = text[(middle + 2)..^1].Trim();
        }
        bool negative = TakeSign(ref top);
        if (!TryDecimal(top, out Fraction numerator) || !TryDecimal(bottom, out Fraction denominator) || denominator.IsZero) return false;
        value = (negative ? -numerator : numerator) / denominator;
        return true;
    }

    // Digits, perhaps in groups of three, a point, an exponent; no sign.
    private static bool TryDecimal(ReadOnlySpan<char> text, out Fraction value)
    {
        value = Fraction.Zero;
        int e = text.IndexOfAny('e', 'E'), exponent = 0;
        if (e >= 0)
        {
            if (!int.TryParse(text[(e + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent) || int.Abs(exponent) > MaxExponent) return false;
            text = text[..e];
        }
        int point = text.IndexOf('.');
        ReadOnlySpan<char> whole = point < 0 ? text : text[..point], decimals = point < 0 ? default : text[(point + 1)..];
        if (whole.Length + decimals.Length == 0 || decimals.ContainsAnyExceptInRange('0', '9') || !AreGroups(whole)) return false;
        string digits = string.Concat(whole.ToString().Replace(",", ""), decimals);
        exponent -= decimals.Length;
        BigInteger number = BigInteger.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);
        value = exponent >= 0 ? new Fraction(number * BigInteger.Pow(10, exponent)) : new Fraction(number, BigInteger.Pow(10, -exponent));
        return true;
    }

    // 1234 or 1,234, but not 12,34.
    private static bool AreGroups(ReadOnlySpan<char> whole)
    {
        int comma = whole.IndexOf(',');
        if (comma < 0) return !whole.ContainsAnyExceptInRange('0', '9');
        if (comma is 0 or > 3 || whole[..comma].ContainsAnyExceptInRange('0', '9')) return false;
        for (ReadOnlySpan<char> rest = whole[comma..]; rest.Length > 0; rest = rest[4..])
            if (rest.Length < 4 || rest[0] != ',' || rest[1..4].ContainsAnyExceptInRange('0', '9')) return false;
        return true;
    }
}

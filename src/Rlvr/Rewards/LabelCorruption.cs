using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace Rlvr.Rewards;

/// <summary>
/// Makes another label of a label as arXiv 2504.20571 does: adds or subtracts a number within 10, of a fraction to and from its numerator and its
/// denominator. The number is a whole one from 1 to 10. A decimal keeps its digits behind the point: 12.8 becomes 5.8 or 20.8. In any other label that
/// has numbers in it one of them is changed in this way: <c>2\sqrt{3}</c> becomes <c>2\sqrt{8}</c>.
/// </summary>
internal static partial class LabelCorruption
{
    /// <summary>The largest number that is added or subtracted.</summary>
    public const int Most = 10;

    // Nobody's answer has more digits; it would take long to compute with them.
    private const int MostDigits = 200;

    /// <summary>Another label. It may be equal to the old one in value, or make no sense; the caller looks at it, and asks again.</summary>
    /// <param name="label">The label.</param>
    /// <param name="draw">A random whole number from 0 to its argument - 1.</param>
    /// <returns>The label; null where the old one has no number in it, or the draw leads nowhere.</returns>
    public static string? Corrupt(string label, Func<int, int> draw)
    {
        if (Fraction().Match(label) is { Success: true } fraction)
        {
            // A denominator stays above 0.
            if (Shift(fraction.Groups["n"].Value, signed: true, draw) is not { } above || Shift(fraction.Groups["d"].Value, signed: false, draw) is not { } below) return null;
            return fraction.Groups["before"].Value + (fraction.Groups["slash"].Success ? $"{above}/{below}" : $"{fraction.Groups["frac"].Value}{{{above}}}{{{below}}}") + fraction.Groups["after"].Value;
        }
        // The sign of the first thing is the number's; elsewhere it may be a minus between two things, and numbers stay above 0.
        if (One().Match(label) is { Success: true } one)
            return one.Groups["before"].Value + Shift(one.Groups["number"].Value, signed: true, draw) + one.Groups["after"].Value;
        Match[] numbers = [.. Number().Matches(label).Cast<Match>()];
        if (numbers.Length == 0) return null;
        Match chosen = numbers[draw(numbers.Length)];
        return Shift(chosen.Value, signed: false, draw) is { } shifted ? label[..chosen.Index] + shifted + label[(chosen.Index + chosen.Length)..] : null;
    }

    /// <summary>The number plus or minus a whole one from 1 to 10; null where it would have to be above 0 and is not.</summary>
    private static string? Shift(string number, bool signed, Func<int, int> draw)
    {
        string plain = number.Replace(",", "", StringComparison.Ordinal).Replace("{", "", StringComparison.Ordinal).Replace("}", "", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal);
        if (plain.Length > MostDigits) return null;
        int point = plain.IndexOf('.', StringComparison.Ordinal), decimals = point < 0 ? 0 : plain.Length - point - 1;
        BigInteger unit = BigInteger.Pow(10, decimals), step = (1 + draw(Most)) * unit;
        BigInteger value = BigInteger.Parse(plain.Replace(".", "", StringComparison.Ordinal), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) + (draw(2) == 0 ? step : -step);
        if (!signed && value.Sign <= 0) return null;
        string digits = BigInteger.Abs(value).ToString(CultureInfo.InvariantCulture).PadLeft(decimals + 1, '0');
        return (value.Sign < 0 ? "-" : "") + (decimals == 0 ? digits : $"{digits[..^decimals]}.{digits[^decimals..]}");
    }

    private const string NumberPattern = @"(?:\d{1,3}(?:\{?,\}?\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+";

    // a/b, \frac{a}{b}, \frac ab of whole numbers, and nothing else but dollars and a sign.
    [GeneratedRegex(@"^(?<before>\s*\$?\s*)(?<n>-?\d+)\s*(?<slash>/)\s*(?<d>\d+)(?<after>\s*\$?\s*)$"
        + @"|^(?<before>\s*\$?\s*-?\s*)(?<frac>\\[dtc]?frac)\s*(?:\{\s*(?<n>-?\d+)\s*\}|(?<n>\d))\s*(?:\{\s*(?<d>\d+)\s*\}|(?<d>\d))(?<after>\s*\$?\s*)$")]
    private static partial Regex Fraction();

    // One number at the beginning, and no other: 12.8, -5, $1,200$, 45^\circ, 3x.
    [GeneratedRegex($@"^(?<before>\s*\$?\s*)(?<number>-?\s*(?:{NumberPattern}))(?<after>[^\d]*)$")]
    private static partial Regex One();

    [GeneratedRegex($@"(?<![\d.])(?:{NumberPattern})")]
    private static partial Regex Number();
}

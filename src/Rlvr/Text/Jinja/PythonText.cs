using System.Buffers;
using System.Globalization;
using System.Text;

namespace Rlvr.Text.Jinja;

/// <summary>Texts as Python has them: sequences of code points, with Python's white space, slices and quotes.</summary>
internal static class PythonText
{
    private static readonly SearchValues<char> LineEnds = SearchValues.Create("\n\r\v\f\u001c\u001d\u001e\u0085\u2028\u2029");

    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\u001c' and <= '\u001f';

    /// <summary>Whether a text is white space, and not empty.</summary>
    public static bool IsSpace(ReadOnlySpan<char> text)
    {
        foreach (char c in text)
            if (!IsSpace(c)) return false;
        return !text.IsEmpty;
    }

    public static string TrimStart(string text, string? characters = null)
    {
        int start = 0;
        while (start < text.Length && Belongs(text[start], characters)) start++;
        return text[start..];
    }

    public static string TrimEnd(string text, string? characters = null)
    {
        int end = text.Length;
        while (end > 0 && Belongs(text[end - 1], characters)) end--;
        return text[..end];
    }

    public static string Trim(string text, string? characters = null) => TrimEnd(TrimStart(text, characters), characters);

    private static bool Belongs(char c, string? characters) => characters is null ? IsSpace(c) : characters.Contains(c, StringComparison.Ordinal);

    /// <summary>The number of code points.</summary>
    public static int Length(string text)
    {
        int length = text.Length;
        for (int i = 0; i + 1 < text.Length; i++)
        {
            if (!char.IsSurrogatePair(text[i], text[i + 1])) continue;
            length--;
            i++;
        }
        return length;
    }

    /// <summary>The code points, each as a text.</summary>
    public static List<string> CodePoints(string text)
    {
        List<string> points = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            bool pair = i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]);
            points.Add(text.Substring(i, pair ? 2 : 1));
            if (pair) i++;
        }
        return points;
    }

    /// <summary>str.splitlines().</summary>
    public static List<string> Lines(string text, bool keepEnds = false)
    {
        List<string> lines = [];
        int start = 0;
        while (start < text.Length)
        {
            int end = text.AsSpan(start).IndexOfAny(LineEnds);
            if (end < 0)
            {
                lines.Add(text[start..]);
                break;
            }
            end += start;
            int next = end + (text[end] == '\r' && end + 1 < text.Length && text[end + 1] == '\n' ? 2 : 1);
            lines.Add(text[start..(keepEnds ? next : end)]);
            start = next;
        }
        return lines;
    }

    /// <summary>str.split(): at a separator, or at white space where there is none.</summary>
    public static List<string> Split(string text, string? separator, int maxSplits)
    {
        List<string> parts = [];
        if (maxSplits < 0) maxSplits = int.MaxValue;
        if (separator is not null)
        {
            if (separator.Length == 0) throw new JinjaException("split() needs a separator that is not empty");
            int start = 0;
            for (int at; parts.Count < maxSplits && (at = text.IndexOf(separator, start, StringComparison.Ordinal)) >= 0; start = at + separator.Length) parts.Add(text[start..at]);
            parts.Add(text[start..]);
            return parts;
        }
        for (string rest = TrimStart(text); rest.Length > 0;)
        {
            int end = 0;
            while (end < rest.Length && !IsSpace(rest[end])) end++;
            if (parts.Count == maxSplits)
            {
                parts.Add(rest);
                break;
            }
            parts.Add(rest[..end]);
            int next = end;
            while (next < rest.Length && IsSpace(rest[next])) next++;
            rest = rest[next..];
        }
        return parts;
    }

    /// <summary>str.rsplit().</summary>
    public static List<string> SplitFromEnd(string text, string? separator, int maxSplits)
    {
        if (maxSplits < 0) return Split(text, separator, -1);
        string reversedSeparator = separator is null ? "" : Reverse(separator);
        List<string> parts = Split(Reverse(text), separator is null ? null : reversedSeparator, maxSplits);
        parts.Reverse();
        return parts.ConvertAll(Reverse);

        static string Reverse(string value)
        {
            char[] units = value.ToCharArray(); // twice, so surrogate pairs come back in order
            Array.Reverse(units);
            return new(units);
        }
    }

    /// <summary>str.title(): every letter after a non-letter is upper case.</summary>
    public static string Title(string text)
    {
        StringBuilder result = new(text.Length);
        bool inWord = false;
        foreach (char c in text)
        {
            result.Append(inWord ? char.ToLowerInvariant(c) : char.ToUpperInvariant(c));
            inWord = char.IsLetter(c);
        }
        return result.ToString();
    }

    public static string Upper(string text) => text.ToUpperInvariant().Replace("ß", "SS", StringComparison.Ordinal);

    public static string Capitalize(string text)
    {
        int first = text.Length > 1 && char.IsSurrogatePair(text[0], text[1]) ? 2 : int.Min(1, text.Length);
        return Upper(text[..first]) + text[first..].ToLowerInvariant();
    }

    /// <summary>repr(): in quotes, with escapes.</summary>
    public static string Quote(string text)
    {
        char quote = text.Contains('\'', StringComparison.Ordinal) && !text.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        StringBuilder result = new(text.Length + 2);
        result.Append(quote);
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c == quote || c == '\\')
            {
                result.Append('\\').Append(c);
                continue;
            }
            bool pair = i + 1 < text.Length && char.IsSurrogatePair(c, text[i + 1]);
            int scalar = pair ? char.ConvertToUtf32(c, text[i + 1]) : c;
            if (c is >= ' ' and <= '~' || (scalar > 0xFF || c >= 0xA1) && IsPrintable(scalar)) result.Append(text, i, pair ? 2 : 1);
            else if (c is '\n' or '\r' or '\t') result.Append(c switch { '\n' => "\\n", '\r' => "\\r", _ => "\\t" });
            else result.Append(CultureInfo.InvariantCulture, $"\\{(scalar <= 0xFF ? $"x{scalar:x2}" : scalar <= 0xFFFF ? $"u{scalar:x4}" : $"U{scalar:x8}")}");
            if (pair) i++;
        }
        return result.Append(quote).ToString();
    }

    private static bool IsPrintable(int scalar) => CharUnicodeInfo.GetUnicodeCategory(scalar) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);

    /// <summary>repr() of a float: the shortest digits that give the number back.</summary>
    public static string Float(double value)
    {
        if (double.IsNaN(value)) return "nan";
        if (double.IsInfinity(value)) return value > 0 ? "inf" : "-inf";
        string text = value.ToString("E16", CultureInfo.InvariantCulture);
        for (int precision = 0; precision < 17; precision++)
        {
            text = value.ToString("E" + precision, CultureInfo.InvariantCulture);
            if (double.Parse(text, CultureInfo.InvariantCulture) == value) break;
        }
        string sign = text[0] == '-' ? "-" : "";
        string[] parts = text[sign.Length..].Split('E');
        string digits = parts[0].Replace(".", "", StringComparison.Ordinal).TrimEnd('0');
        if (digits.Length == 0) digits = "0";
        int exponent = int.Parse(parts[1], CultureInfo.InvariantCulture);
        if (exponent is < -4 or >= 16)
        {
            string mantissa = digits.Length > 1 ? digits[..1] + "." + digits[1..] : digits;
            return $"{sign}{mantissa}e{(exponent < 0 ? '-' : '+')}{int.Abs(exponent):00}";
        }
        if (exponent < 0) return sign + "0." + new string('0', -exponent - 1) + digits;
        return sign + (digits.Length > exponent + 1 ? digits[..(exponent + 1)] + "." + digits[(exponent + 1)..] : digits.PadRight(exponent + 1, '0') + ".0");
    }
}

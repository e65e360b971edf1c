using System.Globalization;
using System.Text;

namespace Rlvr.Cli.Output;

/// <summary>Makes text from models and data sets harmless for a terminal: what a model writes must not move the cursor or change its settings.</summary>
internal static class SafeText
{
    /// <summary>Control characters become visible pictures or escapes; line ends and tabs stay.</summary>
    public static string Clean(string text)
    {
        if (!text.Any(IsUnsafe)) return text;
        StringBuilder clean = new(text.Length + 16);
        foreach (char c in text)
        {
            if (!IsUnsafe(c)) clean.Append(c);
            else if (c < 0x20) clean.Append((char)(0x2400 + c)); // the picture of the control character
            else if (c == 0x7F) clean.Append('\u2421');
            else clean.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
        }
        return clean.ToString();
    }

    /// <summary>The same on one line, cut to a length.</summary>
    public static string OneLine(string text, int length)
    {
        string line = Clean(text.ReplaceLineEndings(" ").Replace('\t', ' ')).Trim();
        return line.Length <= length ? line : string.Concat(line.AsSpan(0, length - 1), "…");
    }

    // C0 and C1 controls (an escape sequence begins with one), and the marks that reorder text.
    private static bool IsUnsafe(char c) =>
        (char.IsControl(c) && c is not ('\n' or '\t')) || c is (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');
}

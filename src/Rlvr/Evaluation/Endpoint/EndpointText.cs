using System.Text;

namespace Rlvr.Evaluation.Endpoint;

/// <summary>Text of a server, made fit for a message: it may be long, have many lines, or try to act on a terminal.</summary>
internal static class EndpointText
{
    private const int Longest = 300;

    /// <summary>One line of at most 300 characters, without control characters.</summary>
    public static string OneLine(string text)
    {
        StringBuilder line = new();
        bool space = false;
        foreach (char c in text)
        {
            // Controls, the marks that reorder text, and halves of characters.
            bool unsafeCharacter = char.IsControl(c) || c is (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069') || char.IsSurrogate(c);
            if (unsafeCharacter || char.IsWhiteSpace(c))
            {
                space = line.Length > 0;
                continue;
            }
            if (space) line.Append(' ');
            space = false;
            line.Append(c);
            if (line.Length > Longest) return line.ToString(0, Longest - 4) + " ...";
        }
        return line.ToString();
    }
}

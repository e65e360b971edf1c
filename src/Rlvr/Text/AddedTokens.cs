using System.Buffers;
using System.Globalization;

namespace Rlvr.Text;

/// <summary>A token recognised in a text before the model sees it. The flags are Hugging Face's.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its text.</param>
/// <param name="Special">Left out when decoding skips special tokens.</param>
/// <param name="LeftStrip">Takes the white space before it.</param>
/// <param name="RightStrip">Takes the white space behind it.</param>
/// <param name="SingleWord">Recognised only where it is not part of a longer word.</param>
/// <param name="Normalized">Searched in the normalised text, not in the text as it came.</param>
internal sealed record AddedToken(int Id, string Content, bool Special, bool LeftStrip, bool RightStrip, bool SingleWord, bool Normalized);

/// <summary>Finds added tokens in a text: the leftmost, and of those that start there the longest.</summary>
internal sealed class AddedTokens
{
    private readonly Node root = new();
    private readonly SearchValues<char> firstCharacters;

    /// <summary>Creates the search for some tokens, each with the text it is written as.</summary>
    public AddedTokens(IEnumerable<(AddedToken Token, string Content)> tokens)
    {
        foreach (var (token, content) in tokens)
        {
            Node node = root;
            foreach (char c in content)
            {
                if (!node.Children.TryGetValue(c, out Node? child)) node.Children[c] = child = new();
                node = child;
            }
            node.Token ??= token;
        }
        firstCharacters = SearchValues.Create([.. root.Children.Keys]);
    }

    private sealed class Node
    {
        public Dictionary<char, Node> Children { get; } = [];

        public AddedToken? Token { get; set; }
    }

    /// <summary>
    /// Cuts a text into added tokens and what lies between them, in order; a part without token is text for the model.
    /// </summary>
    public List<(Range Part, AddedToken? Token)> Split(string text)
    {
        List<(Range, AddedToken?)> parts = [];
        int done = 0, search = 0;
        while (Find(text, search) is var (token, at, end))
        {
            search = end;
            if (token.SingleWord && (IsWordEnd(text, at) || IsWordStart(text, end))) continue;
            if (token.LeftStrip)
            {
                while (at > done && char.IsWhiteSpace(text[at - 1])) at--;
            }
            if (token.RightStrip)
            {
                while (end < text.Length && char.IsWhiteSpace(text[end])) end++;
            }
            if (done < at) parts.Add((done..at, null));
            parts.Add((at..end, token));
            done = end;
        }
        if (done < text.Length) parts.Add((done..text.Length, null));
        return parts;
    }

    private (AddedToken Token, int Start, int End)? Find(string text, int from)
    {
        while (from < text.Length && text.AsSpan(from).IndexOfAny(firstCharacters) is >= 0 and int offset)
        {
            int at = from + offset;
            AddedToken? longest = null;
            int end = at;
            Node? node = root;
            for (int i = at; i < text.Length && node.Children.TryGetValue(text[i], out node); i++)
            {
                if (node.Token is null) continue;
                longest = node.Token;
                end = i + 1;
            }
            if (longest is not null) return (longest, at, end);
            from = at + 1;
        }
        return null;
    }

    private static bool IsWordEnd(string text, int end) => end > 0 && IsWordCharacter(text, end > 1 && char.IsSurrogatePair(text, end - 2) ? end - 2 : end - 1);

    private static bool IsWordStart(string text, int start) => start < text.Length && IsWordCharacter(text, start);

    // \w of Unicode regular expressions: alphabetic characters, marks, decimal digits, connector punctuation, joiners.
    private static bool IsWordCharacter(string text, int at)
    {
        UnicodeCategory category = CharUnicodeInfo.GetUnicodeCategory(text, at);
        if (category is <= UnicodeCategory.LetterNumber or UnicodeCategory.ConnectorPunctuation) return true;
        int scalar = char.IsSurrogatePair(text, at) ? char.ConvertToUtf32(text, at) : text[at];
        // Join_Control; circled and squared letters are symbols that count as alphabetic.
        return scalar is 0x200C or 0x200D or (>= 0x24B6 and <= 0x24E9) or (>= 0x1F130 and <= 0x1F149) or (>= 0x1F150 and <= 0x1F169) or (>= 0x1F170 and <= 0x1F189);
    }
}

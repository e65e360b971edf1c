using System.Buffers;

namespace Rlvr.Math;

/// <content>Where to look in a response without a complete box.</content>
public static partial class AnswerExtractor
{
    private static readonly SearchValues<char> PlainLetters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'");

    private static readonly string[] Phrases =
    [
        "answer is", "answers are", "answer:", "answer :", "answer**:", "answer =", "answer to the problem is", "答案是", "答案为", "答案：", "答案:",
    ];

    // \boxed{5 without its end, or boxed{5} without its backslash.
    private static string? BrokenBox(string response)
    {
        if (!TryFindBox(response, response.Length, false, out _, out int start)) return null;
        if (ReadBox(response, start) is { } content) return content;
        int at = response.IndexOf('{', start);
        if (at < 0 || response.AsSpan(start, at - start).ContainsAnyExcept(' ', '\n')) return null;
        ReadOnlySpan<char> rest = response.AsSpan(at + 1);
        int end = rest.IndexOfAny('$', '\n');
        if (end >= 0) rest = rest[..end];
        return NullIfEmpty(rest.Trim());
    }

    private static string? AfterHashes(string response)
    {
        int at = response.LastIndexOf("####", StringComparison.Ordinal);
        return at < 0 ? null : NullIfEmpty(Clean(FirstLine(response.AsSpan(at + 4))));
    }

    private static string? AfterPhrase(string response)
    {
        int at = -1, length = 0;
        foreach (string phrase in Phrases)
        {
            int found = response.LastIndexOf(phrase, StringComparison.OrdinalIgnoreCase);
            if (found > at) (at, length) = (found, phrase.Length);
        }
        if (at < 0) return null;
        ReadOnlySpan<char> rest = FirstLine(response.AsSpan(at + length)).TrimStart(" :*");
        if (rest.Length > 1 && rest[0] == '$')
        {
            ReadOnlySpan<char> inside = rest.TrimStart('$');
            int dollar = inside.IndexOf('$');
            // $5$ and $7$ are two values, $5$. I hope it is correct. is one.
            if (dollar > 0 && (dollar + 1 >= inside.Length || inside[(dollar + 1)..].TrimStart('$') is [] or ['.', ..] or ['*', ..] or [' ', ..]))
            {
                ReadOnlySpan<char> after = inside[dollar..].TrimStart("$*");
                if (after.IndexOf('$') < 0) return NullIfEmpty(Clean(inside[..dollar]));
            }
        }
        int sentence = EndOfSentence(rest);
        return NullIfEmpty(Clean(rest[..sentence]));
    }

    // A full stop with a space or nothing behind it; the point of 0.5 is none.
    private static int EndOfSentence(ReadOnlySpan<char> text)
    {
        for (int i = 0; i < text.Length; i++)
            if (text[i] == '.' && (i + 1 == text.Length || char.IsWhiteSpace(text[i + 1])) && !(i > 0 && text[i - 1] is 'a' or 'p' or 'm')) return i;
        return text.Length;
    }

    // (B), "option B"
    private static string? LastChoice(string response)
    {
        for (int i = response.Length - 1; i >= 0; i--)
        {
            if (response[i] is not (>= 'A' and <= 'J')) continue;
            bool inside = i > 0 && response[i - 1] == '(' && i + 1 < response.Length && response[i + 1] == ')';
            ReadOnlySpan<char> before = response.AsSpan(0, i).TrimEnd();
            bool named = before.EndsWith("option", StringComparison.OrdinalIgnoreCase) || before.EndsWith("choice", StringComparison.OrdinalIgnoreCase);
            bool whole = i + 1 == response.Length || !char.IsLetterOrDigit(response[i + 1]);
            if (inside || (named && whole)) return response[i].ToString();
        }
        return null;
    }

    private static string? LastMath(string response)
    {
        int paragraph = response.TrimEnd().LastIndexOf("\n\n", StringComparison.Ordinal);
        ReadOnlySpan<char> text = response.AsSpan(paragraph < 0 ? 0 : paragraph);
        int close = text.LastIndexOf('$');
        if (close <= 0) return null;
        int last = close > 0 && text[close - 1] == '$' ? close - 1 : close;
        int open = text[..last].LastIndexOf('$');
        // Only where nothing but punctuation follows is it a final answer.
        if (open < 0 || text[(close + 1)..].ContainsAnyExcept(" .*\n")) return null;
        return NullIfEmpty(Clean(text[(open + 1)..last]));
    }

    private static string? LastNumber(string response)
    {
        ReadOnlySpan<char> text = response.AsSpan().TrimEnd();
        ReadOnlySpan<char> line = text[(text.LastIndexOf('\n') + 1)..].TrimEnd(" .*$");
        // Words at the end of the line are no answer; what is no word before them may be one.
        int start = line.Length;
        while (start > 0)
        {
            int space = line[..start].TrimEnd().LastIndexOf(' ');
            ReadOnlySpan<char> word = line[(space + 1)..start].Trim();
            if (IsProse(word)) break;
            start = space + 1;
            if (space < 0) break;
        }
        ReadOnlySpan<char> tail = line[start..].Trim();
        if (tail.ContainsAnyInRange('0', '9') && tail.Length <= 200) return Clean(tail).ToString();
        for (int i = text.Length - 1, low = int.Max(0, text.Length - 4000); i >= low; i--)
        {
            if (!char.IsAsciiDigit(text[i])) continue;
            int end = i + 1;
            while (i > 0 && (char.IsAsciiDigit(text[i - 1]) || (text[i - 1] is '.' or ',' && i > 1 && char.IsAsciiDigit(text[i - 2])))) i--;
            if (i > 0 && text[i - 1] == '-') i--;
            return text[i..end].ToString();
        }
        return null;
    }

    private static bool IsProse(ReadOnlySpan<char> word)
    {
        if (word.EndsWith(".") || word.EndsWith(":") || word.EndsWith(",") && word.ContainsAnyInRange('a', 'z')) return true;
        return word.Length >= 2 && !word.Contains('\\') && !word.ContainsAnyExcept(PlainLetters);
    }

    private static ReadOnlySpan<char> FirstLine(ReadOnlySpan<char> text)
    {
        text = text.TrimStart();
        int end = text.IndexOf('\n');
        return end < 0 ? text : text[..end];
    }

    private static ReadOnlySpan<char> Clean(ReadOnlySpan<char> text) => text.Trim().Trim('*').TrimEnd(".").Trim().Trim('$').Trim();

    private static string? NullIfEmpty(ReadOnlySpan<char> text) => text.IsEmpty ? null : text.ToString();
}

namespace Rlvr.Math;

/// <summary>Finds the final answer in a response. Only the response is searched; what the prompt says is no answer.</summary>
public static partial class AnswerExtractor
{
    /// <summary>
    /// The content of the last complete <c>\boxed{...}</c> or <c>\fbox{...}</c> of a response, with balanced braces and without white
    /// space at its ends; of boxes inside boxes the inner one. Null where there is no box. An empty box gives the empty string.
    /// </summary>
    /// <param name="response">The response's text, without the prompt.</param>
    public static string? LastBoxed(string response)
    {
        ArgumentNullException.ThrowIfNull(response);
        for (int end = response.Length; TryFindBox(response, end, true, out int name, out int start); end = name)
            if (ReadBox(response, start) is { } content) return content;
        return null;
    }

    // The last "boxed" or "fbox" before end: where its name begins, and where its content follows.
    private static bool TryFindBox(string text, int end, bool backslash, out int name, out int start)
    {
        name = start = -1;
        while (end > 0)
        {
            int at = text.AsSpan(0, end).LastIndexOf("box");
            if (at < 0) return false;
            end = at;
            if (at >= 1 && text[at - 1] == 'f') (name, start) = (at - 1, at + 3);
            else if (at + 5 <= text.Length && text[at + 3] == 'e' && text[at + 4] == 'd') (name, start) = (at, at + 5);
            else continue;
            if (name > 0 && text[name - 1] == '\\') return true;
            if (!backslash && start < text.Length && text[start] == '{' && (name == 0 || !char.IsLetterOrDigit(text[name - 1]))) return true;
        }
        return false;
    }

    // {content}, or a single token as TeX has it; null where the brace is never closed.
    private static string? ReadBox(string text, int start)
    {
        int at = start;
        while (at < text.Length && char.IsWhiteSpace(text[at])) at++;
        if (at >= text.Length) return null;
        if (text[at] != '{')
        {
            if (at == start && char.IsLetter(text[at])) return null; // \boxedfoo
            int length = text.AsSpan(at).IndexOfAny(" $\n\r\t");
            string token = length < 0 ? text[at..] : text.Substring(at, length);
            return token.Length is 0 or > 64 ? null : token;
        }
        int depth = 0;
        for (int i = at; i < text.Length; i++)
        {
            char c = text[i];
            if (c == '\\') { i++; continue; } // \{ and \} are no braces
            if (c == '{') depth++;
            else if (c == '}' && --depth == 0) return text.AsSpan(at + 1, i - at - 1).Trim().ToString();
        }
        return null;
    }
}

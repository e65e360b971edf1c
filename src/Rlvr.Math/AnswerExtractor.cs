namespace Rlvr.Math;

/// <summary>Finds the final answer in a response. Only the response is searched; what the prompt says is no answer.</summary>
public static partial class AnswerExtractor
{
    private const string ThinkingEnd = "</think>";

    /// <summary>
    /// The content of the last complete <c>\boxed{...}</c> or <c>\fbox{...}</c> of a response, with balanced braces and without white
    /// space at its ends; of boxes inside boxes the inner one. Null where there is no box. An empty box gives the empty string.
    /// </summary>
    /// <param name="response">The response's text, without the prompt.</param>
    public static string? LastBoxed(string response)
    {
        ArgumentNullException.ThrowIfNull(response);
        int budget = 4; // every box that is never closed costs a look at the rest of the text
        for (int end = response.Length; budget > 0 && TryFindBox(response, end, true, out int name, out int start); end = name)
        {
            if (ReadBox(response, start) is { } content) return content;
            budget--;
        }
        return null;
    }

    /// <summary>The answer of a response from the first of the named sources that has one; null where none has.</summary>
    /// <param name="response">The response's text, without the prompt.</param>
    /// <param name="sources">Where to look.</param>
    /// <param name="afterThinking">Whether only the text after the last <c>&lt;/think&gt;</c> is searched; without one there is no answer.</param>
    public static string? Extract(string response, AnswerSources sources = AnswerSources.Box, bool afterThinking = false)
    {
        ArgumentNullException.ThrowIfNull(response);
        if (afterThinking)
        {
            if (AfterThinking(response) is not { } rest) return null;
            response = rest;
        }
        string? answer = null;
        if (sources.HasFlag(AnswerSources.Box)) answer = LastBoxed(response);
        if (answer is null && sources.HasFlag(AnswerSources.BrokenBox)) answer = BrokenBox(response);
        if (answer is null && sources.HasFlag(AnswerSources.Hashes)) answer = AfterHashes(response);
        if (answer is null && sources.HasFlag(AnswerSources.Phrase)) answer = AfterPhrase(response);
        if (answer is null && sources.HasFlag(AnswerSources.ChoiceLetter)) answer = LastChoice(response);
        if (answer is null && sources.HasFlag(AnswerSources.LastMath)) answer = LastMath(response);
        if (answer is null && sources.HasFlag(AnswerSources.LastNumber)) answer = LastNumber(response);
        return answer;
    }

    /// <summary>The text after the last <c>&lt;/think&gt;</c>; null where there is none.</summary>
    /// <param name="response">The response's text, without the prompt.</param>
    public static string? AfterThinking(string response)
    {
        ArgumentNullException.ThrowIfNull(response);
        int end = response.LastIndexOf(ThinkingEnd, StringComparison.Ordinal);
        return end < 0 ? null : response[(end + ThinkingEnd.Length)..];
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

    // {content}, or, without braces, what stands before the dollar sign or space; null where the brace is never closed.
    private static string? ReadBox(string text, int start)
    {
        int at = start;
        while (at < text.Length && char.IsWhiteSpace(text[at])) at++;
        if (at >= text.Length) return null;
        if (text[at] != '{')
        {
            if (at == start && char.IsLetter(text[at])) return null; // \boxedfoo
            ReadOnlySpan<char> rest = text.AsSpan(at);
            int length = rest.IndexOfAny('$', '\n');
            if (length < 0 || rest[length] != '$') length = rest.IndexOfAny(" \n\r\t");
            string token = (length < 0 ? rest : rest[..length]).Trim().ToString();
            return token.Length is 0 or > 200 ? null : token;
        }
        int depth = 0;
        for (int i = at; i < text.Length; i++)
        {
            char c = text[i];
            if (c == '\\') i++; // \{ and \} are no braces
            else if (c == '{') depth++;
            else if (c == '}' && --depth == 0) return text.AsSpan(at + 1, i - at - 1).Trim().ToString();
        }
        return null;
    }
}

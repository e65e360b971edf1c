using Rlvr.Data;

namespace Rlvr.Rewards;

/// <summary>The choices of a multiple-choice question, as problems write them and labels name them.</summary>
internal static class Choices
{
    private const int MaxChoices = 26;

    // What typesetting leaves around a choice: \textbf{(A) }12 \qquad
    private static readonly string[] Before = ["\\textbf{", "\\text{", "\\mathrm{", "\\mathbf{", "\\qquad", "\\quad", "\\", "$", ";", ","];
    private static readonly string[] After = ["}", "\\ ", "\\", "~", ":", "$"];

    /// <summary>The texts of a problem's choices: those that its data set names (<see cref="Problem.Choices"/>), else those that its text lists.</summary>
    public static IReadOnlyList<string> Of(Problem problem) => problem.Choices.Count > 0 ? problem.Choices : Read(problem.Text);

    /// <summary>
    /// The texts of the choices A, B, C ... of a problem's text, in the style of most of them: <c>(A) 3</c>, <c>A) 3</c>, <c>A. 3</c> or <c>A: 3</c>, each
    /// at the start of a line or behind a space. Empty where the problem lists none.
    /// </summary>
    public static IReadOnlyList<string> Read(string problem)
    {
        List<string> best = [];
        foreach ((string open, string close) in ((string, string)[])[("(", ")"), ("", ")"), ("", "."), ("", ":")])
        {
            List<string> found = Read(problem, open, close);
            if (found.Count > int.Max(1, best.Count)) best = found;
        }
        return best;
    }

    /// <summary>Whether a text names one choice: <c>B</c>, <c>(B)</c>, <c>b)</c>, <c>B. twelve</c>; not <c>Bat</c>, <c>A dog</c>.</summary>
    public static bool TryLetter(string text, out char letter)
    {
        ReadOnlySpan<char> rest = text.AsSpan().Trim();
        letter = default;
        bool open = rest is ['(', ..];
        if (open) rest = rest[1..].TrimStart();
        if (rest.IsEmpty || !char.IsAsciiLetter(rest[0])) return false;
        char named = char.ToUpperInvariant(rest[0]);
        rest = rest[1..].TrimStart();
        bool closed = open ? rest is [')', ..] : rest.IsEmpty || rest[0] is ')' or '.' or ':';
        if (closed) letter = named;
        return closed;
    }

    /// <summary>Whether a text is several letters: <c>BD</c>, <c>B, D</c>, <c>B and D</c>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="count">How many choices there are; 0 where that is not known.</param>
    public static bool AreLetters(string text, int count)
    {
        string letters = text.Replace(" and ", ",").Replace(",", "").Replace(" ", "");
        char last = (char)('A' + (count == 0 ? MaxChoices : count) - 1);
        return letters.Length is > 1 and <= MaxChoices && !letters.AsSpan().ContainsAnyExceptInRange('A', last) && letters.Distinct().Count() == letters.Length;
    }

    private static List<string> Read(string problem, string open, string close)
    {
        List<string> texts = [];
        int start = -1;
        for (int i = 0, from = 0; i < MaxChoices; i++)
        {
            string marker = $"{open}{(char)('A' + i)}{close}";
            int at = IndexOfMarker(problem, marker, from);
            if (at < 0) break;
            if (start >= 0) texts.Add(Clean(problem.AsSpan(start, at - start)));
            start = from = at + marker.Length;
        }
        // The last choice ends with its line.
        if (start >= 0)
        {
            ReadOnlySpan<char> rest = problem.AsSpan(start).TrimStart();
            int line = rest.IndexOf('\n');
            texts.Add(Clean(line < 0 ? rest : rest[..line]));
        }
        return texts;
    }

    private static int IndexOfMarker(string problem, string marker, int from)
    {
        for (int at = from; (at = problem.IndexOf(marker, at, StringComparison.Ordinal)) >= 0; at++)
            if (at == 0 || char.IsWhiteSpace(problem[at - 1]) || problem[at - 1] is '{' or '$' or '*') return at;
        return -1;
    }

    private static string Clean(ReadOnlySpan<char> text)
    {
        string before;
        string clean = text.Trim().ToString();
        do
        {
            before = clean;
            foreach (string mark in Before) if (clean.EndsWith(mark, StringComparison.Ordinal)) clean = clean[..^mark.Length].TrimEnd();
            foreach (string mark in After) if (clean.StartsWith(mark, StringComparison.Ordinal) && !IsCommand(clean)) clean = clean[mark.Length..].TrimStart();
        }
        while (clean != before);
        return clean;
    }

    // \frac is no spacing.
    private static bool IsCommand(string text) => text.Length > 1 && text[0] == '\\' && char.IsAsciiLetter(text[1]);
}

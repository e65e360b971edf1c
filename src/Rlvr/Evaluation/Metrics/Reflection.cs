namespace Rlvr.Evaluation;

/// <summary>Words with which a model looks back at what it has written: "rethink", "recheck" and "recalculate" in arXiv 2504.20571, section 4.1.</summary>
public static class Reflection
{
    /// <summary>The paper's words.</summary>
    public static IReadOnlyList<string> Words { get; } = ["rethink", "recheck", "recalculate"];

    /// <summary>Which of some words occur in a response: as whole words, whatever their case ("Recheck," does, "rechecked" does not).</summary>
    /// <param name="response">The response, untrusted.</param>
    /// <param name="words">The words, or phrases.</param>
    public static IReadOnlyList<string> Find(string response, IReadOnlyList<string> words) => [.. words.Where(word => Occurs(response, word))];

    private static bool Occurs(string text, string word)
    {
        for (int at = -1; word.Length > 0 && (at = text.IndexOf(word, at + 1, StringComparison.OrdinalIgnoreCase)) >= 0;)
        {
            int end = at + word.Length;
            if ((at == 0 || !IsWord(text[at - 1])) && (end == text.Length || !IsWord(text[end]))) return true;
        }
        return false;
    }

    private static bool IsWord(char c) => char.IsLetterOrDigit(c) || c == '_';
}

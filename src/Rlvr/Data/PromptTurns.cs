namespace Rlvr.Data;

/// <summary>How a template that is a whole prompt goes on after a response: what a demonstration before the question needs.</summary>
/// <param name="Head">The beginning of the prompt, which stands there once only.</param>
/// <param name="Close">What ends a response.</param>
/// <param name="Opening">The end of the prompt that belongs to the response that is asked for, and is not part of the one shown.</param>
internal sealed record PromptTurns(string Head, string Close, string Opening = "")
{
    /// <summary>A text without turns: a blank line ends a response.</summary>
    public static PromptTurns Text { get; } = new("", "\n\n");

    /// <summary>The prompt with another one and its response before it.</summary>
    /// <param name="shown">The prompt of the demonstration.</param>
    /// <param name="response">Its response.</param>
    /// <param name="prompt">The prompt of the question.</param>
    public string Join(string shown, string response, string prompt)
    {
        string asked = Opening.Length > 0 && shown.EndsWith(Opening, StringComparison.Ordinal) ? shown[..^Opening.Length] : shown;
        string rest = prompt.StartsWith(Head, StringComparison.Ordinal) ? prompt[Head.Length..] : prompt;
        return asked + Between(asked) + response + Close + rest;
    }

    // "Answer:" is followed by a space, a bare problem by a line of its own; prompts with marks say it themselves.
    private static string Between(string prompt) => prompt.Length == 0 || char.IsWhiteSpace(prompt[^1]) || prompt[^1] is '>' or '｜' ? "" : prompt[^1] == ':' ? " " : "\n";
}

namespace Rlvr.Data;

/// <summary>How multiple-choice problems are shown and labelled: by the letters A, B, C ... in the order of the choices.</summary>
public static class MultipleChoice
{
    /// <summary>The most choices a problem can have: as many as there are letters.</summary>
    public const int MaxChoices = 26;

    /// <summary>The letter of a choice, counted from 0.</summary>
    public static string Letter(int index) => ((char)('A' + index)).ToString();

    /// <summary>
    /// The problem with its choices on a line of their own, <c>Answer Choices: (A) ... (B) ...</c>: the form in which the evaluation released
    /// with arXiv 2504.20571 (that of Qwen2.5-Math) puts its multiple-choice sets to a model. Without choices the text alone.
    /// </summary>
    public static string Statement(string text, IReadOnlyList<string> choices) => choices.Count == 0 ? text
        : $"{text}\nAnswer Choices: {string.Join(' ', choices.Select((choice, i) => $"({Letter(i)}) {choice}"))}";
}

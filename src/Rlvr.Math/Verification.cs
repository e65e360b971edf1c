namespace Rlvr.Math;

/// <summary>A verdict together with everything that explains it.</summary>
/// <param name="Verdict">The verdict.</param>
/// <param name="Extracted">The answer's text as it stood in the response; null where there was none.</param>
/// <param name="AnswerForm">The normal form the answer was read as; null where it could not be read.</param>
/// <param name="ExpectedForm">The normal form the expected answer was read as; null where it could not be read.</param>
/// <param name="Rule">The rule that decided, for example <c>rational</c>, <c>same-text</c>, <c>set</c>, <c>no-box</c>.</param>
public sealed record Verification(Verdict Verdict, string? Extracted, string? AnswerForm, string? ExpectedForm, string Rule)
{
    /// <summary>Whether the verdict is <see cref="Verdict.Correct"/>: the only one that earns a reward.</summary>
    public bool IsCorrect => Verdict == Verdict.Correct;
}

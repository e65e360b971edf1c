using Rlvr.Rollouts;

namespace Rlvr.Evaluation;

/// <summary>One response of an evaluation, judged.</summary>
/// <param name="Problem">Index of its problem in <see cref="EvaluationResult.Problems"/>.</param>
/// <param name="Sample">Number of the response among those of the problem, from 0.</param>
/// <param name="Text">What the model wrote.</param>
/// <param name="Correct">Whether the answer is right.</param>
/// <param name="Verdict">The verifier's word.</param>
/// <param name="Extracted">The answer found; null where there is none.</param>
/// <param name="Boxed">Whether there is a boxed answer at all.</param>
/// <param name="Tokens">Length in tokens, the end token included.</param>
/// <param name="Finish">Why it ended.</param>
public sealed record EvaluatedResponse(
    int Problem, int Sample, string Text, bool Correct, string Verdict, string? Extracted, bool Boxed, int Tokens, FinishReason Finish)
{
    /// <summary>The verifier's rule that decided; null where the judge names none.</summary>
    public string? Rule { get; init; }

    /// <summary>Whether it goes round in circles; see <see cref="Evaluation.Repetition"/>.</summary>
    public bool Repetitive { get; init; }

    /// <summary>The words of self-reflection in it; see <see cref="Evaluation.Reflection"/>.</summary>
    public IReadOnlyList<string> Reflection { get; init; } = [];
}

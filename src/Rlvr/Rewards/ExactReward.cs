using Rlvr.Data;

namespace Rlvr.Rewards;

/// <summary>1 if the answer is the label, character by character (ordinal), else 0.</summary>
/// <param name="trim">Whether white space at both ends of the answer and the label does not count.</param>
/// <param name="ignoreCase">Whether capital and small letters are the same.</param>
/// <param name="place">Where the answer stands in the response.</param>
public sealed class ExactReward(bool trim = true, bool ignoreCase = false, AnswerPlace place = AnswerPlace.Box) : IReward
{
    private readonly StringComparison comparison = ignoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;

    /// <inheritdoc/>
    public RewardResult Score(Problem problem, string response, RewardContext context = default)
    {
        string? answer = place.Find(response);
        if (LabelProblem(problem) is { } reason) return RewardResult.UnparsableLabel(reason, answer);
        if (string.IsNullOrWhiteSpace(answer)) return RewardResult.NoAnswer(answer);
        ReadOnlySpan<char> given = answer, label = problem.Answer;
        return RewardResult.Judged(trim ? given.Trim().Equals(label.Trim(), comparison) : given.Equals(label, comparison), answer);
    }

    /// <inheritdoc/>
    public string? LabelProblem(Problem problem) => string.IsNullOrWhiteSpace(problem.Answer) ? "empty" : null;
}

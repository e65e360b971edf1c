using Rlvr.Data;
using Rlvr.Math;

namespace Rlvr.Rewards;

/// <summary>1 if the response has a box at all, right or wrong: the paper's control for learning the format only (its Table 8 and Appendix C.2.3).</summary>
public sealed class FormatReward(VerifierProfile profile = VerifierProfile.Training) : IReward
{
    private readonly MathReward answer = new(profile);

    /// <inheritdoc/>
    public RewardResult Score(Problem problem, string response, RewardContext context = default)
    {
        RewardResult judged = answer.Score(problem, response, context);
        return judged.Verdict == RewardVerdicts.UnparsableLabel ? judged : judged with { Value = AnswerExtractor.LastBoxed(response) is null ? 0 : 1 };
    }

    /// <inheritdoc/>
    public string? LabelProblem(Problem problem) => answer.LabelProblem(problem);
}

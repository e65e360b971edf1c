using Rlvr.Data;
using Rlvr.Math;

namespace Rlvr.Rewards;

/// <summary>1 if the response has a box at all, right or wrong: the paper's control for learning the format only (its Table 8 and Appendix C.2.3).</summary>
public sealed class FormatReward(VerifierProfile profile = VerifierProfile.Training) : IReward
{
    private readonly MathReward answer = new(profile);

    /// <inheritdoc/>
    public RewardResult Score(Problem problem, string response, ulong randomBits = 0) =>
        answer.Score(problem, response) with { Value = AnswerExtractor.LastBoxed(response) is null ? 0 : 1 };
}

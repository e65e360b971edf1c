using Rlvr.Data;
using Rlvr.Math;

namespace Rlvr.Rewards;

/// <summary>A fair coin for every rollout: the control that nothing is learnt from noise.</summary>
public sealed class RandomReward(VerifierProfile profile = VerifierProfile.Training) : IReward
{
    private readonly MathReward answer = new(profile);

    /// <inheritdoc/>
    public RewardResult Score(Problem problem, string response, RewardContext context = default)
    {
        RewardResult judged = answer.Score(problem, response, context);
        return judged.Verdict == RewardVerdicts.UnparsableLabel ? judged : judged with { Value = context.RandomBits >> 63 };
    }

    /// <inheritdoc/>
    public string? LabelProblem(Problem problem) => answer.LabelProblem(problem);
}

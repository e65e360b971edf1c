using System.ComponentModel.DataAnnotations;

namespace Rlvr.Algorithms.Advantages;

/// <summary>
/// GRPO's mean by group with the deviation of the whole batch (Lite PPO, arXiv 2508.08221): A = (s - mean of the group) / (std of the
/// batch + epsilon). Steadier than a deviation of few rows where most groups are nearly equal.
/// </summary>
/// <param name="Epsilon">Added to the standard deviation.</param>
public sealed record LitePpo([Range(0.0, 1.0)] double Epsilon = Grpo.DefaultEpsilon) : IAdvantageEstimator
{
    /// <inheritdoc/>
    public AdvantageNeeds Needs => AdvantageNeeds.Groups;

    /// <inheritdoc/>
    public StepAdvantages Compute(AdvantageBatch batch) => StepAdvantages.ByRow(Compute(batch.Scores, batch.Groups, Epsilon), batch);

    /// <summary>One advantage per row, the same for all its response tokens.</summary>
    /// <param name="scores">Total reward of each row; NaN for one that could not be scored, which gets 0.</param>
    /// <param name="groups">Group of each row: any numbers, in any order.</param>
    /// <param name="epsilon">Added to the standard deviation.</param>
    public static double[] Compute(ReadOnlySpan<double> scores, ReadOnlySpan<int> groups, double epsilon = Grpo.DefaultEpsilon)
    {
        double[] advantages = DrGrpo.Compute(scores, groups);
        double deviation = Deviation(scores);
        for (int row = 0; row < advantages.Length; row++) advantages[row] /= deviation + epsilon;
        return advantages;
    }

    private static double Deviation(ReadOnlySpan<double> scores) =>
        scores.Length == 0 ? 0 : GroupStatistics.Of(scores, new int[scores.Length]).Deviations[0];
}

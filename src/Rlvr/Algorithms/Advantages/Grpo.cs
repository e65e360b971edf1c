using System.ComponentModel.DataAnnotations;

namespace Rlvr.Algorithms.Advantages;

/// <summary>
/// Group relative policy optimisation (DeepSeekMath, arXiv 2402.03300, section 4.1): A = (s - mean) / (std + epsilon) inside the group,
/// std with n - 1. A group of one keeps its score: mean 0, std 1. As in the released code of arXiv 2504.20571.
/// </summary>
/// <param name="Epsilon">Added to the standard deviation.</param>
public sealed record Grpo([Range(0.0, 1.0)] double Epsilon = Grpo.DefaultEpsilon) : IAdvantageEstimator
{
    /// <summary>Keeps the quotient finite where all scores of a group are equal.</summary>
    public const double DefaultEpsilon = 1e-6;

    /// <inheritdoc/>
    public AdvantageNeeds Needs => AdvantageNeeds.Groups;

    /// <inheritdoc/>
    public StepAdvantages Compute(AdvantageBatch batch) => StepAdvantages.ByRow(Compute(batch.Scores, batch.Groups, Epsilon), batch);

    /// <summary>One advantage per row, the same for all its response tokens.</summary>
    /// <param name="scores">Total reward of each row; NaN for one that could not be scored, which gets 0.</param>
    /// <param name="groups">Group of each row: any numbers, in any order.</param>
    /// <param name="epsilon">Added to the standard deviation.</param>
    public static double[] Compute(ReadOnlySpan<double> scores, ReadOnlySpan<int> groups, double epsilon = DefaultEpsilon)
    {
        GroupStatistics group = GroupStatistics.Of(scores, groups);
        double[] advantages = new double[scores.Length];
        for (int row = 0; row < scores.Length; row++)
            advantages[row] = group.Sizes[row] == 1
                ? scores[row] / (1 + epsilon)
                : (scores[row] - group.Means[row]) / (group.Deviations[row] + epsilon);
        return RowAdvantages.ZeroWhereUnscored(advantages);
    }
}

namespace Rlvr.Algorithms.Advantages;

/// <summary>
/// Dr. GRPO (Understanding R1-Zero-Like Training, arXiv 2503.20783): GRPO without the division by the standard deviation,
/// A = s - mean, so that very easy and very hard problems are not weighted up. A group of one keeps its score.
/// </summary>
public sealed record DrGrpo : IAdvantageEstimator
{
    /// <inheritdoc/>
    public AdvantageNeeds Needs => AdvantageNeeds.Groups;

    /// <inheritdoc/>
    public StepAdvantages Compute(AdvantageBatch batch) => StepAdvantages.ByRow(Compute(batch.Scores, batch.Groups), batch);

    /// <summary>One advantage per row, the same for all its response tokens.</summary>
    /// <param name="scores">Total reward of each row; NaN for one that could not be scored, which gets 0.</param>
    /// <param name="groups">Group of each row: any numbers, in any order.</param>
    public static double[] Compute(ReadOnlySpan<double> scores, ReadOnlySpan<int> groups)
    {
        GroupStatistics group = GroupStatistics.Of(scores, groups);
        double[] advantages = new double[scores.Length];
        for (int row = 0; row < scores.Length; row++)
            advantages[row] = group.Sizes[row] == 1 ? scores[row] : scores[row] - group.Means[row];
        return RowAdvantages.ZeroWhereUnscored(advantages);
    }
}

namespace Rlvr.Algorithms.Advantages;

/// <summary>
/// On-policy optimisation with the optimal baseline (OPO, arXiv 2505.23585): A = s - sum(length s) / sum(length) over the group, the
/// baseline of least variance when a gradient's size grows with the response's length. A group of one keeps its score.
/// </summary>
public sealed record Opo : IAdvantageEstimator
{
    /// <inheritdoc/>
    public AdvantageNeeds Needs => AdvantageNeeds.Groups;

    /// <inheritdoc/>
    public StepAdvantages Compute(AdvantageBatch batch) => StepAdvantages.ByRow(Compute(batch.Scores, batch.Groups, batch.Lengths), batch);

    /// <summary>One advantage per row, the same for all its response tokens.</summary>
    /// <param name="scores">Total reward of each row.</param>
    /// <param name="groups">Group of each row: any numbers, in any order.</param>
    /// <param name="lengths">Response tokens of each row.</param>
    public static double[] Compute(ReadOnlySpan<double> scores, ReadOnlySpan<int> groups, ReadOnlySpan<int> lengths)
    {
        double[] weighted = new double[scores.Length], weights = new double[scores.Length];
        for (int row = 0; row < scores.Length; row++) (weighted[row], weights[row]) = (scores[row] * lengths[row], lengths[row]);
        GroupStatistics numerator = GroupStatistics.Of(weighted, groups), denominator = GroupStatistics.Of(weights, groups);
        double[] advantages = new double[scores.Length];
        for (int row = 0; row < scores.Length; row++)
            advantages[row] = numerator.Sizes[row] == 1 ? scores[row] : scores[row] - numerator.Means[row] / denominator.Means[row];
        return advantages;
    }
}

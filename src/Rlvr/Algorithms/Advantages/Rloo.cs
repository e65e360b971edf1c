namespace Rlvr.Algorithms.Advantages;

/// <summary>
/// REINFORCE leave-one-out (arXiv 2402.14740): the score minus the mean of the group's other rows, which is
/// (s - mean) n / (n - 1). A group of one keeps its score: there is nothing to compare it with.
/// </summary>
public sealed record Rloo : IAdvantageEstimator
{
    /// <inheritdoc/>
    public AdvantageNeeds Needs => AdvantageNeeds.Groups;

    /// <inheritdoc/>
    public StepAdvantages Compute(AdvantageBatch batch) => StepAdvantages.ByRow(Compute(batch.Scores, batch.Groups), batch);

    /// <summary>One advantage per row, the same for all its response tokens.</summary>
    /// <param name="scores">Total reward of each row.</param>
    /// <param name="groups">Group of each row: any numbers, in any order.</param>
    public static double[] Compute(ReadOnlySpan<double> scores, ReadOnlySpan<int> groups)
    {
        GroupStatistics group = GroupStatistics.Of(scores, groups);
        double[] advantages = new double[scores.Length];
        for (int row = 0; row < scores.Length; row++)
        {
            double n = group.Sizes[row];
            advantages[row] = n == 1 ? scores[row] : (scores[row] - group.Means[row]) * n / (n - 1);
        }
        return advantages;
    }
}

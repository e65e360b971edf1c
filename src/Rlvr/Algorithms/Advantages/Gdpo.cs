namespace Rlvr.Algorithms.Advantages;

/// <summary>
/// Several rewards at once. GDPO (arXiv 2601.05242) normalises every reward inside its group before it adds them, so that a reward
/// of small spread is not drowned by one of large spread; the sum is then normalised over the batch.
/// </summary>
public static class Gdpo
{
    /// <summary>One advantage per row, the same for all its response tokens.</summary>
    /// <param name="rewards">rewards[k][row]: what reward function k gave; NaN where it gave nothing.</param>
    /// <param name="weights">Weight of each function.</param>
    /// <param name="groups">Group of each row: any numbers, in any order.</param>
    /// <param name="epsilon">Added to the standard deviations.</param>
    /// <returns>0 for rows that no function scored.</returns>
    public static double[] Compute(IReadOnlyList<double[]> rewards, ReadOnlySpan<double> weights, ReadOnlySpan<int> groups, double epsilon = 1e-4)
    {
        var normalized = new double[rewards.Count][];
        for (int k = 0; k < rewards.Count; k++)
        {
            GroupStatistics group = GroupStatistics.Of(rewards[k], groups);
            normalized[k] = new double[groups.Length];
            for (int row = 0; row < groups.Length; row++)
                normalized[k][row] = (rewards[k][row] - group.Means[row]) / (group.Deviations[row] + epsilon);
        }
        return Grpo.Compute(Sum(normalized, weights), new int[groups.Length], epsilon);
    }

    /// <summary>The weighted sum of rewards by row, over the functions that gave one; NaN for rows that none scored.</summary>
    /// <param name="rewards">rewards[k][row].</param>
    /// <param name="weights">Weight of each function.</param>
    public static double[] Sum(IReadOnlyList<double[]> rewards, ReadOnlySpan<double> weights)
    {
        if (rewards.Count != weights.Length)
            throw new ArgumentException($"{rewards.Count} reward functions but {weights.Length} weights", nameof(weights));
        double[] sums = new double[rewards.Count == 0 ? 0 : rewards[0].Length];
        for (int row = 0; row < sums.Length; row++)
        {
            bool scored = false;
            for (int k = 0; k < rewards.Count; k++)
            {
                if (double.IsNaN(rewards[k][row])) continue;
                scored = true;
                sums[row] += weights[k] * rewards[k][row];
            }
            if (!scored) sums[row] = double.NaN;
        }
        return sums;
    }
}

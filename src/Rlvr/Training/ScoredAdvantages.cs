using Rlvr.Algorithms.Advantages;

namespace Rlvr.Training;

/// <summary>
/// Advantages where some responses could not be scored: those are left out before any estimator sees them, as if they had not been
/// drawn, and get advantage 0, so that they move nothing.
/// </summary>
internal static class ScoredAdvantages
{
    /// <summary>One advantage per row.</summary>
    /// <param name="estimator">Advantages of rows that all have a reward.</param>
    /// <param name="rewards">Reward of each row; NaN for one that could not be scored.</param>
    /// <param name="groups">Group of each row.</param>
    /// <param name="lengths">Response tokens of each row.</param>
    public static double[] Compute(AdvantageEstimator estimator, double[] rewards, int[] groups, int[] lengths)
    {
        if (!rewards.Any(double.IsNaN)) return estimator(rewards, groups, lengths);
        // The one that is left of a group has nothing to be compared with, and estimators take a group of one for its bare reward.
        HashSet<int> alone = [.. Enumerable.Range(0, rewards.Length).GroupBy(row => groups[row])
            .Where(group => group.Count() > 1 && group.Count(row => !double.IsNaN(rewards[row])) < 2).Select(group => group.Key)];
        int[] rows = [.. Enumerable.Range(0, rewards.Length).Where(row => !double.IsNaN(rewards[row]) && !alone.Contains(groups[row]))];
        double[] advantages = new double[rewards.Length];
        if (rows.Length == 0) return advantages;
        double[] scored = estimator([.. rows.Select(row => rewards[row])], [.. rows.Select(row => groups[row])], [.. rows.Select(row => lengths[row])]);
        for (int i = 0; i < rows.Length; i++) advantages[rows[i]] = scored[i];
        return advantages;
    }
}

using Rlvr.Algorithms.Advantages;

namespace Rlvr.Training;

/// <summary>
/// Advantages where some responses could not be scored: those are left out before any estimator sees them, as if they had not been
/// drawn, and get advantage 0, so that they move nothing.
/// </summary>
internal static class ScoredAdvantages
{
    /// <summary>Advantages of every row.</summary>
    /// <param name="estimator">Advantages of rows that all have a reward.</param>
    /// <param name="batch">The rows; the score is NaN of one that could not be scored, the baseline of one whose greedy response could not.</param>
    public static StepAdvantages Compute(IAdvantageEstimator estimator, AdvantageBatch batch)
    {
        int[] rows = [.. Enumerable.Range(0, batch.Scores.Length).Where(row => !double.IsNaN(batch.Scores[row]) && !double.IsNaN(batch.Baselines?[row] ?? 0))];
        if (rows.Length == batch.Scores.Length) return estimator.Compute(batch);
        if (estimator.Needs.HasFlag(AdvantageNeeds.Groups))
        {
            // The one that is left of a group has nothing to be compared with, and estimators take a group of one for its bare reward.
            Dictionary<int, int> drawn = batch.Groups.CountBy(group => group).ToDictionary(), left = rows.CountBy(row => batch.Groups[row]).ToDictionary();
            rows = [.. rows.Where(row => left[batch.Groups[row]] > 1 || drawn[batch.Groups[row]] == 1)];
        }
        if (rows.Length == 0) return StepAdvantages.ByRow(new double[batch.Scores.Length], batch);
        return estimator.Compute(batch.Only(rows)).In(rows, batch.Lengths);
    }
}

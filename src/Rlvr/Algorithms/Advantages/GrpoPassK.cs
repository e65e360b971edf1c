using System.ComponentModel.DataAnnotations;

namespace Rlvr.Algorithms.Advantages;

/// <summary>
/// GRPO for pass@k (arXiv 2503.19595): only the best row of a group learns, by its margin over the second best,
/// (s_1 - s_2) / (std + epsilon); all others get 0. Of equal best rows the last one counts, with margin 0.
/// </summary>
/// <param name="Normalize">Divide by the group's standard deviation (n - 1).</param>
/// <param name="Epsilon">Added to the standard deviation.</param>
public sealed record GrpoPassK(bool Normalize = true, [Range(0.0, 1.0)] double Epsilon = Grpo.DefaultEpsilon) : IAdvantageEstimator
{
    /// <inheritdoc/>
    public AdvantageNeeds Needs => AdvantageNeeds.Groups;

    /// <inheritdoc/>
    public StepAdvantages Compute(AdvantageBatch batch) => StepAdvantages.ByRow(Compute(batch.Scores, batch.Groups, Normalize, Epsilon), batch);

    /// <summary>One advantage per row, the same for all its response tokens.</summary>
    /// <param name="scores">Total reward of each row.</param>
    /// <param name="groups">Group of each row: any numbers, in any order.</param>
    /// <param name="normalize">Divide by the group's standard deviation (n - 1).</param>
    /// <param name="epsilon">Added to the standard deviation.</param>
    /// <exception cref="RlvrException">A group has only one row.</exception>
    public static double[] Compute(ReadOnlySpan<double> scores, ReadOnlySpan<int> groups, bool normalize = true, double epsilon = Grpo.DefaultEpsilon)
    {
        GroupStatistics group = GroupStatistics.Of(scores, groups);
        var top = new Dictionary<int, (int Row, double First, double Second)>();
        for (int row = 0; row < scores.Length; row++)
        {
            if (group.Sizes[row] < 2) throw new RlvrException($"grpo_passk compares the two best rows of a group, but row {row} is alone in group {groups[row]}: set rollout.group_size to 2 or more");
            (int Row, double First, double Second) best = top.TryGetValue(groups[row], out var found) ? found : (row, double.NegativeInfinity, double.NegativeInfinity);
            top[groups[row]] = scores[row] >= best.First ? (row, scores[row], best.First) : (best.Row, best.First, double.Max(best.Second, scores[row]));
        }
        double[] advantages = new double[scores.Length];
        foreach ((int row, double first, double second) in top.Values)
            advantages[row] = (first - second) / (normalize ? group.Deviations[row] + epsilon : 1);
        return advantages;
    }
}

namespace Rlvr.Algorithms.Advantages;

/// <summary>
/// Group policy gradient (GPG, arXiv 2504.02546): A = alpha (s - mean), alpha = rows / rows with a score other than 0, so that
/// batches in which little was solved do not shrink the gradient. A group of one keeps its score (times alpha).
/// </summary>
public sealed record GroupPolicyGradient : IAdvantageEstimator
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
        int nonZero = 0;
        foreach (double score in scores)
            if (score != 0) nonZero++;
        double alpha = (double)scores.Length / int.Max(1, nonZero);
        double[] advantages = DrGrpo.Compute(scores, groups);
        for (int row = 0; row < advantages.Length; row++) advantages[row] *= alpha;
        return advantages;
    }
}

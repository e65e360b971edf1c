namespace Rlvr.Algorithms.Advantages;

/// <summary>
/// REINFORCE++ with baseline (arXiv 2501.03262): the score minus its group's mean, then whitened over all response tokens of the batch,
/// where a row counts as often as it has tokens. A group of one keeps its score before whitening.
/// </summary>
public sealed record ReinforcePlusPlusBaseline : IAdvantageEstimator
{
    /// <inheritdoc/>
    public AdvantageNeeds Needs => AdvantageNeeds.Groups;

    /// <inheritdoc/>
    public StepAdvantages Compute(AdvantageBatch batch) => StepAdvantages.ByRow(Compute(batch.Scores, batch.Groups, batch.Lengths), batch);

    /// <summary>One advantage per row, the same for all its response tokens.</summary>
    /// <param name="scores">Total reward of each row.</param>
    /// <param name="groups">Group of each row: any numbers, in any order.</param>
    /// <param name="lengths">Response tokens of each row.</param>
    /// <exception cref="RlvrException">The batch has fewer than two response tokens.</exception>
    public static double[] Compute(ReadOnlySpan<double> scores, ReadOnlySpan<int> groups, ReadOnlySpan<int> lengths) =>
        RowAdvantages.Whiten(DrGrpo.Compute(scores, groups), lengths);
}

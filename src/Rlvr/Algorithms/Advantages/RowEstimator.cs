namespace Rlvr.Algorithms.Advantages;

/// <summary>
/// An advantage estimator by row as a function: from scores to one advantage per row, the same for all its response tokens.
/// </summary>
/// <param name="scores">Total reward of each row.</param>
/// <param name="groups">Group of each row: any numbers, in any order.</param>
/// <param name="lengths">Response tokens of each row.</param>
public delegate double[] RowAdvantageFunction(ReadOnlySpan<double> scores, ReadOnlySpan<int> groups, ReadOnlySpan<int> lengths);

/// <summary>Makes an advantage estimator of a function of scores, groups and lengths.</summary>
/// <param name="compute">The function.</param>
/// <param name="comparesGroups">Whether it compares the rollouts of a group, and so needs two or more.</param>
public sealed class RowEstimator(RowAdvantageFunction compute, bool comparesGroups = true) : IAdvantageEstimator
{
    /// <inheritdoc/>
    public AdvantageNeeds Needs => comparesGroups ? AdvantageNeeds.Groups : AdvantageNeeds.None;

    /// <inheritdoc/>
    public StepAdvantages Compute(AdvantageBatch batch) => StepAdvantages.ByRow(compute(batch.Scores, batch.Groups, batch.Lengths), batch);
}

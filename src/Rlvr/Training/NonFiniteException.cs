namespace Rlvr.Training;

/// <summary>A number of the update is NaN or infinite. Thrown before the optimiser would have spread it into the parameters.</summary>
/// <param name="term">What is not finite.</param>
/// <param name="value">Its value.</param>
/// <param name="rows">The step's rollouts (by number) that it was computed from.</param>
public sealed class NonFiniteException(string term, double value, IReadOnlyList<int> rows)
    : RlvrException($"{term} is {value}, computed from {rows.Count} rollout(s)")
{
    /// <summary>What is not finite.</summary>
    public string Term { get; } = term;

    /// <summary>The rollouts it was computed from.</summary>
    public IReadOnlyList<int> Rows { get; } = rows;
}

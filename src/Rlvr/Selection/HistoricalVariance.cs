namespace Rlvr.Selection;

/// <summary>
/// The historical variance score (arXiv 2504.20571, section 2): the population variance of an example's accuracy over the epochs of a training
/// run on the full set. Examples whose accuracy moves come first.
/// </summary>
public static class HistoricalVariance
{
    /// <summary>The variance of s_1 .. s_E, 0 to 0.25.</summary>
    public static decimal Score(IReadOnlyList<decimal> accuracies)
    {
        // E sum s^2 - (sum s)^2 is exact for the accuracies of rollouts (k/8 and the like): equal variances are equal numbers.
        decimal sum = 0, squares = 0;
        foreach (decimal s in accuracies)
        {
            sum += s;
            squares += s * s;
        }
        decimal count = accuracies.Count;
        return decimal.Max(0, ((count * squares) - (sum * sum)) / (count * count));
    }

    /// <summary>The score of each example, in the order of the input.</summary>
    public static IReadOnlyList<decimal> Scores(IReadOnlyList<ExampleHistory> histories) => [.. histories.Select(h => Score(h.Accuracies))];
}

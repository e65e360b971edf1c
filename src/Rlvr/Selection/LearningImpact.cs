namespace Rlvr.Selection;

/// <summary>
/// The alignment score of LIMR (arXiv 2502.11886, section 2.2): how closely an example's accuracy follows the mean over all examples,
/// 1 - sum_k (s_k - m_k)^2 / sum_k (1 - m_k)^2 with m_k the mean at epoch k. Histories are compared over the length of the shortest.
/// </summary>
public static class LearningImpact
{
    /// <summary>The score of each example, at most 1, in the order of the input.</summary>
    public static IReadOnlyList<decimal> Scores(IReadOnlyList<ExampleHistory> histories)
    {
        int epochs = histories.Min(h => h.Accuracies.Count);
        decimal[] means = [.. Enumerable.Range(0, epochs).Select(k => histories.Sum(h => h.Accuracies[k]) / histories.Count)];
        decimal scale = means.Sum(m => (1 - m) * (1 - m));
        // A mean of 1 throughout says that every example is right throughout: each follows the mean exactly.
        return [.. histories.Select(h => scale == 0 ? 1 : 1 - (means.Select((m, k) => (h.Accuracies[k] - m) * (h.Accuracies[k] - m)).Sum() / scale))];
    }
}

namespace Rlvr.Selection;

/// <summary>Ranks examples by how they went in training. The names are those of <c>rlvr select --by</c>.</summary>
public static class ExampleRanking
{
    // Divisions round in the 28th digit; scores that differ less than this are the same score.
    private const int Digits = 20;

    private static readonly Dictionary<string, Func<IReadOnlyList<ExampleHistory>, ulong, IReadOnlyList<decimal>>> Orders = new(StringComparer.Ordinal)
    {
        ["variance"] = (histories, _) => HistoricalVariance.Scores(histories),
        ["lim"] = (histories, _) => LearningImpact.Scores(histories),
        ["random"] = (histories, seed) => [.. histories.Select((_, i) => (decimal)CounterRandom.Uniform(seed, 0, (ulong)i, 0x5E1EC7))],
    };

    /// <summary><c>variance</c>, <c>lim</c>, <c>random</c>.</summary>
    public static IReadOnlyCollection<string> Names => Orders.Keys;

    /// <summary>All examples, the highest score first; examples of equal score keep the order of the input.</summary>
    /// <param name="histories">The examples.</param>
    /// <param name="by">One of <see cref="Names"/>.</param>
    /// <param name="seed">Seed of <c>random</c>.</param>
    /// <exception cref="RlvrException">There are no examples, or the order is unknown.</exception>
    public static IReadOnlyList<RankedExample> Rank(IReadOnlyList<ExampleHistory> histories, string by, ulong seed = 1)
    {
        if (histories.Count == 0) throw new RlvrException("there are no examples to rank.");
        if (!Orders.TryGetValue(by, out Func<IReadOnlyList<ExampleHistory>, ulong, IReadOnlyList<decimal>>? order))
            throw new RlvrException($"there is no order '{by}' of examples.{Suggestion.DidYouMean(by, Names)} Expected one of {string.Join(", ", Names)}.");
        IReadOnlyList<decimal> scores = order(histories, seed);
        return [.. histories.Zip(scores, (history, score) => (history.Index, Score: decimal.Round(score, Digits)))
            .OrderByDescending(e => e.Score) // stable
            .Select(e => new RankedExample(e.Index, (double)e.Score))];
    }
}

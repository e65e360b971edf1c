namespace Rlvr.Evaluation;

/// <summary>Two evaluations of the same problems, side by side.</summary>
/// <param name="Suites">Suite by suite.</param>
/// <param name="Overall">The difference of the averages over suites.</param>
public sealed record EvaluationComparison(IReadOnlyList<SuiteComparison> Suites, PairedDifference Overall)
{
    /// <summary>Average accuracy of the first.</summary>
    public double Before => Suites.Average(s => s.Before.Accuracy);

    /// <summary>Average accuracy of the second.</summary>
    public double After => Suites.Average(s => s.After.Accuracy);

    /// <summary>Compares.</summary>
    /// <param name="before">The first evaluation.</param>
    /// <param name="after">The second; differences are this one less the first.</param>
    /// <exception cref="RlvrException">They do not have the same suites, or not the same problems in them; the message names what is missing where.</exception>
    public static EvaluationComparison Of(StoredEvaluation before, StoredEvaluation after)
    {
        string[] first = [.. before.Suites.Select(s => s.Name)], second = [.. after.Suites.Select(s => s.Name)];
        if (!first.ToHashSet().SetEquals(second))
        {
            throw new RlvrException($"the evaluations do not have the same suites: '{before.Path}' has {string.Join(", ", first)}, and '{after.Path}' has {string.Join(", ", second)}. "
                + (first.Intersect(second).Any() ? $"Compare what both have with --suite {string.Join(',', first.Intersect(second))}." : "They have none in common."));
        }
        SuiteComparison[] suites = [.. before.Suites.Select(s => SuiteComparison.Of(before.Path, s, after.Path, after.Suites.First(o => o.Name == s.Name)))];
        return new EvaluationComparison(suites, PairedDifference.OfSuites([.. suites.Select(s => (s.Before.Counts, s.After.Counts))]));
    }
}

/// <summary>A problem whose accuracy differs.</summary>
/// <param name="Before">Its responses in the first evaluation.</param>
/// <param name="After">Its responses in the second.</param>
public sealed record ChangedProblem(StoredProblem Before, StoredProblem After)
{
    /// <summary>How much better the second is, -1 to 1: 1 is from wrong to right.</summary>
    public double Difference => After.Accuracy - Before.Accuracy;
}

/// <summary>One suite of two evaluations.</summary>
/// <param name="Before">In the first.</param>
/// <param name="After">In the second, with the problems in the order of the first.</param>
/// <param name="Difference">The second less the first.</param>
public sealed record SuiteComparison(StoredSuite Before, StoredSuite After, PairedDifference Difference)
{
    /// <summary>Name of the suite.</summary>
    public string Name => Before.Name;

    /// <summary>The test that <see cref="PairedDifference.P"/> is of.</summary>
    public string Test => Before.Samples == 1 && After.Samples == 1 ? "exact McNemar" : "exact paired permutation";

    /// <summary>Problems with a higher accuracy in the second (with one response a problem: from wrong to right), the greatest change first.</summary>
    public IReadOnlyList<ChangedProblem> Better => [.. Changed.Where(c => c.Difference > 0).OrderByDescending(c => c.Difference)];

    /// <summary>Problems with a lower accuracy in the second (from right to wrong), the greatest change first.</summary>
    public IReadOnlyList<ChangedProblem> Worse => [.. Changed.Where(c => c.Difference < 0).OrderBy(c => c.Difference)];

    /// <summary>How the two were evaluated differently, in words: "temperature 0, then 0.6".</summary>
    public IReadOnlyList<string> SettingDifferences => Before.Settings.Count == 0 || After.Settings.Count == 0 ? [] :
        [.. Before.Settings.Keys.Union(After.Settings.Keys).Where(k => Value(Before, k) != Value(After, k)).Select(k => $"{k} {Value(Before, k)}, then {Value(After, k)}")];

    private IEnumerable<ChangedProblem> Changed => Before.Problems.Zip(After.Problems, (b, a) => new ChangedProblem(b, a));

    /// <exception cref="RlvrException">The problems are not the same.</exception>
    internal static SuiteComparison Of(string beforePath, StoredSuite before, string afterPath, StoredSuite after)
    {
        Dictionary<string, StoredProblem> others = after.Problems.ToDictionary(p => p.Id);
        string[] missing = [.. before.Problems.Select(p => p.Id).Where(id => !others.ContainsKey(id))];
        string[] extra = [.. others.Keys.Except(before.Problems.Select(p => p.Id))];
        if (missing.Length + extra.Length > 0)
        {
            string parts = string.Join("; ", new[] { (afterPath, missing), (beforePath, extra) }.Where(m => m.Item2.Length > 0)
                .Select(m => $"'{m.Item1}' lacks {m.Item2.Length}: {string.Join(", ", m.Item2.Take(3))}{(m.Item2.Length > 3 ? ", ..." : "")}"));
            throw new RlvrException($"suite {before.Name}: the evaluations are not of the same problems: {parts}. Evaluate both on all of the suite.");
        }
        StoredProblem[] ordered = [.. before.Problems.Select(p => others[p.Id])];
        foreach ((StoredProblem b, StoredProblem a) in before.Problems.Zip(ordered))
        {
            if ((b.Responses[0].Problem, b.Responses[0].Answer) != (a.Responses[0].Problem, a.Responses[0].Answer))
                throw new RlvrException($"suite {before.Name}: the problem '{b.Id}' has another text or label in '{afterPath}' than in '{beforePath}': these are two versions of the suite.");
        }
        SuiteComparison comparison = new(before, after with { Problems = ordered }, default);
        return comparison with { Difference = PairedDifference.Of(comparison.Before.Counts, comparison.After.Counts) };
    }

    private static string Value(StoredSuite suite, string key) => suite.Settings.GetValueOrDefault(key, "none");
}

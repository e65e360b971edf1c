using Rlvr.Experiments.Measures;

namespace Rlvr.Experiments.Catalog;

/// <summary>Makes tables of ours alone: every suite, and the best step beside the last.</summary>
internal static class SuiteTable
{
    /// <summary>Accuracy on each suite after training, greedily and, where it is measured, sampled.</summary>
    public static ResultTable BySuite(ExperimentResults results, string title, IReadOnlyList<(string Name, Entry Entry)> rows, IReadOnlyList<string>? suites = null)
    {
        suites ??= Suites.All(results.Scale);
        Decoding[] decodings = results.Scale == ExperimentScale.Micro ? [Decoding.Greedy, Decoding.Sampled] : [Decoding.Greedy];
        return new ResultTable(
            title,
            ["trained on", .. suites.SelectMany(s => decodings.Select(d => d == Decoding.Greedy ? $"{s}, greedy" : $"{s}, temperature 0.6"))],
            [.. rows.Select(IReadOnlyList<string> (r) => [r.Name, .. suites.SelectMany(s => decodings.Select(d => Unit.Percent.Show(results.Accuracy(r.Entry, s, d))))])]);
    }

    /// <summary>
    /// The last step beside the best one: best by the mean over suites, and best on the main suite alone. It says that choosing a step on the test suites is
    /// the paper's way.
    /// </summary>
    public static ResultTable Best(ExperimentResults results, IReadOnlyList<(string Name, RunName Run)> rows)
    {
        string main = Suites.Main(results.Scale), average = Suites.Average(results.Scale);
        IReadOnlyList<string> all = Suites.All(results.Scale);
        return new ResultTable(
            "Last step and best step, greedy accuracy in %. The best step is chosen on these very suites, as the paper does, and so is an optimistic number; steps are named seed by seed, and those before the last are evaluated on fewer problems where the recipe has an evaluation.limit",
            ["trained on", $"{main}, last step", $"{main}, at the best step by {average}", $"best steps by {average}", $"{main}, at its own best step", $"best steps on {main}", $"{average}, last step", $"{average}, best step"],
            [.. rows.Select(IReadOnlyList<string> (r) =>
            {
                string? recipe = r.Run.At(results.Scale);
                Measurement best = results.ByAverage(recipe, all), own = results.BySuite(recipe, main);
                return
                [
                    r.Name, Unit.Percent.Show(results.Accuracy(Entry.After(recipe), main)), Unit.Percent.Show(results.AtSteps(recipe, main, best)), BestStep.Steps(best),
                    Unit.Percent.Show(own), BestStep.Steps(own), Unit.Percent.Show(results.Average(Entry.After(recipe), all)), Unit.Percent.Show(best),
                ];
            })]);
    }
}

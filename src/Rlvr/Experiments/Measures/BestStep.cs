namespace Rlvr.Experiments.Measures;

/// <summary>
/// The best step of a run by the very suites it is reported on, as the paper chooses it (by average: its Table 8; by suite: its Tables 3, 5 and 9). That is optimistic, the
/// more so the more steps there are to choose from.
/// </summary>
internal static class BestStep
{
    /// <summary>The accuracy at each seed's step with the best mean over suites; the value's step says which.</summary>
    /// <param name="results">The results.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="suites">The suites averaged over; a step counts when it has all of them.</param>
    public static Measurement ByAverage(this ExperimentResults results, string? recipe, IReadOnlyList<string> suites)
    {
        List<SeedValue> best = [];
        foreach (TrainedRun run in recipe is null ? [] : results.Trainings(recipe))
        {
            Measurement[] bySuite = [.. suites.Select(suite => new Measurement(
                [.. run.Records(suite, Decoding.Greedy).Where(e => e.Step > 0).DistinctBy(e => e.Step).Select(e => new SeedValue(e.Step, e.Accuracy, Accuracies.Error(e), e.Step))]))];
            Measurement byStep = Measurement.Average(bySuite); // its "seeds" are the steps
            if (byStep.Exists) best.Add(byStep.Values.MaxBy(v => v.Value) with { Seed = run.Seed });
        }
        return new(best);
    }

    /// <summary>The accuracy on a suite at each seed's best step on it.</summary>
    public static Measurement BySuite(this ExperimentResults results, string? recipe, string suite) => new(
        [.. (recipe is null ? [] : results.Trainings(recipe))
            .Select(run => (run.Seed, Best: run.Records(suite, Decoding.Greedy).Where(e => e.Step > 0).MaxBy(e => e.Accuracy)))
            .Where(r => r.Best is not null)
            .Select(r => Accuracies.Value(r.Seed, r.Best!)!.Value)]);

    /// <summary>The accuracy on a suite at given steps, seed by seed.</summary>
    /// <param name="results">The results.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="suite">The suite.</param>
    /// <param name="steps">Values whose seeds and steps are looked up.</param>
    public static Measurement AtSteps(this ExperimentResults results, string? recipe, string suite, Measurement steps) => new(
        [.. (recipe is null ? [] : results.Trainings(recipe))
            .Select(run => (run.Seed, At: run.Records(suite, Decoding.Greedy).LastOrDefault(e => steps.Values.Any(v => v.Seed == run.Seed && v.Step == e.Step))))
            .Where(r => r.At is not null)
            .Select(r => Accuracies.Value(r.Seed, r.At!)!.Value)]);

    /// <summary>The steps, seed by seed: "40, 60, 60".</summary>
    public static string Steps(Measurement measured) => string.Join(", ", measured.Values.Select(v => v.Step));
}

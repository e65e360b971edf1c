namespace Rlvr.Experiments.Measures;

/// <summary>A metric of training, averaged over some steps of each run.</summary>
internal static class MetricWindow
{
    /// <summary>
    /// Mean of a metric over the steps from <paramref name="from"/> to <paramref name="to"/>, seed by seed, with the error s / √n as if steps were independent
    /// (neighbours resemble each other, so it is a little too small).
    /// </summary>
    /// <param name="results">The results.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="metric">Its name in metrics.jsonl.</param>
    /// <param name="from">First step, given the run's number of steps.</param>
    /// <param name="to">Last step, given the run's number of steps.</param>
    public static Measurement Mean(this ExperimentResults results, string? recipe, string metric, Func<int, int> from, Func<int, int> to)
    {
        List<SeedValue> values = [];
        foreach (TrainedRun run in recipe is null ? [] : results.Trainings(recipe))
        {
            int last = run.Metrics.Count == 0 ? 0 : run.Metrics.Max(m => m.Step), first = from(last), end = to(last);
            double[] inside = [.. run.Metrics.Where(m => m.Step >= first && m.Step <= end).Select(m => m[metric]).Where(double.IsFinite)];
            if (inside.Length == 0) continue;
            double mean = inside.Average();
            double error = inside.Length < 2 ? double.NaN : double.Sqrt(inside.Sum(v => (v - mean) * (v - mean)) / (inside.Length - 1) / inside.Length);
            values.Add(new SeedValue(run.Seed, mean, error, end));
        }
        return new(values);
    }

    /// <summary>The mean over the first tenth of the steps.</summary>
    public static Measurement First(this ExperimentResults results, string? recipe, string metric) => results.Mean(recipe, metric, _ => 1, last => int.Max(1, last / 10));

    /// <summary>The mean over the last tenth of the steps.</summary>
    public static Measurement Last(this ExperimentResults results, string? recipe, string metric) => results.Mean(recipe, metric, last => last - int.Max(1, last / 10) + 1, last => last);
}

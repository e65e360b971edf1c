using Rlvr.Runs;

namespace Rlvr.Experiments.Measures;

/// <summary>Lines of figures: mean, least and greatest over seeds by step.</summary>
internal static class Curves
{
    /// <summary>A number of the evaluations on a suite by step, in percent where it is a share.</summary>
    /// <param name="results">The results.</param>
    /// <param name="name">In the legend.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="suite">The suite.</param>
    /// <param name="decoding">How responses are drawn.</param>
    /// <param name="number">Which number; null takes the accuracy in percent.</param>
    public static FigureSeries Evaluations(
        ExperimentResults results, string name, string recipe, string suite, Decoding decoding = Decoding.Greedy, Func<EvaluationRecord, double>? number = null) =>
        Of(name, results.Trainings(recipe).SelectMany(run => run.Records(suite, decoding).DistinctBy(e => e.Step).Select(e => (e.Step, number is null ? 100 * e.Accuracy : number(e)))));

    /// <summary>A metric by step.</summary>
    /// <param name="results">The results.</param>
    /// <param name="name">In the legend.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="metric">Its name in metrics.jsonl.</param>
    /// <param name="factor">100 for percent.</param>
    /// <param name="window">Steps averaged over, up to the one shown; 1 shows each as it is.</param>
    public static FigureSeries Metric(ExperimentResults results, string name, string recipe, string metric, double factor = 1, int window = 1) =>
        Of(name, results.Trainings(recipe).SelectMany(run => Smooth(run, metric, window).Select(p => (p.Step, factor * p.Value))));

    /// <summary>A metric of a run, each step the mean of the steps up to it that lie in the window; steps without it are left out.</summary>
    public static IReadOnlyList<(int Step, double Value)> Smooth(TrainedRun run, string metric, int window)
    {
        (int Step, double Value)[] all = [.. run.Metrics.Select(m => (m.Step, Value: m[metric])).Where(p => double.IsFinite(p.Value))];
        return [.. all.Select((p, i) => (p.Step, all[int.Max(0, i - window + 1)..(i + 1)].Average(q => q.Value)))];
    }

    /// <summary>Only the lines that have points; a figure without any is left out.</summary>
    /// <param name="figure">The figure.</param>
    public static IEnumerable<ResultFigure> Drawn(ResultFigure figure)
    {
        FigureSeries[] series = [.. figure.Series.Where(s => s.Points.Count > 0)];
        if (series.Length > 0) yield return figure with { Series = series };
    }

    private static FigureSeries Of(string name, IEnumerable<(int Step, double Value)> points) => new(
        name, [.. points.Where(p => double.IsFinite(p.Value)).GroupBy(p => p.Step).OrderBy(g => g.Key).Select(g => ((double)g.Key, g.Average(p => p.Value), g.Min(p => p.Value), g.Max(p => p.Value)))]);
}

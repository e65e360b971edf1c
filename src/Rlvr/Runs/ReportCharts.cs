using System.Globalization;
using System.Text.Json;

namespace Rlvr.Runs;

/// <summary>The report's curves: which, from which metrics, and one sentence on how to read each.</summary>
internal static class ReportCharts
{
    /// <param name="Id">Id of the element on the page.</param>
    /// <param name="Title">What is shown.</param>
    /// <param name="Unit">Unit of the vertical axis.</param>
    /// <param name="About">How to read it, for a newcomer.</param>
    /// <param name="Format"><c>percent</c>, <c>number</c> or <c>scientific</c>.</param>
    /// <param name="Steps">Horizontal axis.</param>
    /// <param name="Series">Lines.</param>
    internal sealed record Chart(string Id, string Title, string Unit, string About, string Format, IReadOnlyList<int> Steps,
        IReadOnlyList<Series> Series)
    {
        /// <summary>The sentence that a screen reader says.</summary>
        public string Summary => string.Join("; ", Series.Select(s =>
        {
            var known = Enumerable.Range(0, Steps.Count).Where(i => double.IsFinite(s.Values[i])).ToList();
            return known.Count == 0 ? $"{s.Label}: no values"
                : $"{s.Label}: {Say(s.Values[known[0]])} at step {Steps[known[0]]}, {Say(s.Values[known[^1]])} at step {Steps[known[^1]]}";
        }));

        private string Say(double value) => Format == "percent"
            ? (100 * value).ToString("F1", CultureInfo.InvariantCulture) + "%"
            : value.ToString("G3", CultureInfo.InvariantCulture);
    }

    /// <param name="Label">Its name in the legend.</param>
    /// <param name="Values">One a step; NaN where there is none.</param>
    /// <param name="Points">Sparse: drawn as points joined by a line over the gaps.</param>
    internal sealed record Series(string Label, IReadOnlyList<double> Values, bool Points = false);

    private static readonly (string Id, string Title, string Unit, string Format, string About, (string Metric, string Label)[] Lines)[] Curves =
    [
        ("entropy", "Entropy", "nats per token", "number",
            "How unsure the policy is of its next token. It falls as the policy settles; zero means that it says the same thing every time.",
            [("entropy", "entropy")]),
        ("length", "Response length", "tokens", "number",
            "Mean length of the sampled responses, and the longest. A jump to the limit means that the policy rambles.",
            [("response_length_mean", "mean"), ("response_length_max", "longest")]),
        ("kl", "KL to the base model", "nats per token", "number",
            "How far the policy has moved away from where it started. A slow rise is learning; a sudden one is trouble.",
            [("kl", "KL")]),
        ("gradient", "Gradient norm", "L2 norm before clipping", "number",
            "Size of the update that the step asked for. Steady or falling is healthy; spikes are single odd batches.",
            [("gradient_norm", "gradient norm")]),
        ("reward", "Reward", "mean per rollout", "number",
            "What is maximised. With a 0/1 reward it is the share of rollouts that the verifier accepted.",
            [("reward_mean", "reward")]),
        ("difference", "Sampler against trainer", "difference of log-probabilities", "scientific",
            "Sampling and training run the same model, so the two should agree up to rounding. A visible difference is a bug.",
            [("sampler_trainer_difference", "mean"), ("sampler_trainer_difference_max", "largest")]),
        ("verdicts", "What the verifier said", "share of rollouts", "percent",
            "Every rollout gets one verdict. Learning turns the others into correct ones.",
            [("verdict_correct", "correct"), ("verdict_wrong", "wrong"), ("verdict_no_answer", "no answer"), ("verdict_unparsable_answer", "not readable")]),
        ("groups", "Groups without a signal", "share of groups", "percent",
            "Groups whose rollouts all got the same reward teach nothing. Near 100% the example is used up, or far too hard.",
            [("zero_advantage_groups", "all rewards equal"), ("truncated_share", "responses cut off")]),
    ];

    public static IReadOnlyList<Chart> Make(ReportData data)
    {
        var steps = data.Metrics.Select(m => m.Step).ToList();
        var charts = new List<Chart>();
        if (Accuracy(data) is { } accuracy)
            charts.Add(accuracy);
        foreach (var curve in Curves)
        {
            var lines = curve.Lines
                .Select(line => new Series(line.Label, [.. data.Metrics.Select(m => m[line.Metric])]))
                .Where(line => line.Values.Any(double.IsFinite))
                .ToList();
            if (lines.Count > 0)
                charts.Add(new Chart(curve.Id, curve.Title, curve.Unit, curve.About, curve.Format, steps, lines));
        }
        return charts;
    }

    /// <summary>Charts as JSON that can stand inside a script element: the encoder writes every &lt; as an escape.</summary>
    public static string ToJson(IReadOnlyList<Chart> charts)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartArray();
            foreach (var chart in charts)
            {
                writer.WriteStartObject();
                writer.WriteString("id", chart.Id);
                writer.WriteString("unit", chart.Unit);
                writer.WriteString("format", chart.Format);
                writer.WriteStartArray("steps");
                foreach (var step in chart.Steps)
                    writer.WriteNumberValue(step);
                writer.WriteEndArray();
                writer.WriteStartArray("series");
                foreach (var series in chart.Series)
                    Write(writer, series);
                writer.WriteEndArray();
                writer.WriteEndObject();
            }
            writer.WriteEndArray();
        }
        return System.Text.Encoding.UTF8.GetString(stream.ToArray());
    }

    private static void Write(Utf8JsonWriter writer, Series series)
    {
        writer.WriteStartObject();
        writer.WriteString("label", series.Label);
        writer.WriteBoolean("points", series.Points);
        writer.WriteStartArray("values");
        foreach (var value in series.Values)
        {
            if (double.IsFinite(value))
                writer.WriteNumberValue(double.Parse(value.ToString("G6", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture));
            else
                writer.WriteNullValue();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <summary>Training accuracy, every step, and accuracy on each suite, now and then, over the same steps.</summary>
    private static Chart? Accuracy(ReportData data)
    {
        var steps = data.Metrics.Select(m => m.Step).Concat(data.Suites.SelectMany(s => s.Evaluations.Select(e => e.Step)))
            .Distinct().Order().ToList();
        var lines = new List<Series>();
        var trained = data.Metrics.ToDictionary(m => m.Step, m => m["train_accuracy"]);
        if (trained.Values.Any(double.IsFinite))
            lines.Add(new Series("training", [.. steps.Select(s => trained.GetValueOrDefault(s, double.NaN))]));
        // What was measured before and after only is in the headline; a straight line between would say more than is known.
        var followed = data.Suites.Where(s => s.Evaluations.Count > 2).ToList();
        followed = followed.Count > 0 ? followed : [.. data.Suites];
        var fewer = followed.Any(s => s.Evaluations.Any(e => e.Problems < s.Last.Problems));
        foreach (var suite in followed)
        {
            var measured = suite.Evaluations.ToDictionary(e => e.Step, e => e.Accuracy);
            lines.Add(new Series(suite.Title, [.. steps.Select(s => measured.GetValueOrDefault(s, double.NaN))], Points: true));
        }
        return lines.Count == 0 ? null : new Chart("accuracy", "Accuracy", "share of right answers",
            "Training accuracy is on the rollouts of each step. The others are on held-out problems, which never occur in training."
                + (fewer ? " While training goes on they are measured on some of the problems only." : ""),
            "percent", steps, lines);
    }
}

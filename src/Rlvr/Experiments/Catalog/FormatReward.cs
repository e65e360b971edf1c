using Rlvr.Experiments.Measures;

namespace Rlvr.Experiments.Catalog;

/// <summary>E12: Table 14 of arXiv 2504.20571: rewards for the outcome and for the format, with and without the entropy term, and how often answers are boxed.</summary>
internal sealed class FormatReward : Experiment
{
    private static readonly (string Name, string Row, string Boxed, RunName Run)[] Rows =
    [
        ("full set, outcome, with entropy", "DSR outcome +ent", "DSR outcome", Recipes.FullSet),
        ("full set, format, with entropy", "DSR format +ent", "DSR format +ent", Recipes.Format),
        ("full set, format, without", "DSR format noent", "DSR format noent", Recipes.FormatWithoutEntropy),
        ("π1, outcome, with entropy", "pi1 outcome +ent", "pi1 outcome +ent", Recipes.OneShot),
        ("π1, outcome, without", "pi1 outcome noent", "pi1 outcome noent", Recipes.WithoutEntropy),
        ("π1, format, with entropy", "pi1 format +ent", "pi1 format +ent", Recipes.OneShotFormat),
        ("π1, format, without", "pi1 format noent", "pi1 format noent", Recipes.OneShotFormatWithoutEntropy),
    ];

    public override string Id => "E12";

    public override string Title => "Format against outcome";

    public override string Question => "How much of the gain is the format of the answer, that is, that there is a box at all?";

    public override IReadOnlyList<PlannedTraining> Trainings(ExperimentScale scale) => RunName.Plan(scale, [.. Rows.Select(r => r.Run)]);

    public override ExperimentPage Report(ExperimentResults results)
    {
        ExperimentScale scale = results.Scale;
        string main = Suites.Main(scale);
        AccuracyTable table = new(results, "Accuracy after training, % (paper: Table 14, upper part; ours: last step)", "MATH500", "Avg");
        table.Row("nothing: the base model", "14", "base", Recipes.OneShot.Before(scale));
        foreach ((string name, string row, _, RunName run) in Rows) table.Row(name, "14", row, run.After(scale));
        Decoding[] decodings = scale == ExperimentScale.Micro ? [Decoding.Greedy, Decoding.Sampled] : [Decoding.Greedy];
        IReadOnlyList<string> BoxedRow(string name, string row, Entry entry) =>
            [name, PaperTables.Get("14 boxed", row, "MATH500").ToString("0"), PaperTables.Get("14 boxed", row, "Avg").ToString("0"), .. decodings.Select(d => Unit.Percent.Show(Boxed(results, entry, d)))];
        return new ExperimentPage
        {
            Tables =
            [
                table.Build(),
                new ResultTable($"Responses with a boxed answer, % (paper: Table 14, lower part; ours: {main}, last step)", ["trained on", "paper: MATH500", "paper: Avg", .. decodings.Select(d => d == Decoding.Greedy ? "ours, greedy" : "ours, temperature 0.6")],
                    [BoxedRow("nothing: the base model", "base", Recipes.OneShot.Before(scale)), .. Rows.Select(r => BoxedRow(r.Name, r.Boxed, r.Run.After(scale)))]),
            ],
            Figures =
            [
                .. Curves.Drawn(new ResultFigure("e12-accuracy", $"Accuracy on {main}, greedy", "step", "%", [.. Rows.Select(r => Curves.Evaluations(results, r.Name, r.Run.At(scale)!, main))])),
                .. Curves.Drawn(new ResultFigure("e12-boxed", $"Boxed answers on {main}, greedy", "step", "%", [.. Rows.Select(r => Curves.Evaluations(results, r.Name, r.Run.At(scale)!, main, number: e => 100 * e.Boxed))])),
            ],
            Findings = Findings.ByDecoding(d => Judge(results, d)),
            Notes = Suites.Standing(scale) + (scale == ExperimentScale.Micro
                ? " How far the format reward takes a micro base depends on which way of answering is likeliest among those that box something: the mixture of habits of this base was chosen so that format ends below outcome, as in the paper "
                    + "(LOG.md shows other mixtures in which it comes as far as the outcome). So the order here is no independent evidence; that both rewards end near 100% boxed answers, with different accuracy, is."
                : ""),
        };
    }

    private static Measurement Boxed(ExperimentResults results, Entry entry, Decoding decoding) =>
        results.Of(entry, Suites.Main(results.Scale), decoding, (seed, e) => double.IsFinite(e.Boxed) ? new SeedValue(seed, e.Boxed, double.Max(double.Sqrt(e.Boxed * (1 - e.Boxed) / e.Problems), 1.0 / (e.Problems + 2)), e.Step) : null);

    private static IReadOnlyList<Finding> Judge(ExperimentResults results, Decoding decoding)
    {
        ExperimentScale scale = results.Scale;
        string main = Suites.Main(scale);
        Named Of(RunName run) => new(Rows.First(r => r.Run == run).Name, results.Accuracy(run.After(scale), main, decoding));
        Named @base = new("base", results.Accuracy(Recipes.OneShot.Before(scale), main, decoding));
        return
        [
            Claims.Greater("The format reward on the full set lifts the base (paper: 36.0 to 65.0)", Of(Recipes.Format), @base, 0.05),
            Claims.Greater("So does the format reward on one example (paper: 36.0 to 65.4)", Of(Recipes.OneShotFormat), @base, 0.05),
            Claims.Greater("The outcome gives more than the format on one example (paper: 72.8 and 65.4)", Of(Recipes.OneShot), Of(Recipes.OneShotFormat), 0.02),
            Claims.Greater("The outcome gives more than the format on the full set (paper: 73.6 and 65.0)", Of(Recipes.FullSet), Of(Recipes.Format), 0.02),
            Claims.Greater("Entropy helps the format reward too (paper: 65.0 with it, 61.4 without)", Of(Recipes.Format), Of(Recipes.FormatWithoutEntropy), 0.01),
            Claims.Greater("Both teach to box: format (paper: 60% to 94% of answers)", new("format", Boxed(results, Recipes.Format.After(scale), decoding)), new("base", Boxed(results, Recipes.OneShot.Before(scale), decoding)), 0.05),
            Claims.Close("Outcome and format box about as often, so the rest of the difference is not the box (paper: 97% and 96% on one example; here: within 5 points)",
                new("outcome", Boxed(results, Recipes.OneShot.After(scale), decoding)), new("format", Boxed(results, Recipes.OneShotFormat.After(scale), decoding)), 0.05),
        ];
    }
}

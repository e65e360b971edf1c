using Rlvr.Experiments.Measures;

namespace Rlvr.Experiments.Catalog;

/// <summary>E17: Table 19 of arXiv 2504.20571: mean length of responses.</summary>
internal sealed class ResponseLength : Experiment
{
    private const string Metric = "response_length_mean";

    /// <summary>Change that still counts as flat: π1 grows by 8% between steps 100 and 1,500 in the paper, the full set shrinks by 17%.</summary>
    private const double Flat = 0.25;

    private static readonly (string Name, RunName Run)[] Rows = [("format reward", Recipes.Format), ("1-shot", Recipes.OneShotLong), ("full set", Recipes.FullSet)];

    public override string Id => "E17";

    public override string Title => "Length of responses";

    public override string Question => "Do responses get longer in training?";

    public override IReadOnlyList<PlannedTraining> Trainings(ExperimentScale scale) => RunName.Plan(scale, [.. Rows.Select(r => r.Run)]);

    public override ExperimentPage Report(ExperimentResults results)
    {
        ExperimentScale scale = results.Scale;
        PaperTable paper = PaperTables.Get("19");
        IReadOnlyList<string> suites = Suites.All(scale);
        Measurement Length(Entry entry, string suite, Decoding decoding) => results.Of(entry, suite, decoding, (seed, e) => new SeedValue(seed, e.Length, double.NaN, e.Step));
        Decoding[] decodings = scale == ExperimentScale.Micro ? [Decoding.Greedy, Decoding.Sampled] : [Decoding.Greedy];
        return new ExperimentPage
        {
            Tables =
            [
                new ResultTable("The paper: Table 19, mean length of responses in tokens", ["trained on", .. paper.Columns], [.. paper.Rows.Select(IReadOnlyList<string> (r) => [r.Key.Replace("pi1 ", "π1 ", StringComparison.Ordinal), .. r.Value.Select(v => v.ToString("0"))])]),
                new ResultTable("Ours: mean length of responses in tokens before training and after the last step", ["trained on", .. suites.SelectMany(s => decodings.Select(d => scale == ExperimentScale.Micro ? $"{s}, {(d == Decoding.Greedy ? "greedy" : "temperature 0.6")}" : s))],
                [
                    ["base", .. suites.SelectMany(s => decodings.Select(d => Unit.Tokens.Show(Length(Recipes.OneShotLong.Before(scale), s, d))))],
                    .. Rows.Select(IReadOnlyList<string> (r) => [r.Name, .. suites.SelectMany(s => decodings.Select(d => Unit.Tokens.Show(Length(r.Run.After(scale), s, d))))]),
                ]),
                new ResultTable("Ours: mean length of training rollouts in tokens", ["trained on", "first tenth of the steps", "after a quarter", "last tenth"],
                    [.. Rows.Select(IReadOnlyList<string> (r) => [r.Name, Unit.Tokens.Show(results.First(r.Run.At(scale), Metric)), Unit.Tokens.Show(Quarter(results, r.Run.At(scale))), Unit.Tokens.Show(results.Last(r.Run.At(scale), Metric))])]),
            ],
            Figures =
            [
                .. Curves.Drawn(new ResultFigure("e17-rollouts", "Mean length of training rollouts (mean of five steps)", "step", "tokens", [.. Rows.Select(r => Curves.Metric(results, r.Name, r.Run.At(scale)!, Metric, window: 5))])),
                .. Curves.Drawn(new ResultFigure("e17-suite", $"Mean length of responses to {suites[0]}, greedy", "step", "tokens", [.. Rows.Select(r => Curves.Evaluations(results, r.Name, r.Run.At(scale)!, suites[0], number: e => e.Length))])),
            ],
            Findings = [.. Rows[1..].Select(r => IsFlat(results, r.Name, r.Run.At(scale)!))],
            Notes = "Length is roughly flat when that of the last tenth of the steps is within 25% of that after a quarter of them; the first steps are left out, since the base's own habits (in the paper, endless responses) go away in them."
                + (scale == ExperimentScale.Micro
                    ? " A careful response of the micro world is as long as its problem asks for, and longer only by a check. The training rollouts of 1-shot are all responses to one problem; those of the full set are a mixture of six subjects."
                    : ""),
        };
    }

    private static Measurement Quarter(ExperimentResults results, string? recipe) => results.Mean(recipe, Metric, last => (last / 4) + 1, last => (last / 4) + int.Max(1, last / 10));

    private static Finding IsFlat(ExperimentResults results, string name, string recipe)
    {
        Measurement early = Quarter(results, recipe), late = results.Last(recipe, Metric);
        return Claims.Close($"Responses stay of about the same length: {name} (paper: +8% for π1, -17% for the full set from step 100 to 1,500)",
            new("last tenth", late), new("after a quarter", early), early.Exists ? Flat * early.Mean : 1, Unit.Tokens);
    }
}

using Rlvr.Experiments.Measures;

namespace Rlvr.Experiments.Catalog;

/// <summary>E18: Table 20 of arXiv 2504.20571: at least one right response of eight to hard problems.</summary>
internal sealed class PassAtEight : Experiment
{
    private const int K = 8;

    private static readonly (string Name, string? Row, RunName Run, bool IsBase)[] Rows =
    [
        ("base", "base", Recipes.OneShot, true),
        ("format reward", "format best", Recipes.Format, false),
        ("full set", "DSR s1500", Recipes.FullSet, false),
        ("1-shot", "pi1 s1500", Recipes.OneShot, false),
    ];

    public override string Id => "E18";

    public override string Title => "At least one right response of eight";

    public override string Question => "Does training only make right answers likelier that the base finds anyway, or are more problems solved in eight tries?";

    public override IReadOnlyList<PlannedTraining> Trainings(ExperimentScale scale) => RunName.Plan(scale, [.. Rows.Select(r => r.Run)]);

    public override IReadOnlyList<PlannedEvaluation> Evaluations(ExperimentScale scale) => [.. Rows.Select(r => Planned(scale, r.Run, r.IsBase))];

    public override ExperimentPage Report(ExperimentResults results)
    {
        ExperimentScale scale = results.Scale;
        IReadOnlyList<string> suites = Suites.Hard(scale);
        PaperTable paper = PaperTables.Get("20");
        Measurement Pass((string, string?, RunName Run, bool IsBase) row, string suite, int k) => results.PassAt(Planned(scale, row.Run, row.IsBase), suite, k);
        Measurement Mean((string, string?, RunName, bool) row, int k) => Measurement.Average([.. suites.Select(s => Pass(row, s, k))]);
        ResultTable Ours(int k) => new(
            k == 1 ? "Ours: mean accuracy of the same responses (avg@8), %" : "Ours: pass@8, %, of 8 responses a problem at temperature 0.6, last step", ["trained on", .. suites, "mean", "seeds"],
            [.. Rows.Select(IReadOnlyList<string> (r) => [r.Name, .. suites.Select(s => Unit.Percent.Show(Pass(r, s, k))), Unit.Percent.Show(Mean(r, k)), Mean(r, k).Seeds is > 0 and var seeds ? $"{seeds}" : ""])]);
        Named Of(int row, int k) => new(Rows[row].Name, Mean(Rows[row], k));
        Finding average = Claims.Greater("It raises the mean accuracy of the same responses", Of(3, 1), Of(0, 1), 0.02);
        IReadOnlyList<Finding> findings =
        [
            Claims.Greater("1-shot training raises pass@8, mean of the suites (paper: 39.7 to 45.8 at step 1,500, 51.7 at the best step)", Of(3, K), Of(0, K), 0.02),
            .. suites.Select(s => Claims.Greater($"1-shot training raises pass@8: {s}", new("1-shot", Pass(Rows[3], s, K)), new("base", Pass(Rows[0], s, K)), 0.03)),
            average,
            Claims.NotBelow("It does not fall behind the full set (paper: 45.8 and 41.3 at step 1,500, 51.7 and 50.3 at the best step; here: not 3 points below)", Of(3, K), Of(2, K), 0.03),
            Claims.Greater("Outcome beats format in pass@8 (paper: 51.7 and 43.1)", Of(3, K), Of(1, K), 0.02),
        ];
        return new ExperimentPage
        {
            Tables =
            [
                new ResultTable("The paper: Table 20, pass@8, %", ["trained on", .. paper.Columns], [.. paper.Rows.Select(IReadOnlyList<string> (r) => [r.Key.Replace("pi1", "π1", StringComparison.Ordinal), .. r.Value.Select(v => v.ToString("0.0"))])]),
                Ours(K),
                Ours(1),
            ],
            Findings = findings,
            Notes = (scale == ExperimentScale.Micro ? "micro-olympiad, micro-far and micro-hard, 100 problems each, stand for AIME24, AIME25 and AMC23 (30, 30 and 40 problems). " : "")
                + "With 30 problems a suite, one more solved is 3.3 points: the paper's differences between single steps are of the size of its noise, which it does not state."
                + (scale == ExperimentScale.Micro && findings[0].Agreement is Agreement.Disagrees or Agreement.Unclear && average.Agreement == Agreement.Agrees
                    ? "\n\nThe mean accuracy rises and pass@8 does not, beyond doubt. A likely reason: eight samples of the base at temperature 0.6 already try its ways of answering in turn, and the careful one is usually among them, so what the base can do at all it does in eight tries. Training makes the careful way the "
                        + "first choice and gives up the others; problems beyond the network's arithmetic stay out of reach of both. That is sharpening; the paper's claim that it is more than that is not borne out in this world."
                    : ""),
        };
    }

    private static PlannedEvaluation Planned(ExperimentScale scale, RunName run, bool isBase) => Catalog.Evaluations.EightTimes(scale, run, isBase);
}

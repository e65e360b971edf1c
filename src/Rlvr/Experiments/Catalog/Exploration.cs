using Rlvr.Experiments.Measures;

namespace Rlvr.Experiments.Catalog;

/// <summary>E10: exploration in 1-shot training by the entropy term and by the rollouts' temperature (arXiv 2504.20571, section 4.2).</summary>
internal sealed class Exploration : Experiment
{
    private static readonly (string Name, RunName Run)[] Rows =
    [
        ("temperature 0.6, without entropy", Recipes.WithoutEntropy),
        ("temperature 0.6, with entropy", Recipes.OneShot),
        ("temperature 1.0, with entropy", Recipes.Temperature1),
        ("temperature 1.0, without entropy", Recipes.Temperature1WithoutEntropy),
    ];

    public override string Id => "E10";

    public override string Title => "Exploration";

    public override string Question => "Do more varied rollouts, by an entropy term or a higher temperature, help 1-shot training?";

    public override IReadOnlyList<PlannedTraining> Trainings(ExperimentScale scale) => RunName.Plan(scale, [.. Rows.Select(r => r.Run)]);

    public override ExperimentPage Report(ExperimentResults results)
    {
        ExperimentScale scale = results.Scale;
        string main = Suites.Main(scale);
        AccuracyTable table = new(results, "Accuracy after training on π1, % (the paper shows these as curves; the two rows with numbers are those of Table 5, best step)", "MATH500", "AIME24");
        table.Row("nothing: the base model", "5", "none", Recipes.OneShot.Before(scale))
            .Row(Rows[0].Name, "5", "PG WD KL", Rows[0].Run.After(scale)).Row(Rows[1].Name, "5", "all", Rows[1].Run.After(scale)).Row(Rows[2].Name, "5", null, Rows[2].Run.After(scale));
        (string Name, RunName Run)[] rows = [.. Rows.Where(r => r.Run.At(scale) is not null)];
        if (rows.Length > 3) table.Row(Rows[3].Name, "5", null, Rows[3].Run.After(scale));
        return new ExperimentPage
        {
            Tables = [table.Build(), SuiteTable.BySuite(results, "Every suite after the last step, %", [.. rows.Select(r => (r.Name, r.Run.After(scale)))])],
            Figures =
            [
                .. Curves.Drawn(new ResultFigure("e10-accuracy", $"Accuracy on {main}, greedy", "step", "%", [.. rows.Select(r => Curves.Evaluations(results, r.Name, r.Run.At(scale)!, main))])),
                .. Curves.Drawn(new ResultFigure("e10-entropy", "Entropy of the policy, nats a token (mean of five steps)", "step", "nats", [.. rows.Select(r => Curves.Metric(results, r.Name, r.Run.At(scale)!, "entropy", window: 5))])),
                .. Curves.Drawn(new ResultFigure("e10-training", "Accuracy in training (mean of five steps)", "step", "%", [.. rows.Select(r => Curves.Metric(results, r.Name, r.Run.At(scale)!, "train_accuracy", 100, 5))])),
            ],
            Findings =
            [
                .. Findings.ByDecoding(d => Judge(results, d, s => results.Accuracy(s, main, d), main)),
                .. Findings.ByDecoding(d => Judge(results, d, s => results.Average(s, Suites.All(scale), d), Suites.Average(scale))),
            ],
            Notes = Suites.Standing(scale) + " The entropy shown is that of the rollouts' own temperature, so the curve of temperature 1.0 lies higher even for the same model."
                + (scale == ExperimentScale.Micro ? " The paper's gains come late, after a thousand steps; a run of a minute has no such late phase, and its entropy term of 0.001 moves little in 60 steps." : ""),
        };
    }

    private static IReadOnlyList<Finding> Judge(ExperimentResults results, Decoding decoding, Func<Entry, Measurement> accuracy, string on)
    {
        Named Of(int row) => new(Rows[row].Name, accuracy(Rows[row].Run.After(results.Scale)));
        _ = decoding;
        return
        [
            Claims.Greater($"The entropy term helps: {on} (paper: 70.8 to 74.8 on MATH500)", Of(1), Of(0), 0.01),
            Claims.Greater($"A higher temperature of the rollouts helps further: {on} (paper: late in the run)", Of(2), Of(1), 0.01),
        ];
    }
}

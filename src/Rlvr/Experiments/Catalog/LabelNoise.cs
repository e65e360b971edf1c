using Rlvr.Experiments.Measures;

namespace Rlvr.Experiments.Catalog;

/// <summary>E15: Table 17 of arXiv 2504.20571: random wrong labels in the full set, by GRPO and by PPO.</summary>
internal sealed class LabelNoise : Experiment
{
    private static readonly (string Name, string Row, RunName Run)[] Rows =
    [
        ("GRPO, all labels right", "GRPO 0%", Recipes.FullSet),
        ("GRPO, 60% wrong", "GRPO 60%", Recipes.Noise60),
        ("GRPO, 90% wrong", "GRPO 90%", Recipes.Noise90),
        ("PPO, all labels right", "PPO 0%", Recipes.PpoFullSet),
        ("PPO, 60% wrong", "PPO 60%", Recipes.PpoNoise60),
        ("PPO, 90% wrong", "PPO 90%", Recipes.PpoNoise90),
    ];

    public override string Id => "E15";

    public override string Title => "Wrong labels in the full set";

    public override string Question => "How does training on the full set bear random wrong labels, compared with one right example?";

    public override IReadOnlyList<PlannedTraining> Trainings(ExperimentScale scale) => RunName.Plan(scale, [.. Rows.Select(r => r.Run), Recipes.OneShot]);

    public override ExperimentPage Report(ExperimentResults results)
    {
        ExperimentScale scale = results.Scale;
        string main = Suites.Main(scale);
        AccuracyTable table = new(results, "Accuracy after training, % (paper: Table 17, and π1 of Table 8; ours: last step)", "MATH500", "Avg");
        table.Row("nothing: the base model", "8", "base", Recipes.FullSet.Before(scale));
        foreach ((string name, string row, RunName run) in Rows) table.Row(name, "17", row, run.After(scale));
        table.Row("GRPO, π1 alone", "8", "pi1", Recipes.OneShot.After(scale));
        return new ExperimentPage
        {
            Tables = [table.Build()],
            Figures =
            [
                .. Curves.Drawn(new ResultFigure("e15-accuracy", $"Accuracy on {main}, greedy", "step", "%", [.. Rows.Select(r => Curves.Evaluations(results, r.Name, r.Run.At(scale)!, main))])),
                .. Curves.Drawn(new ResultFigure("e15-clean", "Accuracy in training against the right labels (mean of five steps)", "step", "%",
                [
                    Curves.Metric(results, Rows[0].Name, Rows[0].Run.At(scale)!, "train_accuracy", 100, 5),
                    .. Rows.Where(r => !r.Name.EndsWith("right", StringComparison.Ordinal)).Select(r => Curves.Metric(results, r.Name, r.Run.At(scale)!, "train_accuracy_clean", 100, 5)),
                ])),
            ],
            Findings = Findings.ByDecoding(d => Judge(results, d)),
            Notes = Suites.Standing(scale) + " Wrong labels are made as the paper's: a number within 10 is added or subtracted. They stay the same for a problem throughout the run."
                + (scale == ExperimentScale.Micro ? " A wrong label near the right one can be hit by a careless answer, a slip of 1 or 10, so wrong labels are rewarded now and then for bad habits here; a random text would never be." : ""),
        };
    }

    private static IReadOnlyList<Finding> Judge(ExperimentResults results, Decoding decoding)
    {
        string main = Suites.Main(results.Scale);
        Named Of(int row) => new(Rows[row].Name, results.Accuracy(Rows[row].Run.After(results.Scale), main, decoding));
        Named @base = new("base", results.Accuracy(Recipes.FullSet.Before(results.Scale), main, decoding)), one = new("π1 alone", results.Accuracy(Recipes.OneShot.After(results.Scale), main, decoding));
        return
        [
            Claims.Greater("Even with 60% wrong labels the base is lifted far (paper: 36.0 to 71.8)", Of(1), @base, 0.05),
            Claims.NotBelow("60% wrong labels cost little (paper: 73.6 to 71.8; here: not 5 points)", Of(1), Of(0), 0.05),
            Claims.Greater("90% wrong labels cost more (paper: 73.6 to 67.8)", Of(0), Of(2), 0.02),
            Claims.Greater("With more wrong labels it gets worse: 90% against 60% (paper: 67.8 and 71.8)", Of(1), Of(2), 0.01),
            Claims.Greater("One right example does better than a full set with 90% wrong labels (paper: 72.8 and 67.8)", one, Of(2), 0.02),
            Claims.NotBelow("PPO bears 60% wrong labels as well (paper: 72.8 to 71.6; here: not 5 points)", Of(4), Of(3), 0.05),
            Claims.Greater("PPO loses with 90% wrong labels (paper: 72.8 to 68.2)", Of(3), Of(5), 0.02),
        ];
    }
}

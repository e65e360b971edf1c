using Rlvr.Experiments.Measures;

namespace Rlvr.Experiments.Catalog;

/// <summary>E19: the gradient norm of the policy term over 1-shot training (arXiv 2504.20571, appendix): it stays above 0 when the example is solved.</summary>
internal sealed class GradientNorm : Experiment
{
    private const string Metric = "gradient_norm", PolicyMetric = "policy_gradient_norm", SilentGroups = "zero_advantage_groups";

    public override string Id => "E19";

    public override string Title => "Gradient of the policy term";

    public override string Question => "Is there still anything to learn from the policy term once the training example is nearly always solved?";

    public override IReadOnlyList<PlannedTraining> Trainings(ExperimentScale scale) => RunName.Plan(scale, Recipes.PolicyOnly, Recipes.OneShotLong);

    public override ExperimentPage Report(ExperimentResults results)
    {
        ExperimentScale scale = results.Scale;
        string policy = Recipes.PolicyOnly.At(scale)!, all = Recipes.OneShotLong.At(scale)!;
        return new ExperimentPage
        {
            Tables =
            [
                new ResultTable("Norm of the gradient before clipping, mean of the steps", ["loss", "first tenth", "after saturation", "last tenth", "steps after saturation with a signal, %", "saturated at step"],
                [
                    Row("policy term alone", policy, Metric),
                    Row("all terms", all, Metric),
                    Row("all terms: the policy term's part", all, PolicyMetric),
                ]),
            ],
            Figures =
            [
                .. Curves.Drawn(new ResultFigure("e19-norm", "Norm of the gradient before clipping (mean of five steps)", "step", "norm",
                    [Curves.Metric(results, "policy term alone", policy, Metric, window: 5), Curves.Metric(results, "all terms", all, Metric, window: 5),
                        Curves.Metric(results, "all terms: the policy term's part", all, PolicyMetric, window: 5)])),
                .. Curves.Drawn(new ResultFigure("e19-groups", "Groups of rollouts whose rewards differ: those with a policy signal (mean of five steps)", "step", "%",
                    [Signal("policy term alone", policy), Signal("all terms", all)])),
                .. Curves.Drawn(new ResultFigure("e19-accuracy", "Accuracy in training (mean of five steps)", "step", "%",
                    [Curves.Metric(results, "policy term alone", policy, "train_accuracy", 100, 5), Curves.Metric(results, "all terms", all, "train_accuracy", 100, 5)])),
            ],
            Findings = [Above(results, "policy term alone", policy, Metric), .. HasPolicyMetric(results, all) ? (Finding[])[Above(results, "the policy term's part of all terms", all, PolicyMetric)] : []],
            Notes = "The metric `gradient_norm` is that of the whole loss. The policy term's own is seen twice: in the run without weight decay, KL and entropy (second row of the paper's Table 5), whose whole loss is the policy term, and, where the recipe has "
                + "`loss.policy_norm_every`, as `policy_gradient_norm` of the run with all terms. The paper shows a curve and prints no numbers. "
                + "The policy term has a gradient exactly where a group holds right and wrong responses: with accuracy p and groups of 8 that is a share of 1 - p^8 - (1 - p)^8 of the groups, 34% at p = 0.95 and 8% at p = 0.99."
                + (scale == ExperimentScale.Micro ? " A step here has 8 groups, the paper's 128: single steps without any signal are common here and hardly occur there, so the mean over steps is what compares." : ""),
        };

        IReadOnlyList<string> Row(string name, string recipe, string metric)
        {
            Measurement saturation = Saturation.Step(results, recipe);
            return
            [
                name, Unit.Number.Show(results.First(recipe, metric)), Unit.Number.Show(After(results, recipe, metric, saturation)), Unit.Number.Show(results.Last(recipe, metric)),
                Unit.Percent.Show(SignalSteps(results, recipe, saturation)), BestStep.Steps(saturation),
            ];
        }

        FigureSeries Signal(string name, string recipe)
        {
            FigureSeries silent = Curves.Metric(results, name, recipe, SilentGroups, 100, 5);
            return silent with { Points = [.. silent.Points.Select(p => (p.X, 100 - p.Mean, 100 - p.High, 100 - p.Low))] };
        }
    }

    private static bool HasPolicyMetric(ExperimentResults results, string recipe) => results.Trainings(recipe).Any(r => r.Metrics.Any(m => double.IsFinite(m[PolicyMetric])));

    private static Finding Above(ExperimentResults results, string name, string recipe, string metric)
    {
        string claim = $"The policy term's gradient stays above 0 after training accuracy has saturated: {name} (here: a mean of at least a tenth of the first steps', and some signal in a tenth of the steps)";
        Measurement saturation = Saturation.Step(results, recipe);
        if (results.Trainings(recipe).Count == 0) return Claims.NotMeasured(claim, recipe);
        if (!saturation.Exists) return Claims.When(claim, null, "Training accuracy never reaches 95% in this run.");
        Measurement first = results.First(recipe, metric), after = After(results, recipe, metric, saturation), signal = SignalSteps(results, recipe, saturation);
        return Claims.When(claim, after.Exists && signal.Exists ? after.Mean >= 0.1 * first.Mean && signal.Mean >= 0.1 : null,
            $"{Unit.Number.Show(first)} in the first tenth of the steps, {Unit.Number.Show(after)} after saturation at step {BestStep.Steps(saturation)} ({Unit.Number.Show(results.Last(recipe, metric))} in the last tenth); {Unit.Percent.Show(signal)}% of the steps after it have a group with a signal.");
    }

    private static Measurement After(ExperimentResults results, string recipe, string metric, Measurement saturation) => new(
    [
        .. from run in results.Trainings(recipe)
           from start in saturation.Values.Where(s => s.Seed == run.Seed)
           let values = run.Metrics.Where(m => m.Step > start.Step).Select(m => m[metric]).Where(double.IsFinite).ToArray()
           where values.Length > 0
           select new SeedValue(run.Seed, values.Average(), Step: start.Step),
    ]);

    /// <summary>Share of the steps after saturation in which some group has rewards that differ.</summary>
    private static Measurement SignalSteps(ExperimentResults results, string recipe, Measurement saturation) => new(
    [
        .. from run in results.Trainings(recipe)
           from start in saturation.Values.Where(s => s.Seed == run.Seed)
           let values = run.Metrics.Where(m => m.Step > start.Step).Select(m => m[SilentGroups]).Where(double.IsFinite).ToArray()
           where values.Length > 0
           select new SeedValue(run.Seed, values.Count(v => v < 1) / (double)values.Length, Step: start.Step),
    ]);
}

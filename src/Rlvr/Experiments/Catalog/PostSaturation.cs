using Rlvr.Experiments.Measures;
using Rlvr.Runs;

namespace Rlvr.Experiments.Catalog;

/// <summary>E4: "post-saturation generalisation" of arXiv 2504.20571 (section 3.2.2): test accuracy goes on rising when the one example is solved.</summary>
internal sealed class PostSaturation : Experiment
{
    public override string Id => "E4";

    public override string Title => "Test accuracy after training accuracy has saturated";

    public override string Question => "Does accuracy on other problems go on rising once the one training example is always solved?";

    public override IReadOnlyList<PlannedTraining> Trainings(ExperimentScale scale) => RunName.Plan(scale, Recipes.OneShotLong, Recipes.OneShotSecond, Recipes.FullSet);

    public override ExperimentPage Report(ExperimentResults results)
    {
        ExperimentScale scale = results.Scale;
        string recipe = Recipes.OneShotLong.At(scale)!, main = Suites.Main(scale);
        Measurement saturation = Saturation.Step(results, recipe);
        string[] suites = [main, .. Suites.Hard(scale)];
        IReadOnlyList<Finding> findings =
        [
            Early(results, recipe, saturation),
            .. Findings.ByDecoding(d =>
            [
                Later(results, recipe, main, [main], saturation, d),
                .. scale == ExperimentScale.Micro ? (Finding[])[Later(results, recipe, "micro-olympiad", ["micro-olympiad"], saturation, d)] : [],
                Later(results, recipe, Suites.Average(scale), Suites.All(scale), saturation, d),
            ]),
        ];
        return new ExperimentPage
        {
            Tables = [Table(results, recipe, suites, saturation), .. ByStep(results, recipe, main)],
            Figures =
            [
                .. Curves.Drawn(new ResultFigure("e4-accuracy", "1-shot: accuracy in training and on suites (greedy)", "step", "%",
                [
                    Curves.Metric(results, "training example", recipe, "train_accuracy", 100, Saturation.Window),
                    .. suites.Select(s => Curves.Evaluations(results, s, recipe, s)),
                ])),
                .. Curves.Drawn(new ResultFigure("e4-sampled", "1-shot: accuracy on suites at temperature 0.6", "step", "%",
                    [.. suites.Select(s => Curves.Evaluations(results, s, recipe, s, Decoding.Sampled))])),
                .. Curves.Drawn(new ResultFigure("e4-others", "Accuracy in training (mean of five steps)", "step", "%",
                [
                    Curves.Metric(results, "π1", recipe, "train_accuracy", 100, Saturation.Window),
                    Curves.Metric(results, "π13", Recipes.OneShotSecond.At(scale)!, "train_accuracy", 100, Saturation.Window),
                    Curves.Metric(results, "full set", Recipes.FullSet.At(scale)!, "train_accuracy", 100, Saturation.Window),
                ])),
            ],
            Findings = findings,
            Notes = Suites.Standing(scale) + $" Saturated means: training accuracy of at least 95% over {Saturation.Window} steps. \"At saturation\" is the first evaluation at or after that step; "
                + "the last step is compared with it, not the best one, so nothing is chosen on the test suites."
                + (scale == ExperimentScale.Micro ? " Greedy accuracy is near its ceiling at saturation and has little room left to show it; sampled responses are where to look." + Fall(results, recipe, main, findings) : ""),
        };
    }

    /// <summary>Where the last step is not above saturation: whether the curve was higher in between, and why it need not stay there.</summary>
    private static string Fall(ExperimentResults results, string recipe, string main, IReadOnlyList<Finding> findings)
    {
        if (!findings.Any(f => f.Claim.StartsWith("Accuracy goes on rising", StringComparison.Ordinal) && f.Agreement is Agreement.Disagrees or Agreement.Unclear)) return "";
        (int Step, double Accuracy)[] curve = Mean(results, recipe, main, Decoding.Sampled);
        if (curve.Length < 3) return "";
        (int step, double highest) = curve.MaxBy(p => p.Accuracy);
        return FormattableString.Invariant($"\n\nWhere the last step is not above saturation by more than noise, look at the curve. At temperature 0.6 the mean over seeds on {main} goes from {100 * curve[1].Accuracy:F1}% at step {curve[1].Step} to {100 * highest:F1}% at step {step} (the highest; chosen on the suite itself, so optimistic) and is {100 * curve[^1].Accuracy:F1}% at the end. ")
            + "Once every rollout is right all advantages are 0, and what still moves the weights are the terms of entropy and KL and now and then a single wrong rollout. The paper's long runs rise for longer and lose accuracy at their end, too; this run is far shorter in steps and "
            + "a hundred times faster in learning rate.";
    }

    private static (int Step, double Accuracy)[] Mean(ExperimentResults results, string recipe, string suite, Decoding decoding)
    {
        IReadOnlyList<TrainedRun> runs = results.Trainings(recipe);
        return [.. runs.SelectMany(run => run.Records(suite, decoding)).GroupBy(e => e.Step).Where(g => g.Count() == runs.Count).OrderBy(g => g.Key).Select(g => (g.Key, g.Average(e => e.Accuracy)))];
    }

    private static ResultTable[] ByStep(ExperimentResults results, string recipe, string suite)
    {
        (int Step, double Accuracy)[] greedy = Mean(results, recipe, suite, Decoding.Greedy), sampled = Mean(results, recipe, suite, Decoding.Sampled);
        int[] steps = [.. greedy.Select(p => p.Step).Intersect(sampled.Select(p => p.Step))];
        IReadOnlyList<string> Row(string name, (int Step, double Accuracy)[] curve) => [name, .. steps.Select(step => Unit.Percent.Show(curve.First(p => p.Step == step).Accuracy))];
        return steps.Length == 0 ? [] : [new($"1-shot: {suite} by step, mean over seeds, %", ["decoding", .. steps.Select(step => $"{step}")], [Row("greedy", greedy), Row("temperature 0.6", sampled)])];
    }

    private static Finding Early(ExperimentResults results, string recipe, Measurement saturation)
    {
        const string Claim = "Training accuracy saturates early (paper: before step 100 of 2,000; here: within the first third of the run)";
        IReadOnlyList<TrainedRun> runs = results.Trainings(recipe);
        if (runs.Count == 0) return Claims.NotMeasured(Claim, recipe);
        if (saturation.Seeds < runs.Count) return Claims.When(Claim, false, $"{runs.Count - saturation.Seeds} of {runs.Count} seeds never reach 95%.");
        int steps = runs.Max(r => r.Metrics.Max(m => m.Step));
        return Claims.When(Claim, saturation.Values.All(v => v.Step <= steps / 3), $"95% at step {BestStep.Steps(saturation)} of {steps}, seed by seed.");
    }

    private static Finding Later(ExperimentResults results, string recipe, string name, IReadOnlyList<string> suites, Measurement saturation, Decoding decoding) => Claims.Greater(
        $"Accuracy goes on rising after saturation: {name} (paper: by some points up to step 1,500 and later)",
        new("last step", Only(results.Average(Entry.After(recipe), suites, decoding), saturation)),
        new("at saturation", Measurement.Average([.. suites.Select(s => At(results, recipe, s, saturation, decoding))])), 0.01);

    /// <summary>The accuracy at the first evaluation at or after each seed's saturation, where that is not the last evaluation.</summary>
    private static Measurement At(ExperimentResults results, string recipe, string suite, Measurement saturation, Decoding decoding) => new(
        [.. results.Trainings(recipe).SelectMany(run =>
        {
            EvaluationRecord[] records = [.. run.Records(suite, decoding).OrderBy(e => e.Step)];
            return saturation.Values.Where(s => s.Seed == run.Seed)
                .SelectMany(s => records.Where(e => e.Step >= s.Step && e.Step < records[^1].Step).Take(1))
                .Select(e => Accuracies.Value(run.Seed, e)!.Value);
        })]);

    private static Measurement Only(Measurement all, Measurement seeds) => new([.. all.Values.Where(v => seeds.Values.Any(s => s.Seed == v.Seed))]);

    private static ResultTable Table(ExperimentResults results, string recipe, string[] suites, Measurement saturation) => new(
        "1-shot: accuracy before training, at saturation and after the last step, %",
        ["suite", "base, greedy", "at saturation, greedy", "last, greedy", "base, temperature 0.6", "at saturation, temperature 0.6", "last, temperature 0.6", "steps at saturation"],
        [.. suites.Select(IReadOnlyList<string> (suite) =>
        [
            suite,
            .. new[] { Decoding.Greedy, Decoding.Sampled }.SelectMany(d => new[]
            {
                Unit.Percent.Show(results.Accuracy(Entry.Before(recipe), suite, d)), Unit.Percent.Show(At(results, recipe, suite, saturation, d)), Unit.Percent.Show(results.Accuracy(Entry.After(recipe), suite, d)),
            }),
            BestStep.Steps(At(results, recipe, suite, saturation, Decoding.Greedy)),
        ])]);
}

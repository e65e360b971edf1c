using Rlvr.Experiments.Measures;

namespace Rlvr.Experiments.Catalog;

/// <summary>E16: Table 18 of arXiv 2504.20571: the example reduced to its calculation.</summary>
internal sealed class PromptModification : Experiment
{
    private static readonly (string Name, string Row, RunName Run)[] Rows = [("π1", "pi1", Recipes.OneShot), ("π1', the calculation alone", "pi1' (cube root of 2048)", Recipes.Simplified)];

    public override string Id => "E16";

    public override string Title => "The example reduced to its calculation";

    public override string Question => "Does the example still work when its story is left out and only the last calculation is asked?";

    public override IReadOnlyList<PlannedTraining> Trainings(ExperimentScale scale) => RunName.Plan(scale, [.. Rows.Select(r => r.Run)]);

    public override ExperimentPage Report(ExperimentResults results)
    {
        ExperimentScale scale = results.Scale;
        string main = Suites.Main(scale);
        AccuracyTable table = new(results, "Accuracy after training, % (paper: Table 18; ours: last step)", "MATH500", "Avg");
        table.Row("nothing: the base model", "8", "base", Recipes.OneShot.Before(scale));
        foreach ((string name, string row, RunName run) in Rows) table.Row(name, "18", row, run.After(scale));
        IReadOnlyList<Finding> findings = Findings.ByDecoding(d =>
        {
            Named one = new("π1", results.Accuracy(Recipes.OneShot.After(scale), main, d)), simplified = new("π1'", results.Accuracy(Recipes.Simplified.After(scale), main, d));
            return
            [
                Claims.Greater("The calculation alone works much less well (paper: 65.4 against 72.8)", one, simplified, 0.02),
                Claims.Greater("It still lifts the base far (paper: 36.0 to 65.4)", simplified, new("base", results.Accuracy(Recipes.OneShot.Before(scale), main, d)), 0.05),
            ];
        });
        return new ExperimentPage
        {
            Tables = [table.Build()],
            Figures =
            [
                .. Curves.Drawn(new ResultFigure("e16-accuracy", $"Accuracy on {main}, greedy", "step", "%", [.. Rows.Select(r => Curves.Evaluations(results, r.Name, r.Run.At(scale)!, main))])),
                .. Curves.Drawn(new ResultFigure("e16-entropy", "Entropy of the policy, nats a token (mean of five steps)", "step", "nats", [.. Rows.Select(r => Curves.Metric(results, r.Name, r.Run.At(scale)!, "entropy", window: 5))])),
            ],
            Findings = findings,
            Notes = Suites.Standing(scale) + (scale == ExperimentScale.Micro
                ? " The calculation alone is the same computation written as a formula, with the same label.\n\n"
                    + Findings.If(findings.Any(f => f.Claim.StartsWith("The calculation alone", StringComparison.Ordinal) && f.Agreement is Agreement.Disagrees or Agreement.Unclear),
                        "Where the calculation does as well as the story, a likely reason is that in the micro world both need the same two steps and are answered by the same habits, so the formula is no easier example. In the paper the reduction takes away the reasoning that "
                            + "leads to the calculation, and with it what the example had to teach.")
                : ""),
        };
    }
}

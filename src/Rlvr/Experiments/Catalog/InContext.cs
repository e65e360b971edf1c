using Rlvr.Evaluation;
using Rlvr.Experiments.Measures;

namespace Rlvr.Experiments.Catalog;

/// <summary>E14: Table 16 of arXiv 2504.20571: the example as a demonstration in the prompt, in place of training.</summary>
internal sealed class InContext : Experiment
{
    public override string Id => "E14";

    public override string Title => "The example in the prompt instead of training";

    public override string Question => "Does showing the base model the solved example do what training on it does?";

    public override IReadOnlyList<PlannedTraining> Trainings(ExperimentScale scale) =>
        scale == ExperimentScale.Micro ? RunName.Plan(scale, Recipes.OneShot) : RunName.Plan(scale, Recipes.OneShot, Recipes.LargeOneShot);

    public override IReadOnlyList<PlannedEvaluation> Evaluations(ExperimentScale scale) =>
        [Catalog.Evaluations.InContext(scale), scale == ExperimentScale.Micro ? Catalog.Evaluations.InContext(scale, sampled: true) : Catalog.Evaluations.InContextLarge];

    public override ExperimentPage Report(ExperimentResults results)
    {
        ExperimentScale scale = results.Scale;
        IReadOnlyList<string> suites = Suites.All(scale);
        Decoding[] decodings = scale == ExperimentScale.Micro ? [Decoding.Greedy, Decoding.Sampled] : [Decoding.Greedy];
        PlannedEvaluation Planned(Decoding d) => Catalog.Evaluations.InContext(scale, d == Decoding.Sampled);
        IReadOnlyList<string> Row(string name, string table, string row, Func<string, Decoding, Measurement> ours) =>
        [
            name, PaperTables.Get(table, row, "MATH500").ToString("0.0"), PaperTables.Get(table, row, "Avg").ToString("0.0"),
            .. suites.SelectMany(s => decodings.Select(d => Unit.Percent.Show(ours(s, d)))),
        ];
        IReadOnlyList<Finding> findings = Findings.ByDecoding(d =>
        {
            string main = Suites.Main(scale);
            Named @base = new("base", results.Accuracy(Recipes.OneShot.Before(scale), main, d)), shown = new("in context", results.Accuracy(Planned(d), main)), one = new("1-shot", results.Accuracy(Recipes.OneShot.After(scale), main, d));
            return
            [
                Claims.Greater("The example in context lifts the base (paper: 36.0 to 59.0)", shown, @base, 0.02),
                Claims.Greater("Training on it gives more (paper: 72.8 and 59.0)", one, shown, 0.05),
            ];
        });
        Measurement copies = results.OverProblems(Planned(Decoding.Greedy), Suites.Main(scale), responses => responses.Average(r => Copies(r) ? 1.0 : 0));
        return new ExperimentPage
        {
            Tables =
            [
                new ResultTable("Accuracy, % (paper: Tables 4, 8 and 16; Qwen2.5-Math-1.5B unless named)",
                    ["model", "paper: MATH500", "paper: Avg", .. suites.SelectMany(s => decodings.Select(d => scale == ExperimentScale.Micro ? $"{s}, {(d == Decoding.Greedy ? "greedy" : "temperature 0.6")}" : s))],
                    [
                        Row("base", "8", "base", (s, d) => results.Accuracy(Recipes.OneShot.Before(scale), s, d)),
                        Row("base, π1 in context", "16", "1.5B ICL pi1", (s, d) => results.Accuracy(Planned(d), s)),
                        Row("base, four examples of Qwen's in context", "16", "1.5B ICL qwen4", (_, _) => Measurement.None),
                        Row("base, one example of Qwen's in context", "16", "1.5B ICL qwen1", (_, _) => Measurement.None),
                        Row("trained on π1", "8", "pi1", (s, d) => results.Accuracy(Recipes.OneShot.After(scale), s, d)),
                        .. scale == ExperimentScale.Micro ? (IReadOnlyList<string>[])[] :
                        [
                            Row("7B base", "4 7B", "base", (s, d) => results.Accuracy(Recipes.LargeOneShot.Before(scale), s, d)),
                            Row("7B base, π1 in context", "16", "7B ICL pi1", (s, _) => results.Accuracy(Catalog.Evaluations.InContextLarge, s)),
                            Row("7B trained on π1", "4 7B", "pi1", (s, d) => results.Accuracy(Recipes.LargeOneShot.After(scale), s, d)),
                        ],
                    ]),
            ],
            Findings = findings,
            Notes = Suites.Standing(scale) + (scale == ExperimentScale.Micro
                ? " The demonstration is `micro:pi-1` with the solution of a careful solver, before each question.\n\n"
                    + Findings.If(copies.Exists, $"{Unit.Percent.Show(copies.Mean)}% of the greedy responses to {Suites.Main(scale)} repeat a calculation of the demonstration, number by number.")
                    + Findings.If(findings.Any(f => f.Claim.StartsWith("The example in context", StringComparison.Ordinal) && f.Agreement is Agreement.Disagrees or Agreement.Unclear),
                        "Where the demonstration does not help, a likely reason is this. One document in ten of the micro base's pretraining has a second problem, whose answer follows the manner of the first only now and then, and a network of this size learns little from its context. "
                            + "The paper's model was pretrained on long documents, in which one problem and its solution follow another.")
                : ""),
        };
    }

    /// <summary>Whether a line with a calculation stands in the prompt too: the demonstration's numbers in place of the question's.</summary>
    private static bool Copies(ResponseRecord response) =>
        response.Response.Split('\n').Any(line => line.Contains('=', StringComparison.Ordinal) && response.Prompt.Split('\n').Contains(line));
}

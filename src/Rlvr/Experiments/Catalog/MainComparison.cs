using Rlvr.Experiments.Measures;

namespace Rlvr.Experiments.Catalog;

/// <summary>E1: Table 8 (best step by average) and Table 9 of arXiv 2504.20571.</summary>
internal sealed class MainComparison : Experiment
{
    private static readonly (string Name, string Row, RunName Run)[] Trained =
    [
        ("MATH (7,500)", "MATH 7500", Recipes.Math7500),
        ("DSR-sub (1,209): the full set", "DSR-sub", Recipes.FullSet),
        ("DSR-sub, format reward only", "format reward 1209", Recipes.Format),
        ("π1", "pi1", Recipes.OneShot),
        ("π13", "pi13", Recipes.OneShotSecond),
        ("π1 and π13", "pi1,pi13", Recipes.TwoShot),
    ];

    public override string Id => "E1";

    public override string Title => "One example against a full set";

    public override string Question => "How far does training on a single example lift the base model, compared with the full set, and with a reward for the format alone?";

    public override IReadOnlyList<PlannedTraining> Trainings(ExperimentScale scale) => RunName.Plan(scale, [.. Trained.Select(t => t.Run)]);

    public override ExperimentPage Report(ExperimentResults results)
    {
        ExperimentScale scale = results.Scale;
        AccuracyTable table = new(results, "Accuracy after training, % (paper: Table 8, at the best step by average; ours: last step)", "MATH500", "Avg");
        table.Row("nothing: the base model", "8", "base", Recipes.OneShot.Before(scale));
        foreach ((string name, string row, RunName run) in Trained) table.Row(name, "8", row, run.After(scale));
        (string, Entry)[] rows = [("base", Recipes.OneShot.Before(scale)), .. Trained.Where(t => t.Run.At(scale) is not null).Select(t => (t.Name, t.Run.After(scale)))];
        IReadOnlyList<Finding> findings = Findings.ByDecoding(d => Judge(results, d));
        return new ExperimentPage
        {
            Tables =
            [
                table.Build(),
                SuiteTable.BySuite(results, "Every suite after the last step, %", rows),
                SuiteTable.Best(results, [.. Trained.Where(t => t.Run.At(scale) is not null).Select(t => (t.Name, t.Run))]),
            ],
            Figures =
            [
                .. Curves.Drawn(new ResultFigure("e1-accuracy", $"Accuracy on {Suites.Main(scale)}, greedy", "step", "%",
                    [.. Trained.Where(t => t.Run.At(scale) is not null).Select(t => Curves.Evaluations(results, t.Name, t.Run.At(scale)!, Suites.Main(scale)))])),
            ],
            Findings = findings,
            Notes = Suites.Standing(scale) + (scale == ExperimentScale.Micro
                ? " The full set is the pool of 600 problems (`micro:rl-pool`), and a pool of 6,000 (`micro:pool-large`) stands for the 7,500 problems of MATH. π1 is `micro:pi-1` (prealgebra), π13 the example of geometry."
                : "") + Format(findings),
        };
    }

    private static IReadOnlyList<Finding> Judge(ExperimentResults results, Decoding decoding)
    {
        string suite = Suites.Main(results.Scale);
        Named Of(string name, Entry entry) => new(name, results.Accuracy(entry, suite, decoding));
        Named @base = Of("base", Recipes.OneShot.Before(results.Scale)), one = Of("1-shot", Recipes.OneShot.After(results.Scale)), full = Of("full set", Recipes.FullSet.After(results.Scale));
        Named format = Of("format reward", Recipes.Format.After(results.Scale)), second = Of("the other example", Recipes.OneShotSecond.After(results.Scale)), two = Of("2-shot", Recipes.TwoShot.After(results.Scale));
        return
        [
            Claims.Greater("One example lifts the base model far (paper: 36.0 to 72.8)", one, @base, 0.05),
            Claims.Greater("So does another example (paper: 36.0 to 73.6)", second, @base, 0.05),
            Claims.Close("One example is worth about as much as the full set (paper: 72.8 and 73.6; here: within 5 points)", one, full, 0.05),
            Claims.NotBelow("Two examples are at least as good as one (paper: 74.8 and 72.8; here: not 2 points below)", two, one, 0.02),
            Claims.Greater("The format reward alone lifts the base model too (paper: 36.0 to 65.0)", format, @base, 0.05),
            Claims.Greater("It falls short of the outcome reward on one example (paper: 65.0 and 72.8)", one, format, 0.02),
        ];
    }

    private static string Format(IReadOnlyList<Finding> findings)
    {
        Finding[] lifts = [.. findings.Where(f => f.Claim.StartsWith("The format reward alone", StringComparison.Ordinal))];
        return Findings.If(lifts.Any(f => f.Agreement == Agreement.Disagrees),
            "\n\nWhere the format reward does not lift the base, a likely reason is this. It rewards any box, so it strengthens whatever the model likes to box. In the subjects that this base often answers in a hurry, the likeliest boxed "
            + "answer stops a step early, and greedy decoding shows only the likeliest one; sampled responses show the others too. The base of the paper, once it boxes its answer, mostly boxes a finished one.");
    }
}

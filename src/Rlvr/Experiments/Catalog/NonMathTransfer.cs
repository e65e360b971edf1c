using Rlvr.Experiments.Measures;

namespace Rlvr.Experiments.Catalog;

/// <summary>E2: Table 1 of arXiv 2504.20571: multiple choice about science after training on mathematics.</summary>
internal sealed class NonMathTransfer : Experiment
{
    private static readonly (string Name, string Row, RunName Run)[] Trained =
    [
        ("MATH (7,500)", "MATH(7500)", Recipes.Math7500),
        ("DSR-sub (1,209): the full set", "DSR-sub(1209)", Recipes.FullSet),
        ("π1", "pi1", Recipes.OneShot),
        ("π13", "pi13", Recipes.OneShotSecond),
        ("π1 and π13", "pi1+pi13", Recipes.TwoShot),
    ];

    public override string Id => "E2";

    public override string Title => "Transfer beyond what is trained on";

    public override string Question => "Does training on one mathematical problem keep or raise accuracy on problems of another kind?";

    public override IReadOnlyList<PlannedTraining> Trainings(ExperimentScale scale) => RunName.Plan(scale, [.. Trained.Select(t => t.Run)]);

    public override IReadOnlyList<PlannedEvaluation> Evaluations(ExperimentScale scale) => scale == ExperimentScale.Micro
        ? [] // its suites are evaluated in training
        : [Catalog.Evaluations.Transfer(scale, Recipes.OneShot, isBase: true), .. Trained.Select(t => Catalog.Evaluations.Transfer(scale, t.Run))];

    public override ExperimentPage Report(ExperimentResults results)
    {
        ExperimentScale scale = results.Scale;
        (string Name, string Row, RunName Run, bool IsBase)[] rows = [("nothing: the base model", "Base", Recipes.OneShot, true), .. Trained.Select(t => (t.Name, t.Row, t.Run, false))];
        IReadOnlyList<string> suites = Suites.Transfer(scale);
        ResultTable table = new(
            "Accuracy after training, % (paper: Table 1; ours: last step)",
            ["trained on", "paper: ARC-E", "paper: ARC-C", .. suites.SelectMany(s => Decodings(scale).Select(d => scale == ExperimentScale.Micro ? $"{s}, {(d == Decoding.Greedy ? "greedy" : "temperature 0.6")}" : s)), "seeds"],
            [.. rows.Select(IReadOnlyList<string> (r) =>
            [
                r.Name, PaperTables.Get("1", r.Row, "ARC-E").ToString("0.0"), PaperTables.Get("1", r.Row, "ARC-C").ToString("0.0"),
                .. suites.SelectMany(s => Decodings(scale).Select(d => Unit.Percent.Show(Of(results, r.Run, r.IsBase, s, d)))),
                Of(results, r.Run, r.IsBase, suites[0], Decoding.Greedy).Seeds is > 0 and var seeds ? $"{seeds}" : "",
            ])]);
        IReadOnlyList<Finding> findings = [.. Decodings(scale).SelectMany(d => Judge(results, d))];
        return new ExperimentPage
        {
            Tables = [table],
            Figures =
            [
                .. Curves.Drawn(new ResultFigure("e2-transfer", "1-shot: greedy accuracy on suites unlike the example", "step", "%",
                    [.. suites.Select(s => Curves.Evaluations(results, s, Recipes.OneShot.At(scale)!, s))])),
            ],
            Findings = findings,
            Notes = scale == ExperimentScale.Micro ? Micro(findings) : "ARC-Easy and ARC-Challenge are asked with their choices and judged by letter.",
        };
    }

    private static Decoding[] Decodings(ExperimentScale scale) => scale == ExperimentScale.Micro ? [Decoding.Greedy, Decoding.Sampled] : [Decoding.Greedy];

    private static Measurement Of(ExperimentResults results, RunName run, bool isBase, string suite, Decoding decoding)
    {
        if (run.At(results.Scale) is null) return Measurement.None;
        return results.Scale == ExperimentScale.Micro
            ? results.Accuracy(isBase ? run.Before(results.Scale) : run.After(results.Scale), suite, decoding)
            : results.Accuracy(Catalog.Evaluations.Transfer(results.Scale, run, isBase), suite);
    }

    private static IEnumerable<Finding> Judge(ExperimentResults results, Decoding decoding)
    {
        string how = decoding == Decoding.Greedy ? "greedy" : "temperature 0.6";
        foreach (string suite in Suites.Transfer(results.Scale))
        {
            Named @base = new("base", Of(results, Recipes.OneShot, true, suite, decoding)), one = new("1-shot", Of(results, Recipes.OneShot, false, suite, decoding));
            Named full = new("full set", Of(results, Recipes.FullSet, false, suite, decoding));
            yield return Claims.NotBelow($"1-shot training does not cost accuracy on {suite} ({how}; here: not 3 points below)", one, @base, 0.03);
            yield return Claims.Greater($"It raises it (paper: 48.0 to 52.0 and 30.2 to 32.2): {suite} ({how})", one, @base, 0.03);
            yield return Claims.NotBelow($"One example transfers at least as well as the full set (paper: 52.0 and 42.2, 32.2 and 29.9): {suite} ({how}; here: not 3 points below)", one, full, 0.03);
        }
    }

    private static string Micro(IReadOnlyList<Finding> findings)
    {
        bool Rises(string suite) => findings.Any(f => f.Claim.StartsWith("It raises it", StringComparison.Ordinal) && f.Claim.Contains(suite, StringComparison.Ordinal) && f.Agreement == Agreement.Agrees);
        bool measured = findings.Any(f => f.Agreement != Agreement.NotMeasured);
        return "The micro world has no problems but mathematical ones. What stands for another kind of problem are the suites outside the pool that is trained on: micro-olympiad (five steps, rare in "
            + "pretraining), micro-hard (larger numbers, rare in pretraining, and for a quarter longer chains than any in it) and micro-far (a combination of two kinds that pretraining never shows).\n\n"
            + Findings.If(measured && Rises("micro-olympiad"),
                "micro-olympiad rises: the base can do these problems and answers them by the same habits as the others, and a habit, once rewarded, is used everywhere.")
            + Findings.If(measured && !(Rises("micro-far") && Rises("micro-hard")),
                $"{string.Join(" and ", new[] { "micro-far", "micro-hard" }.Where(s => !Rises(s)))} {(Rises("micro-far") || Rises("micro-hard") ? "does" : "do")} not rise beyond doubt. Training makes likelier what the base can do already, and these problems "
                + "it cannot do: a network of under a million parameters has the arithmetic and the sequences of steps of its 13 million tokens, and hardly generalises to longer chains or to new combinations. A base "
                + "pretrained on text of all kinds, as in the paper, has other abilities to bring out.");
    }
}

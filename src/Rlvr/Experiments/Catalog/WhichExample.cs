using Rlvr.Experiments.Measures;

namespace Rlvr.Experiments.Catalog;

/// <summary>E5: Table 3 of arXiv 2504.20571: which single example is trained on, and what comes of it subject by subject.</summary>
internal sealed class WhichExample : Experiment
{
    // The paper's 14 examples; 1207 and 1208 are those of which it says that their label is wrong or their problem too hard.
    private static readonly string[] PaperRows =
        ["Base", "DSR-sub", "pi1", "pi2", "pi4", "pi7", "pi11", "pi13", "pi16", "pi17", "pi605", "pi606", "pi1201", "pi1207", "pi1208", "pi1209", "pi1+pi2", "pi1+pi13", "pi1..pi16"];

    private static readonly string[] PaperColumns = ["Alg", "C.P.", "Geo", "I.Alg", "N.T.", "Prealg", "Precal", "MATH500", "AIME24"];

    public override string Id => "E5";

    public override string Title => "Which example, and which subject";

    public override string Question => "How much depends on the one example, does it help other subjects than its own, and what does a wrong or impossible label give?";

    public override IReadOnlyList<PlannedTraining> Trainings(ExperimentScale scale) =>
        // The many examples of a ranking are compared as a whole, so one seed of each is enough.
        [.. RunName.Plan(scale, [.. Rows(scale).Select(r => r.Run)]).Concat(Examples.Ranks.Select(r => new PlannedTraining(Examples.OfRank(r).At(scale)!, Compared: scale == ExperimentScale.Paper))).DistinctBy(t => t.Recipe)];

    public override ExperimentPage Report(ExperimentResults results)
    {
        ExperimentScale scale = results.Scale;
        string main = Suites.Main(scale);
        (string Head, string Subject)[] subjects = [.. Examples.Subjects(scale)];
        IReadOnlyList<string> Ours(string name, Entry entry, Decoding decoding) =>
        [
            name, .. subjects.Select(s => Unit.Percent.Show(results.SubjectAccuracy(entry, main, s.Subject, decoding))),
            Unit.Percent.Show(results.Accuracy(entry, main, decoding)), results.Accuracy(entry, main, decoding).Seeds is > 0 and var seeds ? $"{seeds}" : "",
        ];
        ResultTable Table(Decoding decoding) => new(
            $"Ours: accuracy on {main} by subject after training on each example, % ({(decoding == Decoding.Greedy ? "greedy" : "temperature 0.6")}, last step)",
            ["trained on", .. subjects.Select(s => s.Head), main, "seeds"],
            [Ours("base", Recipes.OneShot.Before(scale), decoding), .. Rows(scale).Select(r => Ours(r.Name, r.Run.After(scale), decoding))]);
        IReadOnlyList<Finding> findings = Findings.ByDecoding(d => Judge(results, d));
        return new ExperimentPage
        {
            Tables = [ByRank(results), Paper(), Table(Decoding.Greedy), .. scale == ExperimentScale.Micro ? (ResultTable[])[Table(Decoding.Sampled)] : []],
            Figures =
            [
                .. Curves.Drawn(new ResultFigure("e5-examples", $"Accuracy on {main}, greedy, by the example trained on", "step", "%",
                    [.. Rows(scale).Select(r => Curves.Evaluations(results, r.Name, r.Run.At(scale)!, main))])),
            ],
            Findings = findings,
            Notes = Suites.Standing(scale) + (scale == ExperimentScale.Micro
                ? " Two sets of examples are tried: one problem of each everyday subject, for the matrix of subjects, and problems of the pool by the rank of the historical variance of their accuracy in training on the whole pool "
                    + "(`rlvr select`), at the same places of the ranking as the paper's, one seed each. Wrong labels are given to pi-1 here; in the paper they are mistakes of the data set. pi-hard is a problem that the base never solves, pi-guessable one whose answer is 1."
                : "") + " Accuracy by subject has the binomial error of its 38 to 124 problems, so a difference of less than about ten points between two examples in one subject says nothing.",
        };
    }

    private static (string Name, RunName Run)[] Rows(ExperimentScale scale) =>
    [
        .. Examples.Good(scale).Select(e => (e.Name, e.Run)),
        .. Examples.Bad(scale).Select(e => (e.Name, e.Run)),
        .. scale == ExperimentScale.Micro ? ((string, RunName)[])[("pi-guessable, right by chance too", new("one-shot-guessable", null))] : [("π1 and π2", Recipes.OtherTwoShot)],
        (scale == ExperimentScale.Micro ? "2 examples (pi-1, pi-geometry)" : "π1 and π13", Recipes.TwoShot),
        ("4 examples", Recipes.FourShot),
        ("16 examples", Recipes.SixteenShot),
        ("full set", Recipes.FullSet),
    ];

    private static ResultTable ByRank(ExperimentResults results)
    {
        AccuracyTable table = new(results, "One example, by the rank of its historical variance: accuracy, % (paper: Table 3; ours: last step)", "MATH500");
        foreach ((int Paper, int Micro) rank in Examples.Ranks) table.Row($"π{rank.Paper} of 1,209", "3", $"pi{rank.Paper}", Examples.OfRank(rank).After(results.Scale));
        return table.Build();
    }

    private static ResultTable Paper()
    {
        PaperTable table = PaperTables.Get("3");
        return new ResultTable("The paper: Table 3, accuracy by subject of MATH500, %, at the best step of each", ["trained on", .. PaperColumns],
            [.. PaperRows.Select(IReadOnlyList<string> (r) => [r.Replace("pi", "π", StringComparison.Ordinal), .. PaperColumns.Select(c => table[r, c].ToString("0.0"))])]);
    }

    private static IReadOnlyList<Finding> Judge(ExperimentResults results, Decoding decoding)
    {
        ExperimentScale scale = results.Scale;
        string main = Suites.Main(scale);
        Entry before = Recipes.OneShot.Before(scale);
        Measurement @base = results.Accuracy(before, main, decoding), full = results.Accuracy(Recipes.FullSet.After(scale), main, decoding);
        Named one = new("π1", results.Accuracy(Recipes.OneShot.After(scale), main, decoding));
        return
        [
            Most(results, decoding, @base, full),
            Rank(results, decoding),
            Transfer(results, decoding, before),
            OwnSubject(results, decoding, before),
            .. Examples.Bad(scale).Select(e => Claims.Greater(
                $"A wrong label or an impossible problem gives much less (paper: 54.0 and 45.0 against 74.0): {e.Name}", one, new(e.Name, results.Accuracy(e.After(scale), main, decoding)), 0.05)),
            Claims.NotBelow("Sixteen examples are at least about as good as one (paper: 71.6 and 74.0; here: not 5 points below)", new("16 examples", results.Accuracy(Recipes.SixteenShot.After(scale), main, decoding)), one, 0.05),
        ];
    }

    /// <summary>In the paper 12 of the 14 examples give more than half of what the full set gives; the other two are the bad ones.</summary>
    private static Finding Most(ExperimentResults results, Decoding decoding, Measurement @base, Measurement full)
    {
        const string Claim = "Nearly every example with a usable label gives more than half of what the full set gives (paper: 12 of 12)";
        string main = Suites.Main(results.Scale);
        (string Name, Measurement Value)[] examples =
        [
            .. Examples.Good(results.Scale).Select(e => (e.Name, results.Accuracy(e.After(results.Scale), main, decoding))),
            .. results.Scale == ExperimentScale.Micro ? Examples.Ranks.Select(r => ($"rank {r.Micro}", results.Accuracy(Examples.OfRank(r).After(results.Scale), main, decoding))) : [],
        ];
        if (!@base.Exists || !full.Exists || examples.Any(e => !e.Value.Exists)) return Claims.NotMeasured(Claim, "base, full set and every example");
        double half = (full.Mean - @base.Mean) / 2;
        if (half < 0.025) return Claims.When(Claim, null, $"The full set itself gives only {Unit.Percent.ShowSigned(2 * half)} points.");
        int above = examples.Count(e => e.Value.Mean - @base.Mean > half);
        return Claims.When(Claim, above >= 0.75 * examples.Length,
            $"{above} of {examples.Length} gain more than {Unit.Percent.Show(half)} points: {string.Join(", ", examples.Select(e => $"{e.Name} {Unit.Percent.ShowSigned(e.Value.Mean - @base.Mean)}"))}; full set {Unit.Percent.ShowSigned(full.Mean - @base.Mean)}. "
            + "Agrees from three quarters on.");
    }

    /// <summary>The mean of Table 3's rows is 68.4 for ranks 1 to 17, and 70.0 for 605, 606, 1201 and 1209.</summary>
    private static Finding Rank(ExperimentResults results, Decoding decoding)
    {
        ExperimentScale scale = results.Scale;
        // 1207 and 1208 are bad for another reason in the paper.
        bool Counts((int Paper, int Micro) rank) => scale == ExperimentScale.Micro || rank.Paper is not (1207 or 1208);
        Measurement Of(Func<int, bool> which) => new([.. Examples.Ranks.Where(r => which(r.Paper) && Counts(r))
            .Select(r => (r.Paper, Value: results.Accuracy(Examples.OfRank(r).After(scale), Suites.Main(scale), decoding)))
            .Where(r => r.Value.Exists).Select(r => new SeedValue(r.Paper, r.Value.Mean, r.Value.StandardError))]);
        Finding finding = Claims.NotBelow("Examples of middle and low variance do as well as those of high variance (paper: 70.0 and 68.4; here: not 5 points below)",
            new("middle and low ranks", Of(r => r > 17)), new("ranks 1 to 17", Of(r => r <= 17)), 0.05);
        return finding with { Detail = finding.Detail.Replace(" seeds)", " examples)", StringComparison.Ordinal) };
    }

    private static Finding Transfer(ExperimentResults results, Decoding decoding, Entry before)
    {
        const string Claim = "An example of one subject lifts the other subjects (paper: every subject, from every good example)";
        ExperimentScale scale = results.Scale;
        Measurement Others(Example example, Entry entry) => Measurement.Average(
            [.. Examples.Subjects(scale).Where(s => s.Subject != example.Subject).Select(s => results.SubjectAccuracy(entry, Suites.Main(scale), s.Subject, decoding))]);
        Finding[] parts = [.. Examples.Good(scale).Select(e => Claims.Greater(Claim, new($"{e.Name} on other subjects", Others(e, e.After(scale))), new("base", Others(e, before)), 0.05))];
        return Claims.All(Claim, parts);
    }

    private static Finding OwnSubject(ExperimentResults results, Decoding decoding, Entry before)
    {
        const string Claim = "An example does not help its own subject most (paper: the gain of a subject does not follow the example's)";
        ExperimentScale scale = results.Scale;
        string main = Suites.Main(scale);
        double Gain(Example e, string subject) => results.SubjectAccuracy(e.After(scale), main, subject, decoding).Mean - results.SubjectAccuracy(before, main, subject, decoding).Mean;
        (string Name, double Own, double Best)[] gains =
            [.. Examples.Good(scale).Select(e => (e.Name, Gain(e, e.Subject), Examples.Subjects(scale).Where(s => s.Subject != e.Subject).Max(s => Gain(e, s.Subject))))];
        if (gains.Any(g => !double.IsFinite(g.Own) || !double.IsFinite(g.Best))) return Claims.NotMeasured(Claim, "accuracy by subject of every example");
        int own = gains.Count(g => g.Own > g.Best);
        return Claims.When(Claim, own <= gains.Length / 2,
            $"{own} of {gains.Length} examples help their own subject more than any other; own gain and the greatest other one: "
            + $"{string.Join(", ", gains.Select(g => $"{g.Name} {Unit.Percent.ShowSigned(g.Own)} and {Unit.Percent.ShowSigned(g.Best)}"))}. Agrees up to half of them.");
    }
}

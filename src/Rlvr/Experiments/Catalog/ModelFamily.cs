using Rlvr.Experiments.Measures;

namespace Rlvr.Experiments.Catalog;

/// <summary>One base model, or one algorithm, and what was trained with it: a table of E7 and E8.</summary>
/// <param name="Name">The paper's model.</param>
/// <param name="Here">What stands for it at micro scale.</param>
/// <param name="Table">The paper's table.</param>
/// <param name="OneShot">Training on π1.</param>
/// <param name="FullSet">Training on the full set.</param>
/// <param name="Others">Further rows: name, row of the paper's table, runs.</param>
internal sealed record ModelFamily(string Name, string Here, string Table, RunName OneShot, RunName FullSet, IReadOnlyList<(string Name, string Row, RunName Run)> Others)
{
    /// <summary>The trainings at a scale.</summary>
    public IReadOnlyList<PlannedTraining> Trainings(ExperimentScale scale) => RunName.Plan(scale, [OneShot, FullSet, .. Others.Select(o => o.Run)]);

    /// <summary>The paper's rows, with ours beside those that are run at this scale.</summary>
    public ResultTable Accuracies(ExperimentResults results)
    {
        ExperimentScale scale = results.Scale;
        AccuracyTable table = new(results, $"{Title(scale)}: accuracy after training, % (paper: Table {Table.Split(' ')[0]}; ours: last step)", "MATH500", "Avg");
        table.Row("nothing: the base model", Table, "base", OneShot.Before(scale)).Row("full set", Table, "DSR-sub", FullSet.After(scale)).Row("π1", Table, "pi1", OneShot.After(scale));
        foreach ((string name, string row, RunName run) in Others) table.Row(name, Table, row, run.After(scale));
        return table.Build();
    }

    /// <summary>Accuracy by step.</summary>
    public IEnumerable<ResultFigure> Figures(ExperimentResults results, string name) => Curves.Drawn(new ResultFigure(
        name, $"{Title(results.Scale)}: accuracy on {Suites.Main(results.Scale)}, greedy", "step", "%",
        [
            Curves.Evaluations(results, "π1", OneShot.At(results.Scale)!, Suites.Main(results.Scale)),
            Curves.Evaluations(results, "full set", FullSet.At(results.Scale)!, Suites.Main(results.Scale)),
            .. Others.Where(o => o.Run.At(results.Scale) is not null).Select(o => Curves.Evaluations(results, o.Name, o.Run.At(results.Scale)!, Suites.Main(results.Scale))),
        ]));

    /// <summary>That one example helps, and how it compares with the full set.</summary>
    /// <param name="results">The results.</param>
    /// <param name="decoding">How responses are drawn.</param>
    /// <param name="margin">The smallest gain worth the name.</param>
    public IReadOnlyList<Finding> Judge(ExperimentResults results, Decoding decoding, double margin)
    {
        (Named @base, Named one, Named full) = Numbers(results, decoding);
        string Paper(string row) => PaperTables.Get(Table, row, "MATH500").ToString("0.0");
        return
        [
            Claims.Greater($"{Title(results.Scale)}: one example lifts the base (paper: {Paper("base")} to {Paper("pi1")})", one, @base, margin),
            PaperTables.Get(Table, "DSR-sub", "MATH500") - PaperTables.Get(Table, "pi1", "MATH500") > 5
                ? Claims.Greater($"{Title(results.Scale)}: the full set gives clearly more than one example (paper: {Paper("DSR-sub")} and {Paper("pi1")})", full, one, 0.02)
                : Claims.NotBelow($"{Title(results.Scale)}: one example comes near to the full set (paper: {Paper("pi1")} and {Paper("DSR-sub")}; here: not 5 points below)", one, full, 0.05),
        ];
    }

    /// <summary>Accuracy on the main suite: base, one example, full set.</summary>
    public (Named Base, Named OneShot, Named FullSet) Numbers(ExperimentResults results, Decoding decoding)
    {
        string suite = Suites.Main(results.Scale);
        return (new("base", results.Accuracy(OneShot.Before(results.Scale), suite, decoding)), new("1-shot", results.Accuracy(OneShot.After(results.Scale), suite, decoding)),
            new("full set", results.Accuracy(FullSet.After(results.Scale), suite, decoding)));
    }

    private string Title(ExperimentScale scale) => scale == ExperimentScale.Micro ? $"{Here} (for {Name})" : Name;
}

using Rlvr.Evaluation;
using Rlvr.Experiments.Measures;

namespace Rlvr.Experiments.Catalog;

/// <summary>E6: words of self-reflection in responses to test problems by step (arXiv 2504.20571, section 3.2.3).</summary>
internal sealed class SelfReflection : Experiment
{
    private static readonly RunName[] Runs = [Recipes.OneShot, Recipes.OneShotLong, Recipes.FullSet];

    public override string Id => "E6";

    public override string Title => "Self-reflection";

    public override string Question => "Do responses look back at themselves more often after training on one example?";

    public override IReadOnlyList<PlannedTraining> Trainings(ExperimentScale scale) => RunName.Plan(scale, Runs);

    public override IReadOnlyList<PlannedEvaluation> Evaluations(ExperimentScale scale) =>
        [Catalog.Evaluations.Kept(scale, Recipes.OneShot, isBase: true), .. Runs.Select(r => Catalog.Evaluations.Kept(scale, r)).DistinctBy(e => e.Name)];

    public override ExperimentPage Report(ExperimentResults results)
    {
        ExperimentScale scale = results.Scale;
        string main = Suites.Main(scale);
        (string Name, PlannedEvaluation Planned)[] rows =
        [
            ("base", Catalog.Evaluations.Kept(scale, Recipes.OneShot, isBase: true)),
            ("1-shot, to the end", Catalog.Evaluations.Kept(scale, Recipes.OneShotLong)),
            .. scale == ExperimentScale.Micro ? ((string, PlannedEvaluation)[])[("1-shot, a fifth of the steps", Catalog.Evaluations.Kept(scale, Recipes.OneShot))] : [],
            ("full set", Catalog.Evaluations.Kept(scale, Recipes.FullSet)),
        ];
        IReadOnlyList<string> words = Words(scale);
        Measurement Share(PlannedEvaluation planned) => results.OverProblems(planned, main, r => r.Average(x => Reflection.Find(x.Response, words).Count > 0 ? 1.0 : 0));
        Measurement RightAmong(PlannedEvaluation planned) => results.OverProblems(planned, main, r => r.Where(x => Reflection.Find(x.Response, words).Count > 0).Select(x => x.Correct ? 1.0 : 0).DefaultIfEmpty(double.NaN).Average());
        Finding rises = Claims.Greater("Self-reflection rises in 1-shot training", new("1-shot", Share(rows[1].Planned)), new("base", Share(rows[0].Planned)), 0.02);
        return new ExperimentPage
        {
            Tables =
            [
                new ResultTable($"Responses to {main} with {Quoted(words)}, % (ours: last step{(scale == ExperimentScale.Micro ? ", temperature 0.6" : ", greedy")})", ["trained on", "share", "right among them", "seeds"],
                    [.. rows.Select(IReadOnlyList<string> (r) => [r.Name, Unit.Percent.Show(Share(r.Planned)), Unit.Percent.Show(RightAmong(r.Planned)), Share(r.Planned).Seeds is > 0 and var seeds ? $"{seeds}" : ""])]),
            ],
            // The evaluations of training count the paper's words, which the micro world does not have.
            Figures = scale == ExperimentScale.Micro ? [] :
            [
                .. Curves.Drawn(new ResultFigure("e6-reflection", $"Responses to {main} with a word of self-reflection, greedy", "step", "%",
                [
                    Curves.Evaluations(results, "1-shot", Recipes.OneShotLong.At(scale)!, main, number: e => 100 * e.Reflection),
                    Curves.Evaluations(results, "full set", Recipes.FullSet.At(scale)!, main, number: e => 100 * e.Reflection),
                ])),
            ],
            Findings =
            [
                rises,
                scale == ExperimentScale.Micro
                    ? Claims.Greater("It rises late: more at the end of a long run than after a fifth of it", new("to the end", Share(rows[1].Planned)), new("after a fifth", Share(rows[2].Planned)), 0.01)
                    : Late(results),
            ],
            Notes = (scale == ExperimentScale.Micro
                ? $"The micro world has one phrase of self-reflection, {Quoted(words)}: in pretraining a fifth of the careful responses check themselves, a quarter of the hurried ones and 40% of those with a slip, and a check always ends right. "
                    + "The paper shows counts by step as a figure and prints no table.\n\n"
                    + Findings.If(rises.Agreement is Agreement.Disagrees or Agreement.Unclear,
                        "It does not rise beyond doubt here. A likely reason: a check repairs careless answers, and training makes those rare; a careful answer is as right without a check as with one, so the reward, which does not count length, has no reason to "
                            + "prefer the longer one. In the paper it rises late, together with the response's length, in a model whose answers are not yet all right.")
                : "The words are \"rethink\", \"recheck\" and \"recalculate\". The paper shows counts by step as a figure and prints no table."),
        };
    }

    /// <summary>The paper's words; the micro world's vocabulary has none of them.</summary>
    internal static IReadOnlyList<string> Words(ExperimentScale scale) => scale == ExperimentScale.Micro ? ["Wait, check"] : Reflection.Words;

    private static Finding Late(ExperimentResults results)
    {
        const string Claim = "It rises late: more in the second half of the run than in the first";
        string recipe = Recipes.OneShotLong.At(results.Scale)!, main = Suites.Main(results.Scale);
        (int Seed, double First, double Second)[] halves = [.. results.Trainings(recipe).Select(run =>
        {
            var records = run.Records(main, Decoding.Greedy).Where(e => double.IsFinite(e.Reflection)).DistinctBy(e => e.Step).OrderBy(e => e.Step).ToArray();
            if (records.Length < 3) return (run.Seed, double.NaN, double.NaN);
            double middle = records.MinBy(e => int.Abs(e.Step - (records[^1].Step / 2)))!.Reflection;
            return (run.Seed, middle - records[0].Reflection, records[^1].Reflection - middle);
        })];
        halves = [.. halves.Where(h => double.IsFinite(h.First))];
        return halves.Length == 0 ? Claims.NotMeasured(Claim, $"share of self-reflection by step of {recipe}")
            : halves.All(h => h.First == 0 && h.Second == 0) ? Claims.When(Claim, false, "It is the same at the beginning, in the middle and at the end.")
            : Claims.Greater(Claim, new("change in the second half", new([.. halves.Select(h => new SeedValue(h.Seed, h.Second))])), new("in the first half", new([.. halves.Select(h => new SeedValue(h.Seed, h.First))])), 0.01);
    }

    private static string Quoted(IReadOnlyList<string> words) => string.Join(", ", words.Select(w => $"\"{w}\""));
}

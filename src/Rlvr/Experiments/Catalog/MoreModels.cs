using Rlvr.Experiments.Measures;

namespace Rlvr.Experiments.Catalog;

/// <summary>E8: Table 10 of arXiv 2504.20571: a base that knows less mathematics, and one that is already tuned.</summary>
internal sealed class MoreModels : Experiment
{
    private static readonly ModelFamily Weak = new("Qwen2.5-1.5B", "A base with less pretraining", "10 Qwen2.5-1.5B", Recipes.WeakOneShot, Recipes.WeakFullSet,
        [("4 examples", "4-shot", Recipes.WeakFourShot), ("π1 to π16", "pi1..pi16", Recipes.WeakSixteenShot)]);

    private static readonly ModelFamily Instruct = new("Qwen2.5-Math-1.5B-Instruct", "A base that mostly answers carefully", "10 Qwen2.5-Math-1.5B-Instruct", Recipes.InstructOneShot, Recipes.InstructFullSet, []);

    public override string Id => "E8";

    public override string Title => "A weaker and an already tuned base";

    public override string Question => "What does one example give a base that knows less, and one that has been tuned before?";

    public override IReadOnlyList<PlannedTraining> Trainings(ExperimentScale scale) =>
        [.. Weak.Trainings(scale), .. Instruct.Trainings(scale), .. RunName.Plan(scale, Recipes.LargeMiddle, Recipes.LargeLast)];

    public override ExperimentPage Report(ExperimentResults results) => new()
    {
        Tables = [Weak.Accuracies(results), Instruct.Accuracies(results), .. results.Scale == ExperimentScale.Paper ? (ResultTable[])[Large(results)] : []],
        Figures = [.. Weak.Figures(results, "e8-weak"), .. Instruct.Figures(results, "e8-instruct")],
        Findings = Findings.ByDecoding(d => [.. Weak.Judge(results, d, 0.05), .. Instruct.Judge(results, d, 0.01), Less(results, d)]),
        Notes = Suites.Standing(results.Scale) + (results.Scale == ExperimentScale.Micro
            ? " The other bases are made by `recipes/micro/pretrain-weak.yaml` (less than a third of the tokens) and `pretrain-instruct.yaml` (a corpus that is careful most of the time). What the paper's weaker base lacks is mathematics in "
                + "its pretraining; what this one lacks is practice in arithmetic, which one example cannot teach and many examples can only teach a little in so few steps."
            : ""),
    };

    private static ResultTable Large(ExperimentResults results) =>
        new AccuracyTable(results, "Qwen2.5-Math-7B on other examples: accuracy after training, % (paper: Table 10; ours: last step)", "MATH500", "Avg")
            .Row("π605", "10 Qwen2.5-Math-7B extra", "pi605", Recipes.LargeMiddle.After(results.Scale))
            .Row("π1209", "10 Qwen2.5-Math-7B extra", "pi1209", Recipes.LargeLast.After(results.Scale)).Build();

    /// <summary>The share of the full set's gain that one example gives: 75% for the weak base, against more than 97% for Qwen2.5-Math-1.5B (Table 8).</summary>
    private static Finding Less(ExperimentResults results, Decoding decoding)
    {
        (Named @base, Named one, Named full) = Weak.Numbers(results, decoding);
        const string Claim = "One example gives the weaker base only a part of what the full set gives (paper: 40.4 of 54.0 points)";
        return Claims.All(Claim, Claims.Greater(Claim, one, @base, 0.05), Claims.Greater(Claim, full, one, 0.02));
    }
}

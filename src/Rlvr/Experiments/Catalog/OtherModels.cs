using Rlvr.Experiments.Measures;

namespace Rlvr.Experiments.Catalog;

/// <summary>E7: Table 4 of arXiv 2504.20571: other models, and PPO.</summary>
internal sealed class OtherModels : Experiment
{
    private static readonly ModelFamily Large = new("Qwen2.5-Math-7B", "A larger network", "4 7B", Recipes.LargeOneShot, Recipes.LargeFullSet,
    [
        ("full set, format reward", "format reward (1209)", Recipes.LargeFormat), ("π1 and π13", "pi1,pi13", Recipes.LargeTwoShot), ("π1, π2, π13, π1209", "pi1,pi2,pi13,pi1209", Recipes.LargeFourShot),
        ("16 random examples", "random 16", Recipes.LargeRandom16), ("π1 to π16", "pi1..pi16", Recipes.LargeSixteenShot),
    ]);

    private static readonly ModelFamily Llama = new("Llama-3.2-3B-Instruct", "Another family and seed", "4 Llama", Recipes.LlamaOneShot, Recipes.LlamaFullSet,
        [("π1 and π13", "pi1,pi13", Recipes.LlamaTwoShot), ("π1, π2, π13, π1209", "pi1,pi2,pi13,pi1209", Recipes.LlamaFourShot)]);

    private static readonly ModelFamily Distill = new("DeepSeek-R1-Distill-Qwen-1.5B", "A base that checks itself often", "12", Recipes.DistillOneShot, Recipes.DistillFullSet,
        [("4 examples", "4-shot", Recipes.DistillFourShot), ("π1 to π16", "pi1..pi16", Recipes.DistillSixteenShot)]);

    private static readonly ModelFamily Ppo = new("Qwen2.5-Math-1.5B with PPO", "The base model with PPO", "4 PPO", Recipes.PpoOneShot, Recipes.PpoFullSet, []);

    private static readonly (ModelFamily Family, string Figure, double Margin)[] Families = [(Large, "e7-large", 0.05), (Llama, "e7-llama", 0.02), (Distill, "e7-distill", 0.02), (Ppo, "e7-ppo", 0.05)];

    public override string Id => "E7";

    public override string Title => "Other models, and PPO";

    public override string Question => "Does training on one example work for other models and another algorithm too?";

    public override IReadOnlyList<PlannedTraining> Trainings(ExperimentScale scale) => [.. Families.SelectMany(f => f.Family.Trainings(scale)).Append(new(Recipes.OneShot.At(scale)!)).Distinct()];

    public override ExperimentPage Report(ExperimentResults results) => new()
    {
        Tables = [.. Families.Select(f => f.Family.Accuracies(results))],
        Figures = [.. Families.SelectMany(f => f.Family.Figures(results, f.Figure))],
        Findings = Findings.ByDecoding(d => [.. Families.SelectMany(f => f.Family.Judge(results, d, f.Margin)), AsGrpo(results, d)]),
        Notes = Suites.Standing(results.Scale) + (results.Scale == ExperimentScale.Micro
            ? " The other bases are made by `recipes/micro/pretrain-large.yaml`, `pretrain-llama.yaml` and `pretrain-distill.yaml`: a network of twice the parameters, one of another architecture and seed, and one whose corpus is "
                + "more careful and checks itself more. They have seen fewer tokens than the base of the other experiments, so their accuracies compare with their own base alone. How much one example gives depends on how far the base's "
                + "most frequent way of answering is from its best one, in the paper as here: models that already answer carefully gain less."
            : " The paper evaluates the distilled model at temperature 0.6 with up to 8,192 tokens (the numbers shown) and 32,768 tokens."),
    };

    private static Finding AsGrpo(ExperimentResults results, Decoding decoding) => Claims.Close(
        "PPO with a critic does about as well as GRPO on one example (paper: 72.4 and 72.8; here: within 5 points)",
        Ppo.Numbers(results, decoding).OneShot with { Name = "PPO" },
        new("GRPO", results.Accuracy(Recipes.OneShot.After(results.Scale), Suites.Main(results.Scale), decoding)), 0.05);
}

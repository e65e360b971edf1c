using Rlvr;
using Rlvr.Algorithms;
using Rlvr.Algorithms.Advantages;
using Rlvr.Algorithms.Losses;
using Rlvr.Data;
using Rlvr.Rewards;
using Rlvr.Rollouts;
using Rlvr.Training;
using static TorchSharp.torch;

Recipe recipe = new()
{
    Steps = 6,
    Data = new() { Prompt = "micro" },
    Rollout = new() { BatchSize = 8, GroupSize = 8, MaxNewTokens = 112 },
    Loss = new() { UpdatesPerStep = 4 }, // with one update per step all ratios are 1
    Optimizer = new() { LearningRate = 1e-4 },
};
Problem[] problems = [new("bags", "Ann has 65 pens and 7 bags of 2 pens. How many pens in all?", "79")];

using LanguageModel model = LanguageModel.Load(FileLocator.Find("models/micro-math"));
set_num_threads(1); // a network this small is not faster with more
using RlTrainer trainer = new(model, problems, new MathReward(), recipe, algorithm: new Algorithm(new Imitation(), new Saturating(Bound: 1.1)));
for (int step = 1; step <= recipe.Steps; step++)
{
    StepResult result = trainer.Step(step);
    Console.WriteLine($"step {step}: accuracy {result.Metrics["train_accuracy"]:P0}, tokens at the bound {result.Metrics["clip_fraction"]:P1}");
}

/// <summary>An advantage estimator of your own: rollouts better than their group's mean are imitated, the others ignored.</summary>
internal sealed class Imitation : IAdvantageEstimator
{
    // What the trainer must provide. Groups of one would have nothing to be better than: the trainer refuses them.
    public AdvantageNeeds Needs => AdvantageNeeds.Groups;

    public StepAdvantages Compute(AdvantageBatch batch)
    {
        GroupStatistics group = GroupStatistics.Of(batch.Scores, batch.Groups);
        return StepAdvantages.ByRow([.. batch.Scores.Select((score, row) => score > group.Means[row] ? 1.0 : 0.0)], batch);
    }
}

/// <summary>A policy loss of your own: -A min(r, bound). A token that has become this much likelier is not pushed further.</summary>
internal sealed record Saturating(double Bound) : IPolicyLoss
{
    public TokenLosses Compute(PolicyLossInputs inputs)
    {
        Tensor ratio = inputs.LogRatios(RatioLevel.Token).exp(); // pi / pi_old of each token
        Tensor losses = inputs.Advantages.neg() * ratio.clamp(max: Bound);
        return new TokenLosses(inputs.Weighted(losses), ratio.detach(), ratio.detach().gt(Bound));
    }
}

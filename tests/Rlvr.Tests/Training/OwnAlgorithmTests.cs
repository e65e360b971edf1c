using Rlvr.Algorithms;
using Rlvr.Algorithms.Advantages;
using Rlvr.Algorithms.Losses;
using Rlvr.Rollouts;
using Rlvr.Training;
using static TorchSharp.torch;

namespace Rlvr.Tests.Training;

/// <summary>An algorithm of a user's own: two small classes, and the trainer runs them.</summary>
public sealed class OwnAlgorithmTests : IDisposable
{
    private readonly LanguageModel model = TinyLanguage.Create();

    public void Dispose() => model.Dispose();

    /// <summary>Later tokens count more; with everything that can be asked for.</summary>
    private sealed class Rising(AdvantageNeeds needs = AdvantageNeeds.None) : IAdvantageEstimator
    {
        public AdvantageBatch? Seen { get; private set; }

        public AdvantageNeeds Needs => needs;

        public StepAdvantages Compute(AdvantageBatch batch)
        {
            Seen = batch;
            using var scope = NewDisposeScope();
            Tensor mask = batch.Mask(), reward = batch.Rewards().sum(-1, keepdim: true);
            Tensor rising = (reward * mask.cumsum(-1)).MoveToOuterDisposeScope();
            return StepAdvantages.ByToken(new TokenAdvantages(rising, rising), batch);
        }
    }

    /// <summary>-A lp / 2.</summary>
    private sealed record Half : IPolicyLoss
    {
        public TokenLosses Compute(PolicyLossInputs inputs)
        {
            Tensor ratio = inputs.LogRatios(RatioLevel.Token).detach().exp();
            return new TokenLosses(inputs.Weighted(inputs.Advantages.neg() * inputs.LogProbs * 0.5), ratio, ratio.gt(2));
        }
    }

    [Fact]
    public void The_trainer_takes_them_as_they_are()
    {
        Rising rising = new();
        Recipe recipe = TinyTask.Recipe with { Loss = new LossOptions { Kl = 0, Entropy = 0, Aggregation = "token" }, Optimizer = new OptimizerOptions { ClipNorm = 0, LearningRate = 0 } };
        using RlTrainer trainer = new(model, TinyTask.Problems(2), TinyTask.Ascii, recipe, algorithm: new Algorithm(rising, new Half()));
        StepResult result = trainer.Step(1);
        // By the whole row: reward * (1 + 2 + ... + n) / n.
        Assert.All(result.Rollouts, r => Assert.Equal(r.Reward.Value * (r.Rollout.Tokens.Length + 1) / 2, r.Advantage, 1e-6));
        double expected = result.Rollouts.Sum(r => r.Rollout.LogProbs.Select((lp, t) => -r.Reward.Value * (t + 1) * lp / 2).Sum()) / result.Rollouts.Sum(r => r.Rollout.Tokens.Length);
        Assert.Equal(expected, result.Metrics["loss_policy"], 1e-4);
        Assert.Null(rising.Seen!.Values);
        Assert.Null(rising.Seen.Baselines);
        Assert.Null(rising.Seen.LogProbs);
    }

    [Fact]
    public void They_get_what_they_ask_for()
    {
        Rising rising = new(AdvantageNeeds.Critic | AdvantageNeeds.GreedyBaseline | AdvantageNeeds.Probabilities);
        Recipe recipe = TinyTask.Recipe with { Critic = new CriticOptions { Enabled = true } };
        using RlTrainer trainer = new(model, TinyTask.Problems(2), TinyTask.Ascii, recipe, algorithm: new Algorithm(rising, new ClippedPolicy()));
        StepResult result = trainer.Step(1);
        AdvantageBatch seen = rising.Seen!;
        for (int row = 0; row < result.Rollouts.Count; row++)
        {
            Rollout rollout = result.Rollouts[row].Rollout;
            Assert.Equal(rollout.Tokens.Length, seen.Values![row].Length);
            Assert.All(rollout.LogProbs.Zip(seen.LogProbs![row]), p => Assert.Equal(p.First, p.Second, 1e-4f));
            // The chance to draw the same token twice lies between 1 / vocabulary and 1.
            Assert.All(seen.SumPiSquared![row].Zip(rollout.LogProbs), p => Assert.InRange(p.First, double.Max(1.0 / 257, double.Exp(2 * p.Second)) - 1e-5, 1.00001));
            Assert.True(seen.Baselines![row] is 0 or 1);
        }
        Assert.True(double.IsFinite(trainer.Step(2).Metrics["value_loss"]));
    }

    [Fact]
    public void What_they_need_is_checked()
    {
        string message = Assert.Throws<RecipeException>(() => new RlTrainer(
            model, TinyTask.Problems(1), TinyTask.Ascii, TinyTask.Recipe, algorithm: new Algorithm { Advantage = new Rising(AdvantageNeeds.Critic) })).Message;
        Assert.Contains("the advantage estimator Rising needs a critic", message, StringComparison.Ordinal);
    }

    /// <summary>One number per row, and a critic that has nothing to learn from it.</summary>
    private sealed class Mistaken(AdvantageNeeds needs, int more) : IAdvantageEstimator
    {
        public AdvantageNeeds Needs => needs;

        public StepAdvantages Compute(AdvantageBatch batch) => StepAdvantages.ByRow(new double[batch.Scores.Length + more], batch);
    }

    [Fact]
    public void Their_mistakes_are_named()
    {
        Recipe withCritic = TinyTask.Recipe with { Critic = new CriticOptions { Enabled = true } };
        using (RlTrainer trainer = new(model, TinyTask.Problems(1), TinyTask.Ascii, withCritic, algorithm: new Algorithm { Advantage = new Mistaken(AdvantageNeeds.Critic, 0) }))
            Assert.Contains("Mistaken asks for a critic but gives no returns", Assert.Throws<RlvrException>(() => trainer.Step(1)).Message, StringComparison.Ordinal);
        using (RlTrainer trainer = new(model, TinyTask.Problems(1), TinyTask.Ascii, TinyTask.Recipe, algorithm: new Algorithm { Advantage = new Mistaken(AdvantageNeeds.None, 1) }))
            Assert.Contains("17 advantages for 16 rows", Assert.Throws<ArgumentException>(() => trainer.Step(1)).Message, StringComparison.Ordinal);
        using var scope = NewDisposeScope();
        AdvantageBatch batch = new() { Scores = [1, 0], Groups = [0, 0], Lengths = [3, 2] };
        TokenAdvantages narrow = new(zeros(2, 2), zeros(2, 2));
        Assert.Contains("for rewards of shape [2, 3]", Assert.Throws<ArgumentException>(() => StepAdvantages.ByToken(narrow, batch)).Message, StringComparison.Ordinal);
    }
}

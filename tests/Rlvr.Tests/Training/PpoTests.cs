using Rlvr.Models;
using Rlvr.Rewards;
using Rlvr.Rollouts;
using Rlvr.Tests.Shared;
using Rlvr.Training;

namespace Rlvr.Tests.Training;

public sealed class PpoTests : IDisposable
{
    private static readonly Recipe Ppo = TinyTask.Recipe with
    {
        Loss = new LossOptions { Advantage = "gae", Kl = 0, KlInReward = 0.001 },
        Critic = new CriticOptions { Enabled = true, LearningRate = 0.01 },
    };

    private readonly LanguageModel model = TinyLanguage.Create();
    private readonly TemporaryFolder folder = new();

    public void Dispose()
    {
        model.Dispose();
        folder.Dispose();
    }

    /// <summary>The first step by hand: the critic says 0 and the policy is the reference, so a token's return is its row's reward.</summary>
    [Fact]
    public void The_first_advantages_are_the_whitened_rewards()
    {
        using RlTrainer trainer = new(model, TinyTask.Problems(2), TinyTask.Ascii, Ppo);
        StepResult result = trainer.Step(1);
        double[] tokens = [.. result.Rollouts.SelectMany(r => Enumerable.Repeat(r.Reward.Value, r.Rollout.Tokens.Length))];
        double mean = tokens.Average(), deviation = double.Sqrt(tokens.Sum(t => (t - mean) * (t - mean)) / (tokens.Length - 1));
        Assert.All(result.Rollouts, r => Assert.Equal((r.Reward.Value - mean) / deviation, r.Advantage, 1e-3));
        Assert.Equal((0, mean, 0), (result.Metrics["value_mean"], double.Round(result.Metrics["return_mean"], 6) - double.Round(mean, 6) + mean, double.Round(result.Metrics["value_explained_variance"], 6)));
        Assert.Equal(tokens.Average(t => t * t) / 2, result.Metrics["value_loss"], 1e-4);
        Assert.Equal(0, result.Metrics["kl_in_reward"], 1e-6);
        Assert.Equal(0.001, result.Metrics["kl_coefficient"]);
        Assert.Equal(0.01, result.Metrics["critic_learning_rate"]);
        Assert.True(double.IsNaN(result.Metrics["kl"])); // none in the loss
        Assert.True(trainer.Step(2).Metrics["kl_in_reward"] != 0);
    }

    [Fact]
    public void It_learns_what_is_rewarded_and_the_critic_follows()
    {
        using RlTrainer trainer = new(model, TinyTask.Problems(1), TinyTask.Ascii, Ppo with
        {
            Rollout = Ppo.Rollout with { BatchSize = 16, GroupSize = 4, MaxNewTokens = 1 },
            Loss = Ppo.Loss with { UpdatesPerStep = 2 },
            Optimizer = new OptimizerOptions { LearningRate = 0.02 },
        });
        StepResult[] steps = [.. Enumerable.Range(1, 15).Select(step => trainer.Step(step))];
        Assert.InRange(steps[0].Metrics["reward_mean"], 0.05, 0.8);
        Assert.True(steps[^1].Metrics["reward_mean"] > 0.95, string.Join(", ", steps.Select(s => s.Metrics["reward_mean"])));
        Assert.InRange(steps[^1].Metrics["value_mean"], 0.6, 1.2);
        Assert.True(steps[^1].Metrics["value_loss"] < steps[0].Metrics["value_loss"]);
    }

    [Fact]
    public void In_the_warm_up_only_the_critic_learns()
    {
        using RlTrainer trainer = new(model, TinyTask.Problems(2), TinyTask.Ascii, Ppo with { Critic = Ppo.Critic with { WarmupSteps = 2 } });
        float[] before = TinyTask.Values(model.Network.Parameters["model.norm.weight"]);
        for (int step = 1; step <= 2; step++)
        {
            StepResult result = trainer.Step(step);
            Assert.Equal((0, step), (trainer.Optimizer.StepCount, (int)trainer.Critic!.Optimizer.StepCount));
            Assert.True(double.IsNaN(result.Metrics["loss"]) && double.IsNaN(result.Metrics["gradient_norm"]));
            Assert.Equal(0, result.Metrics["learning_rate"]);
            Assert.True(result.Metrics["critic_gradient_norm"] > 0);
        }
        Assert.Equal(before, TinyTask.Values(model.Network.Parameters["model.norm.weight"]));
        Assert.True(double.IsFinite(trainer.Step(3).Metrics["loss"]));
        Assert.NotEqual(before, TinyTask.Values(model.Network.Parameters["model.norm.weight"]));
    }

    [Fact]
    public void What_could_not_be_scored_teaches_neither_policy_nor_critic()
    {
        FunctionReward failing = new((problem, response) => problem.Id == "p1" ? double.NaN : TinyTask.Ascii.Score(problem, response).Value);
        using RlTrainer trainer = new(model, TinyTask.Problems(2), failing, Ppo);
        StepResult result = trainer.Step(1);
        Assert.All(result.Rollouts.Where(r => r.Problem.Id == "p1"), r => Assert.Equal(0, r.Advantage));
        Assert.Contains(result.Rollouts.Where(r => r.Problem.Id == "p0"), r => r.Advantage != 0);
        Assert.True(double.IsFinite(result.Metrics["value_loss"]) && double.IsFinite(result.Metrics["loss"]));
        double[] tokens = [.. result.Rollouts.Where(r => r.Problem.Id == "p0").SelectMany(r => Enumerable.Repeat(r.Reward.Value, r.Rollout.Tokens.Length))];
        Assert.Equal(tokens.Average(), result.Metrics["return_mean"], 1e-4);
    }

    [Theory]
    [InlineData("grpo")]
    [InlineData("reinforce_plus_plus")]
    public void A_large_KL_in_the_reward_holds_the_policy_at_the_reference(string advantage)
    {
        double Drift(double coefficient)
        {
            using LanguageModel fresh = TinyLanguage.Create();
            using RlTrainer trainer = new(fresh, TinyTask.Problems(1), TinyTask.Ascii, TinyTask.Recipe with
            {
                Rollout = TinyTask.Recipe.Rollout with { BatchSize = 8, GroupSize = 8 },
                Loss = new LossOptions { Advantage = advantage, Kl = 0, Entropy = 0, KlInReward = coefficient, KlInRewardEstimator = "k2" },
                Optimizer = new OptimizerOptions { LearningRate = 0.01 },
            });
            for (int step = 1; step < 12; step++) trainer.Step(step);
            return trainer.Step(12).Metrics["kl_in_reward"];
        }
        (double free, double held) = (Drift(1e-9), Drift(30));
        Assert.True(held < free / 2, $"KL {held} with the penalty, {free} without");
    }

    [Fact]
    public void The_coefficient_follows_its_target()
    {
        using RlTrainer trainer = new(model, TinyTask.Problems(1), TinyTask.Ascii, Ppo with
        {
            Loss = Ppo.Loss with { KlInReward = 0.5, KlTarget = 1e-4, KlHorizon = 160, KlInRewardEstimator = "k3" },
        });
        // The first step measures 0, far below the target: 16 of 160 rollouts at the bound of -20%.
        trainer.Step(1);
        Assert.Equal(0.5 * (1 - (0.2 * 16 / 160)), trainer.Step(2).Metrics["kl_coefficient"], 1e-9);
        // From then on the policy has moved by more than so small a target.
        Assert.Equal(0.5 * (1 - (0.2 * 16 / 160)) * (1 + (0.2 * 16 / 160)), trainer.Step(3).Metrics["kl_coefficient"], 1e-9);
    }

    [Fact]
    public void A_restored_trainer_goes_on_as_the_saved_one()
    {
        TinyLanguage.Save(folder["model"]);
        Recipe recipe = Ppo with { Loss = Ppo.Loss with { KlTarget = 0.01, UpdatesPerStep = 2 } };
        using RlTrainer trainer = new(model, TinyTask.Problems(2), TinyTask.Ascii, recipe);
        trainer.Step(1);
        trainer.Step(2);
        Checkpoint.Save(folder["checkpoint"], trainer, 2);

        using LanguageModel loaded = LanguageModel.Load(folder["checkpoint"]);
        using RlTrainer restored = new(loaded, TinyTask.Problems(2), TinyTask.Ascii, recipe, Transformer.Load(folder["model"]));
        Assert.Equal(2, Checkpoint.Restore(folder["checkpoint"], restored));
        Assert.Equal(4, restored.Critic!.Optimizer.StepCount);
        StepResult straight = trainer.Step(3), resumed = restored.Step(3);
        foreach (string metric in new[] { "loss", "value_loss", "kl_coefficient", "kl_in_reward", "critic_gradient_norm" }) Assert.Equal(straight.Metrics[metric], resumed.Metrics[metric]);
        Assert.All(trainer.Critic!.Model.Parameters.Zip(restored.Critic!.Model.Parameters), p => Assert.Equal(TinyTask.Values(p.First.Value), TinyTask.Values(p.Second.Value)));
        Assert.All(trainer.Critic.Optimizer.State().Zip(restored.Critic.Optimizer.State()), p => Assert.Equal(TinyTask.Values(p.First.Value), TinyTask.Values(p.Second.Value)));

        // The checkpoint's critic can start another run.
        using LanguageModel fresh = TinyLanguage.Create();
        using RlTrainer next = new(fresh, TinyTask.Problems(2), TinyTask.Ascii, recipe with { Critic = recipe.Critic with { Model = Path.Combine(folder["checkpoint"], "critic") } });
        Assert.NotEqual(0, next.Step(1).Metrics["value_mean"]);
    }

    [Fact]
    public void A_checkpoint_without_critic_is_refused()
    {
        using (RlTrainer plain = new(model, TinyTask.Problems(1), TinyTask.Ascii, TinyTask.Recipe)) Checkpoint.Save(folder["checkpoint"], plain, 1);
        using RlTrainer trainer = new(model, TinyTask.Problems(1), TinyTask.Ascii, Ppo);
        Assert.Contains("holds no critic", Assert.Throws<RlvrException>(() => Checkpoint.Restore(folder["checkpoint"], trainer)).Message, StringComparison.Ordinal);
    }
}

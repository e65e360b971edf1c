using Rlvr.Algorithms.Advantages;
using Rlvr.Algorithms.Losses;
using Rlvr.Rollouts;
using Rlvr.Training;

namespace Rlvr.Tests.Training;

/// <summary>Every named estimator trains with every named loss.</summary>
public class AlgorithmMatrixTests
{
    public static TheoryData<string> Estimators => [.. AdvantageEstimators.Names];

    [Theory]
    [MemberData(nameof(Estimators))]
    public void Every_loss_trains_with(string advantage)
    {
        bool advantages = false;
        foreach (string loss in PolicyLosses.Names)
        {
            using LanguageModel model = TinyLanguage.Create();
            float[] before = TinyTask.Values(model.Network.Parameters["model.norm.weight"]);
            Recipe recipe = TinyTask.Recipe with
            {
                Loss = new LossOptions { Advantage = advantage, PolicyLoss = loss, KlInReward = 0.01, UpdatesPerStep = 2 },
                Critic = new CriticOptions { Enabled = advantage == "gae" },
            };
            using RlTrainer trainer = new(model, TinyTask.Problems(2), TinyTask.Ascii, recipe);
            for (int step = 1; step <= 2; step++)
            {
                StepResult result = trainer.Step(step);
                Assert.All(result.Metrics.Values, v => Assert.True(double.IsFinite(v.Value), $"{advantage} with {loss}, step {step}: {v.Name} is {v.Value}"));
                Assert.True(result.Metrics["gradient_norm"] > 0, $"{advantage} with {loss}");
                Assert.All(result.Rollouts, r => Assert.True(double.IsFinite(r.Advantage)));
                advantages |= result.Rollouts.Any(r => r.Advantage != 0);
            }
            Assert.NotEqual(before, TinyTask.Values(model.Network.Parameters["model.norm.weight"]));
            Assert.Equal(4, trainer.Optimizer.StepCount);
        }
        Assert.True(advantages, advantage);
    }

    /// <summary>On the first update of a step all losses have the gradient of a policy gradient; with several they differ.</summary>
    [Fact]
    public void Losses_differ_with_several_updates_per_step()
    {
        HashSet<double> norms = [];
        foreach (string loss in PolicyLosses.Names)
        {
            using LanguageModel model = TinyLanguage.Create();
            Recipe recipe = TinyTask.Recipe with
            {
                Loss = new LossOptions { PolicyLoss = loss, Aggregation = "sequence_mean", Entropy = 0, Kl = 0, UpdatesPerStep = 4, Epochs = 4 },
                Optimizer = new OptimizerOptions { LearningRate = 0.02 },
            };
            using RlTrainer trainer = new(model, TinyTask.Problems(1), TinyTask.Ascii, recipe);
            norms.Add(double.Round(trainer.Step(1).Metrics["gradient_norm"], 9));
        }
        Assert.Equal(PolicyLosses.Names.Count, norms.Count);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(4, 2)]
    [InlineData(8, 8)]
    public void A_step_makes_as_many_updates_as_the_recipe_says(int updates, int epochs)
    {
        using LanguageModel model = TinyLanguage.Create();
        Recipe recipe = TinyTask.Recipe with { Loss = new LossOptions { UpdatesPerStep = updates, Epochs = epochs } };
        using RlTrainer trainer = new(model, TinyTask.Problems(1), TinyTask.Ascii, recipe);
        StepResult result = trainer.Step(1);
        Assert.Equal(updates, trainer.Optimizer.StepCount);
        Assert.Equal(updates > 1, result.Metrics["ratio_max"] > 1.0001);
    }

    [Fact]
    public void Entropy_alone_needs_no_reward()
    {
        using LanguageModel model = TinyLanguage.Create();
        Recipe recipe = TinyTask.Recipe with
        {
            Loss = new LossOptions { Policy = 0, Kl = 0, Entropy = 0.1 },
            Optimizer = new OptimizerOptions { LearningRate = 0.02, WeightDecay = 0 },
        };
        using RlTrainer trainer = new(model, TinyTask.Problems(1), new Rlvr.Rewards.FunctionReward((_, _) => 0), recipe);
        double[] entropies = [.. Enumerable.Range(1, 8).Select(step => trainer.Step(step).Metrics["entropy"])];
        Assert.True(entropies[^1] > entropies[0] + 0.3, string.Join(", ", entropies));
    }
}

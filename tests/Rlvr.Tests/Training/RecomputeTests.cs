using Rlvr.Models;
using Rlvr.Tensors;
using Rlvr.Tests.Models;
using Rlvr.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tests.Training;

/// <summary><c>compute.recompute</c> changes what an update keeps in memory, and nothing of what it computes.</summary>
public class RecomputeTests
{
    private static readonly Recipe Kept = new()
    {
        Rollout = new RolloutOptions { Temperature = 0.8 },
        Loss = new LossOptions { Entropy = 0.01, Kl = 0.05, UpdatesPerStep = 2 },
        Optimizer = new OptimizerOptions { LearningRate = 1e-3 },
        Compute = new ComputeOptions { Recompute = "false", MicroBatchTokens = 40 },
    };

    private static readonly Recipe Again = Kept with { Compute = Kept.Compute with { Recompute = "true" } };

    [Theory]
    [InlineData("qwen2 GQA")]
    [InlineData("qwen3 MQA untied")]
    public void The_update_of_the_policy_is_the_same(string name)
    {
        Assert.Equal(Run(name, Kept), Run(name, Again), (a, b) => double.Abs(a - b) <= 1e-6 * double.Max(1, double.Abs(a)));

        static double[] Run(string name, Recipe recipe)
        {
            using DisposeScope scope = NewDisposeScope();
            using Transformer policy = TinyModels.Create(name), reference = TinyModels.Create(name, seed: 2);
            policy.RequireGradients(true);
            using FusedAdamW optimizer = new(policy.Parameters.Select(p => (p.Key, p.Value)));
            UpdateMetrics metrics = new PolicyUpdate(policy, reference, optimizer, recipe).Run(Samples(), 1e-3);
            return [metrics.Actor.Loss, metrics.Actor.Kl, metrics.Actor.Entropy, metrics.GradientNorm, metrics.RatioMax, .. policy.Parameters.Values.Select(p => (double)p.norm().item<float>())];
        }
    }

    [Fact]
    public void The_update_of_the_critic_is_the_same()
    {
        UpdateSample[] samples = Samples();
        Assert.Equal(Run(Kept), Run(Again), (a, b) => double.Abs(a - b) <= 1e-6 * double.Max(1, double.Abs(a)));

        double[] Run(Recipe recipe)
        {
            using Transformer body = TinyModels.Create();
            using Critic critic = new(ValueModel.From(body), recipe);
            float[][] returns = [.. samples.Select((s, row) => s.Tokens.Select((_, t) => (0.1f * row) - (0.2f * t)).ToArray())];
            CriticMetrics metrics = critic.Run(samples, critic.Values(samples), returns, 1e-3);
            return [metrics.Loss, metrics.GradientNorm, .. critic.Model.Parameters.Select(p => (double)p.Value.norm().item<float>())];
        }
    }

    /// <summary>Two prompts, responses of different lengths, one of them empty.</summary>
    private static UpdateSample[] Samples()
    {
        int[][] prompts = [TinyModels.Tokens(3, 1), TinyModels.Tokens(5, 2)];
        return [.. Enumerable.Range(0, 8).Select(i => new UpdateSample(prompts[i % 2], TinyModels.Tokens(i == 4 ? 0 : 1 + i, 10 + (ulong)i), new float[i == 4 ? 0 : 1 + i], i - 3.5))];
    }
}

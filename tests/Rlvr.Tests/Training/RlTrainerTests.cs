using Rlvr.Data;
using Rlvr.Rewards;
using Rlvr.Rollouts;
using Rlvr.Tests.Models;
using Rlvr.Training;
using ScalarType = TorchSharp.torch.ScalarType;

namespace Rlvr.Tests.Training;

public sealed class RlTrainerTests : IDisposable
{
    private static readonly Recipe Recipe = new()
    {
        Data = new DataOptions { Prompt = "plain" },
        Rollout = new RolloutOptions { BatchSize = 4, GroupSize = 4, Temperature = 1, MaxNewTokens = 3 },
        Optimizer = new OptimizerOptions { LearningRate = 5e-3 },
    };

    /// <summary>The response begins with a character of ASCII: for a network that knows nothing about a coin.</summary>
    private static readonly FunctionReward Ascii = new((_, response) => response.Length > 0 && response[0] < 128 ? 1 : 0);

    private readonly LanguageModel model = TinyLanguage.Create();

    public void Dispose() => model.Dispose();

    private static Problem[] Problems(int count) => [.. Enumerable.Range(0, count).Select(i => new Problem($"p{i}", new string((char)('a' + i), 1 + (i % 5)), "1"))];

    [Fact]
    public void Few_problems_are_repeated_to_fill_the_batch()
    {
        using RlTrainer trainer = new(model, Problems(3), Ascii, Recipe with { Rollout = Recipe.Rollout with { BatchSize = 8 } });
        Assert.Equal([0, 1, 2, 0, 1, 2, 0, 1], trainer.BatchOf(1));
        Assert.Equal(trainer.BatchOf(1), trainer.BatchOf(7));
        Assert.Equal(1, trainer.StepsPerEpoch);
    }

    [Fact]
    public void Epochs_are_shuffled_anew_and_their_last_partial_batch_is_dropped()
    {
        using RlTrainer trainer = new(model, Problems(11), Ascii, Recipe);
        Assert.Equal(2, trainer.StepsPerEpoch);
        int[][] batches = [.. Enumerable.Range(1, 40).Select(trainer.BatchOf)];
        Assert.All(batches, b => Assert.Equal(4, b.Distinct().Count()));
        foreach (int[][] epoch in batches.Chunk(2)) Assert.Empty(epoch[0].Intersect(epoch[1]));
        Assert.True(batches.Select(b => string.Join(',', b)).Distinct().Count() > 35);
        Assert.Equal(Enumerable.Range(0, 11), batches.SelectMany(b => b).Distinct().Order()); // whoever is dropped once comes later
        Assert.Equal(batches[17], trainer.BatchOf(18)); // a function of the step alone

        using RlTrainer other = new(model, Problems(11), Ascii, Recipe with { Seed = 2 });
        Assert.NotEqual(batches[0], other.BatchOf(1));
        using RlTrainer ordered = new(model, Problems(11), Ascii, Recipe with { Data = Recipe.Data with { Shuffle = false } });
        Assert.Equal([4, 5, 6, 7], ordered.BatchOf(4));
    }

    [Fact]
    public void The_policy_terms_gradient_is_measured_alone_and_changes_nothing()
    {
        // With the forward pass of decoding the whole gradient would be another one in the last bits.
        Recipe Of(double entropy, double kl, int every) => Recipe with { Loss = new LossOptions { Entropy = entropy, Kl = kl, PolicyNormEvery = every }, Compute = new ComputeOptions { ReuseForward = "false" } };
        StepResult[] Train(Recipe recipe)
        {
            using LanguageModel fresh = TinyLanguage.Create();
            using RlTrainer trainer = new(fresh, Problems(3), Ascii, recipe);
            return [.. Enumerable.Range(1, 4).Select(step => trainer.Step(step))];
        }

        // Without the other terms it is the whole gradient.
        StepResult[] alone = Train(Of(0, 0, 2));
        Assert.Equal([double.NaN, alone[1].Metrics["gradient_norm"], double.NaN, alone[3].Metrics["gradient_norm"]], alone.Select(r => r.Metrics["policy_gradient_norm"]));
        Assert.True(alone[1].Metrics["gradient_norm"] > 0);

        // With them it is not, and what is learnt is the same as without measuring.
        StepResult[] measured = Train(Of(0.1, 0.1, 1)), not = Train(Of(0.1, 0.1, 0));
        Assert.Equal(not.Select(r => r.Metrics["gradient_norm"]), measured.Select(r => r.Metrics["gradient_norm"]));
        Assert.All(measured, r => Assert.NotEqual(r.Metrics["gradient_norm"], r.Metrics["policy_gradient_norm"], 1e-6));
    }

    [Fact]
    public void Only_the_first_problems_are_used_where_a_limit_says_so()
    {
        using RlTrainer trainer = new(model, Problems(11), Ascii, Recipe with { Data = Recipe.Data with { Limit = 2 } });
        Assert.Equal([0, 1, 0, 1], trainer.BatchOf(5));
    }

    [Fact]
    public void It_learns_what_is_rewarded()
    {
        using RlTrainer trainer = new(model, Problems(1), Ascii, Recipe with
        {
            Rollout = Recipe.Rollout with { BatchSize = 8, GroupSize = 8, MaxNewTokens = 1 },
            Optimizer = new OptimizerOptions { LearningRate = 0.03 },
        });
        double[] rewards = [.. Enumerable.Range(1, 12).Select(step => trainer.Step(step).Metrics["reward_mean"])];
        Assert.InRange(rewards[0], 0.05, 0.8);
        Assert.True(rewards[^1] > 0.95, string.Join(", ", rewards));
    }

    [Fact]
    public void In_bfloat16_the_reference_is_exactly_the_policy_at_first_and_it_learns()
    {
        using LanguageModel half = TinyLanguage.Create(computeType: ScalarType.BFloat16);
        using RlTrainer trainer = new(half, Problems(1), Ascii, Recipe with
        {
            Rollout = Recipe.Rollout with { BatchSize = 8, GroupSize = 8, MaxNewTokens = 1 },
            Optimizer = new OptimizerOptions { LearningRate = 0.03 },
            Loss = new LossOptions { Kl = 0.001 },
        });
        StepResult[] steps = [.. Enumerable.Range(1, 12).Select(step => trainer.Step(step))];
        Assert.Equal(0, steps[0].Metrics["kl"]);
        Assert.True(steps[1].Metrics["kl"] > 0);
        Assert.All(steps, s => Assert.InRange(s.Metrics["sampler_trainer_difference"], 0, 0.05));
        Assert.True(steps[^1].Metrics["reward_mean"] > 0.95, string.Join(", ", steps.Select(s => s.Metrics["reward_mean"])));
    }

    [Fact]
    public void A_step_is_a_function_of_weights_seed_and_number()
    {
        StepResult Run(ulong seed, int step)
        {
            using LanguageModel fresh = TinyLanguage.Create();
            using RlTrainer trainer = new(fresh, Problems(9), Ascii, Recipe with { Seed = seed });
            return trainer.Step(step);
        }
        static string Texts(StepResult result) => string.Join('|', result.Rollouts.Select(r => string.Join(',', r.Rollout.Tokens)));
        StepResult first = Run(1, 3);
        Assert.Equal(Texts(first), Texts(Run(1, 3)));
        Assert.Equal(first.Metrics["loss"], Run(1, 3).Metrics["loss"]);
        Assert.NotEqual(Texts(first), Texts(Run(2, 3)));
        Assert.NotEqual(Texts(first), Texts(Run(1, 4)));
    }

    [Fact]
    public void Metrics_are_those_of_the_rollouts()
    {
        using RlTrainer trainer = new(model, Problems(2), Ascii, Recipe);
        StepResult result = trainer.Step(1);
        Assert.Equal(16, result.Rollouts.Count);
        Assert.Same(result.Rollouts, trainer.LastRollouts);
        for (int i = 0; i < 16; i++)
        {
            ScoredRollout rollout = result.Rollouts[i];
            Assert.Equal((i / 4, $"p{i / 4 % 2}", (ulong)i), (rollout.Group, rollout.Problem.Id, rollout.Rollout.Request.Id));
            Assert.Equal(Ascii.Score(rollout.Problem, rollout.Rollout.Text), rollout.Reward);
        }
        foreach (IGrouping<int, ScoredRollout> group in result.Rollouts.GroupBy(r => r.Group))
        {
            double[] rewards = [.. group.Select(r => r.Reward.Value)];
            double mean = rewards.Average(), deviation = double.Sqrt(rewards.Sum(r => (r - mean) * (r - mean)) / 3);
            Assert.All(group, r => Assert.Equal((r.Reward.Value - mean) / (deviation + 1e-6), r.Advantage, 1e-9));
        }
        double[] values = [.. result.Rollouts.Select(r => r.Reward.Value)];
        Assert.InRange(values.Average(), 0.01, 0.99);
        Assert.Equal(1, result.Metrics.Step);
        Assert.Equal(values.Average(), result.Metrics["reward_mean"], 12);
        Assert.Equal(values.Average(), result.Metrics["train_accuracy"], 12);
        Assert.Equal(result.Rollouts.Average(r => r.Rollout.Tokens.Length), result.Metrics["response_length_mean"], 12);
        Assert.Equal(result.Rollouts.Count(r => r.Rollout.Finish == FinishReason.Length) / 16.0, result.Metrics["truncated_share"], 12);
        Assert.Equal(result.Rollouts.GroupBy(r => r.Group).Count(g => g.All(r => r.Advantage == 0)) / 4.0, result.Metrics["zero_advantage_groups"], 12);
        Assert.Equal(0, result.Metrics["kl"], 1e-6); // the first update: policy and reference are one
        Assert.Equal(1, result.Metrics["ratio_mean"], 1e-6);
        Assert.InRange(result.Metrics["sampler_trainer_difference_max"], 0, 1e-4);
        Assert.InRange(result.Metrics["entropy"], 1, double.Log(257));
        Assert.Equal(5e-3, result.Metrics["learning_rate"], 12);
        Assert.True(trainer.Step(2).Metrics["kl"] > 0);
        Assert.All(result.Metrics.Values, v => Assert.True(double.IsFinite(v.Value), v.Name));
    }

    [Fact]
    public void A_cancelled_step_changes_nothing()
    {
        using RlTrainer trainer = new(model, Problems(2), Ascii, Recipe);
        float[] before = model.Network.Parameters["model.norm.weight"].data<float>().ToArray();
        using CancellationTokenSource source = new();
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => trainer.Step(1, source.Token));
        Assert.Equal(before, model.Network.Parameters["model.norm.weight"].data<float>().ToArray());
        Assert.Equal(0, trainer.Optimizer.StepCount);
    }

    [Fact]
    public void A_reward_that_throws_is_named()
    {
        FunctionReward broken = new((_, _) => throw new FormatException("no such number"));
        using RlTrainer trainer = new(model, Problems(1), broken, Recipe);
        string message = Assert.Throws<RlvrException>(() => trainer.Step(4)).Message;
        Assert.StartsWith("Step 4: the reward function failed: no such number (FormatException)", message, StringComparison.Ordinal);
        Assert.Equal(0, trainer.Optimizer.StepCount);
    }

    [Fact]
    public void A_response_that_could_not_be_scored_counts_for_nothing_and_is_counted()
    {
        // Everything that does not begin with a character of ASCII cannot be scored.
        FunctionReward picky = new((_, response) => response.Length > 0 && response[0] < 128 ? response[0] % 2 : double.NaN);
        using RlTrainer trainer = new(model, Problems(2), picky, Recipe);
        StepResult result = trainer.Step(1);
        ScoredRollout[] failed = [.. result.Rollouts.Where(r => r.Reward.IsFailure)], scored = [.. result.Rollouts.Where(r => !r.Reward.IsFailure)];
        Assert.NotEmpty(failed);
        Assert.NotEmpty(scored);
        Assert.All(failed, r => Assert.Equal((0, "RewardFailed"), (r.Advantage, r.Reward.Verdict)));
        Assert.Equal(scored.Average(r => r.Reward.Value), result.Metrics["reward_mean"], 12);
        Assert.Equal(failed.Length / 16.0, result.Metrics["verdict_reward_failed"], 12);
        Assert.Equal(1, result.Metrics.Values.Where(v => v.Name.StartsWith("verdict_", StringComparison.Ordinal)).Sum(v => v.Value), 12);
        foreach (IGrouping<int, ScoredRollout> group in scored.GroupBy(r => r.Group).Where(g => g.Count() > 1)) Assert.Equal(0, group.Sum(r => r.Advantage), 1e-9);
    }

    [Fact]
    public void A_step_without_any_score_is_an_error()
    {
        using RlTrainer trainer = new(model, Problems(2), new FunctionReward((_, _) => double.NaN), Recipe);
        Assert.Equal("Step 1: not one of 16 responses could be scored: the reward function gave NaN.", Assert.Throws<RlvrException>(() => trainer.Step(1)).Message);
        Assert.Equal(0, trainer.Optimizer.StepCount);
    }

    [Fact]
    public void Parts_of_a_sum_are_metrics_of_their_own_with_the_same_names_in_every_step()
    {
        using WeightedSum sum = new(new RewardTerm("ascii", 1, Ascii), new("tokens", -0.01, new LengthCost()), new("characters", 0, new LengthCost(LengthUnit.Characters)));
        using RlTrainer trainer = new(model, Problems(2), sum, Recipe);
        StepResult first = trainer.Step(1), second = trainer.Step(2);
        Assert.Equal(first.Metrics.Values.Select(v => v.Name), second.Metrics.Values.Select(v => v.Name));
        Assert.Equal(first.Metrics["train_accuracy"], first.Metrics["reward_ascii_mean"], 12);
        Assert.Equal(first.Metrics["response_length_mean"], first.Metrics["reward_tokens_mean"], 12);
        Assert.Equal(first.Rollouts.Average(r => r.Rollout.Text.Length), first.Metrics["reward_characters_mean"], 12);
        Assert.Equal(first.Metrics["reward_ascii_mean"] - (0.01 * first.Metrics["reward_tokens_mean"]), first.Metrics["reward_mean"], 12);
    }

    [Fact]
    public void Rewards_are_told_length_and_end_of_the_response()
    {
        List<RewardContext> seen = [];
        FunctionReward spy = new((_, _, context) =>
        {
            lock (seen) seen.Add(context);
            return 1;
        });
        using RlTrainer trainer = new(model, Problems(1), spy, Recipe);
        StepResult result = trainer.Step(1);
        Assert.Equal(result.Rollouts.Select(r => ((int?)r.Rollout.Tokens.Length, r.Rollout.Finish == FinishReason.Length)).Order(), seen.Select(c => (c.Tokens, c.Truncated)).Order());
        Assert.Equal(16, seen.Select(c => c.RandomBits).Distinct().Count());
    }

    [Fact]
    public void What_cannot_be_trained_is_refused_at_the_start()
    {
        string Error(Problem[] problems, Recipe recipe) => Assert.ThrowsAny<RlvrException>(() => new RlTrainer(model, problems, Ascii, recipe)).Message;
        Assert.Contains("no problems", Error([], Recipe), StringComparison.Ordinal);
        Assert.Contains("problem 'p4' has 5 tokens; data.max_prompt_tokens is 4", Error(Problems(6), Recipe with { Data = Recipe.Data with { MaxPromptTokens = 4 } }), StringComparison.Ordinal);
        string positions = Error([new Problem("long", new string('x', 126), "1")], Recipe);
        Assert.Contains("'long'", positions, StringComparison.Ordinal);
        Assert.Contains("has 126 tokens, which with rollout.max_new_tokens = 3 do not fit the model's 128 positions", positions, StringComparison.Ordinal);
        Assert.StartsWith("None of the 2 labels of the problems to train on can be read", Assert.Throws<RlvrException>(() =>
            new RlTrainer(model, [.. Problems(2).Select(problem => problem with { Answer = @"\div" })], new MathReward(), Recipe)).Message, StringComparison.Ordinal);
        Assert.Contains("has no tokens", Error([new Problem("empty", "", "1")], Recipe), StringComparison.Ordinal);
        Assert.Contains("temperature is 0", Error(Problems(1), Recipe with { Rollout = Recipe.Rollout with { Temperature = 0 } }), StringComparison.Ordinal);
        Assert.Contains("multiple of loss.updates_per_step", Error(Problems(1), Recipe with { Loss = new LossOptions { UpdatesPerStep = 3 } }), StringComparison.Ordinal);
        Assert.Contains("unknown prompt template", Error(Problems(1), Recipe with { Data = new DataOptions { Prompt = "plani" } }), StringComparison.Ordinal);
        Assert.All(model.Network.Parameters.Values, p => Assert.False(p.requires_grad));
    }

    [Fact]
    public void The_model_is_free_again_when_the_trainer_is_gone()
    {
        using (RlTrainer trainer = new(model, Problems(1), Ascii, Recipe))
        {
            Assert.All(model.Network.Parameters.Values, p => Assert.True(p.requires_grad));
            trainer.Step(1);
        }
        Assert.All(model.Network.Parameters.Values, p => Assert.False(p.requires_grad));
        Assert.Single(new Generator(model.Network).Generate([new GenerationRequest(TinyModels.Tokens(3, 1), 0)], new SamplingOptions { MaxNewTokens = 2 }));
    }
}

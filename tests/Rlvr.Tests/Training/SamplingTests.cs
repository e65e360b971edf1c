using Rlvr.Data;
using Rlvr.Rewards;
using Rlvr.Rollouts;
using Rlvr.Training;

namespace Rlvr.Tests.Training;

/// <summary>Dynamic sampling, greedy baselines and masks of the trainer.</summary>
public sealed class SamplingTests : IDisposable
{
    /// <summary>Problems named easy are always right; the others are a coin.</summary>
    private static readonly FunctionReward Reward = new((problem, response) =>
        problem.Id.StartsWith("easy", StringComparison.Ordinal) ? 1 : response.Sum(c => c) % 2);

    private static readonly Recipe Recipe = TinyTask.Recipe with { Rollout = TinyTask.Recipe.Rollout with { GroupSize = 2 }, Data = TinyTask.Recipe.Data with { Shuffle = false } };

    private readonly LanguageModel model = TinyLanguage.Create();

    public void Dispose() => model.Dispose();

    private static Problem[] Problems(int easy, int coins) =>
        [.. Enumerable.Range(0, easy + coins).Select(i => new Problem(i < easy ? $"easy{i}" : $"coin{i}", new string((char)('a' + i), 1 + (i % 5)), "1"))];

    private StepResult Step(Problem[] problems, int rounds, int step = 1)
    {
        using LanguageModel fresh = TinyLanguage.Create();
        using RlTrainer trainer = new(fresh, problems, Reward, Recipe with { Rollout = Recipe.Rollout with { DynamicSampling = rounds } });
        return trainer.Step(step);
    }

    private static bool Dull(IGrouping<int, ScoredRollout> group) => group.All(r => r.Reward.Value == group.First().Reward.Value);

    [Fact]
    public void Groups_without_signal_are_replaced_by_other_problems()
    {
        Problem[] problems = Problems(easy: 2, coins: 14); // the first batch is easy0, easy1, coin2, coin3
        StepResult plain = Step(problems, 0), dynamic = Step(problems, 20);
        Assert.Equal(["easy0", "easy1", "coin2", "coin3"], plain.Rollouts.Select(r => r.Problem.Id).Distinct());
        Assert.DoesNotContain(dynamic.Rollouts.GroupBy(r => r.Group), Dull);
        Assert.Equal(8, dynamic.Rollouts.Count);
        Assert.Equal(4, dynamic.Rollouts.Select(r => r.Problem.Id).Distinct().Count());
        Assert.Equal(8, dynamic.Rollouts.Select(r => r.Rollout.Request.Id).Distinct().Count());
        Assert.All(dynamic.Rollouts.GroupBy(r => r.Group), g => Assert.Single(g.Select(r => r.Problem.Id).Distinct()));
        // Groups that had a signal stay as they were.
        foreach (IGrouping<int, ScoredRollout> group in plain.Rollouts.GroupBy(r => r.Group).Where(g => !Dull(g)))
            Assert.Equal(group.Select(r => r.Rollout.Tokens), dynamic.Rollouts.Where(r => r.Group == group.Key).Select(r => r.Rollout.Tokens));
        Assert.True(dynamic.Metrics["sampling_rounds"] > 1);
        Assert.True(dynamic.Metrics["groups_sampled"] >= 6);
        Assert.Equal(0.5, dynamic.Metrics["reward_mean"]); // groups of two whose rewards differ
        Assert.NotEqual(0.5, dynamic.Metrics["reward_mean_sampled"]);
        Assert.True(double.IsNaN(plain.Metrics["sampling_rounds"]));
    }

    [Fact]
    public void One_problem_is_sampled_again_as_long_as_the_bound_allows()
    {
        StepResult coins = Step(Problems(easy: 0, coins: 1), 30);
        Assert.DoesNotContain(coins.Rollouts.GroupBy(r => r.Group), Dull);

        StepResult hopeless = Step(Problems(easy: 1, coins: 0), 3);
        Assert.Equal((4, 16, 1), (hopeless.Metrics["sampling_rounds"], hopeless.Metrics["groups_sampled"], hopeless.Metrics["zero_advantage_groups"]));
        Assert.Equal(Step(Problems(easy: 1, coins: 0), 0).Rollouts.Select(r => r.Rollout.Tokens), hopeless.Rollouts.Select(r => r.Rollout.Tokens));
    }

    [Fact]
    public void It_is_a_function_of_weights_seed_and_step()
    {
        Problem[] problems = Problems(easy: 6, coins: 10);
        static string Text(StepResult result) => string.Join('|', result.Rollouts.Select(r => $"{r.Problem.Id}:{string.Join(',', r.Rollout.Tokens)}"));
        Assert.Equal(Text(Step(problems, 5, step: 3)), Text(Step(problems, 5, step: 3)));
        Assert.NotEqual(Text(Step(problems, 5, step: 3)), Text(Step(problems, 5, step: 7))); // the same batch, another step
    }

    [Fact]
    public void ReMax_compares_with_the_greedy_response()
    {
        FunctionReward length = new((_, response) => response.Length + (response.Sum(c => c) % 5));
        using RlTrainer trainer = new(model, Problems(easy: 0, coins: 3), length, Recipe with { Loss = new LossOptions { Advantage = "remax" } });
        StepResult result = trainer.Step(1);
        using LanguageModel fresh = TinyLanguage.Create();
        Dictionary<string, double> greedy = result.Rollouts.DistinctBy(r => r.Problem.Id).ToDictionary(r => r.Problem.Id, r => length.Score(r.Problem,
            new Generator(fresh.Network, fresh.Tokenizer).Generate([r.Rollout.Request], new SamplingOptions { Temperature = 0, MaxNewTokens = 3, StopIds = fresh.StopIds })[0].Text).Value);
        Assert.All(result.Rollouts, r => Assert.Equal(r.Reward.Value - greedy[r.Problem.Id], r.Advantage, 1e-5));
        Assert.Equal(new[] { 0, 1, 2, 0 }.Average(i => greedy[$"coin{i}"]), result.Metrics["baseline_reward_mean"], 1e-9);
    }

    [Fact]
    public void Responses_that_were_cut_off_leave_the_loss_where_the_recipe_says_so()
    {
        // Responses of one token: each is cut off unless it is the end token, which is rare.
        Recipe one = Recipe with { Rollout = Recipe.Rollout with { MaxNewTokens = 1, GroupSize = 4 }, Loss = new LossOptions { Entropy = 0, Kl = 0 } };
        using RlTrainer trainer = new(model, Problems(easy: 0, coins: 1), Reward, one with { Loss = one.Loss with { MaskTruncated = true } });
        StepResult masked = trainer.Step(1);
        Assert.Equal(1, masked.Metrics["truncated_share"]);
        Assert.Equal((double.NaN, double.NaN), (masked.Metrics["gradient_norm"], masked.Metrics["loss"]));
        Assert.Equal(0, trainer.Optimizer.StepCount); // not even weight decay
        Assert.Contains(masked.Rollouts, r => r.Advantage != 0);
    }
}

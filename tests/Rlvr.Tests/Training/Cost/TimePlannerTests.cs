using Rlvr.Models;
using Rlvr.Training;

namespace Rlvr.Tests.Training.Cost;

public sealed class TimePlannerTests
{
    private static readonly CostModel Cost = new(
        new ModelConfig { Architecture = ModelArchitecture.Qwen2, HiddenSize = 64, IntermediateSize = 128, Layers = 2, Heads = 4, KeyValueHeads = 2, HeadDim = 16, VocabularySize = 100, TieWordEmbeddings = true },
        new MachineSpeed(1e11, 1e10, 1e-6));

    private static readonly Recipe Recipe = new() { Steps = 10, Rollout = new RolloutOptions { BatchSize = 4, GroupSize = 8, MaxNewTokens = 50 }, Loss = new LossOptions { Kl = 0.001 } };

    [Fact]
    public void A_plan_adds_up()
    {
        TimePlan plan = TimePlanner.Of(Recipe, Cost, new TimeWorkload(10, 1, [20, 30]) { Sampled = true, Evaluations = [100, 100] });
        Assert.Equal((10, 25, 2), (plan.Steps, plan.ResponseTokens, plan.Sampled));
        Assert.Equal(Cost.Decode([.. Enumerable.Range(0, 32).Select(i => i % 2 == 0 ? 20 : 30)], 32, 10, 1), plan.Rollouts, 1e-9);
        Assert.Equal(Cost.Update(new UpdateWork((32 * 25) + 10, 32 * 25, 10 + 12.5) { FurtherForwards = 1 }), plan.Update, 1e-9);
        Assert.Equal((10 * (plan.Rollouts + plan.Update)) + plan.Evaluation, plan.Total, 1e-9);
        TimePlan once = TimePlanner.Of(Recipe, Cost, new TimeWorkload(10, 1, [20, 30]) { Evaluations = [100] });
        Assert.Equal(2 * once.Evaluation, plan.Evaluation, 1e-9);
        Assert.Equal(0, once.Sampled);
    }

    [Fact]
    public void So_many_responses_that_they_are_not_gone_through_one_by_one_take_proportionally_longer() =>
        Assert.Equal(10 * TimePlanner.Decode(Cost, [7, 9], 10_000, 64, 10, null), TimePlanner.Decode(Cost, [7, 9], 100_000, 64, 10, null), 1e-6);

    [Fact]
    public void Evaluations_are_counted_from_the_recipe()
    {
        Recipe recipe = Recipe with { Steps = 60, Evaluation = new EvaluationOptions { Every = 20, Limit = 200, SampledTemperature = 0.6, Before = true } };
        // Before and after, greedily and at the temperature; in between after steps 20 and 40, greedily.
        Assert.Equal([500, 100, 500, 100, 500, 100, 500, 100, 200, 100, 200, 100], TimePlanner.Evaluations(recipe, [500, 100]));
        Assert.Equal([500], TimePlanner.Evaluations(recipe with { Evaluation = new EvaluationOptions { Before = false, Every = 0, SampledTemperature = 0 } }, [500]));
    }

    [Fact]
    public void It_is_told_in_a_line()
    {
        Assert.Equal("about 1.1 s a step (rollouts 0.4 s, update 0.7 s), 1 min 10 s in all, 4.0 s of it evaluation; responses of 38 tokens, the mean of 16 sampled now",
            new TimePlan(60, 0.4, 0.7, 4, 38.2, 16).Summary());
        Assert.Equal("about 2 min 25 s a step (rollouts 1 min 45 s, update 40 s), 4 h in all; if every response has 3072 tokens, the most it may", new TimePlan(100, 104.2, 40, 0, 3072, 0).Summary());
    }

    [Theory]
    [InlineData(0.0123, "0.012 s")]
    [InlineData(0.996, "1.0 s")]
    [InlineData(9.94, "9.9 s")]
    [InlineData(59.4, "59 s")]
    [InlineData(59.6, "1 min")]
    [InlineData(3596, "59 min 55 s")]
    [InlineData(3599, "1 h")]
    [InlineData(86_399, "24 h")]
    [InlineData(90_000, "1 d 1 h")]
    public void Lengths_of_time_are_said_as_people_do(double seconds, string expected) => Assert.Equal(expected, TimePlan.Duration(seconds));
}

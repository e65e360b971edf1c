using Rlvr.Data;
using Rlvr.Rewards;

namespace Rlvr.Tests.Rewards;

public class RewardTests
{
    private static readonly Problem Problem = new("p", "How much?", "12.8");

    [Theory]
    [InlineData(@"So it is \boxed{12.8}.", 1, "Correct", "12.8")]
    [InlineData(@"First \boxed{3}, then \boxed{64/5}", 1, "Correct", "64/5")]
    [InlineData(@"First \boxed{12.8}, then \boxed{3}", 0, "Wrong", "3")]
    [InlineData("It is 12.8.", 0, "NoAnswer", null)]
    [InlineData("", 0, "NoAnswer", null)]
    public void Math_gives_one_for_the_last_box_that_equals_the_label(string response, double value, string verdict, string? extracted)
    {
        RewardResult result = new MathReward().Score(Problem, response);
        Assert.Equal(new RewardResult(value, value == 1, verdict, extracted), result);
    }

    [Theory]
    [InlineData(@"So it is \boxed{12.8}.", 1, true)]
    [InlineData(@"So it is \boxed{3}.", 1, false)]
    [InlineData("It is 12.8.", 0, false)]
    public void Format_gives_one_for_any_box_and_still_says_what_is_right(string response, double value, bool correct)
    {
        RewardResult result = new FormatReward().Score(Problem, response);
        Assert.Equal((value, correct), (result.Value, result.Correct));
    }

    [Fact]
    public void Random_is_a_fair_coin_of_the_bits_and_of_nothing_else()
    {
        RandomReward reward = new();
        double[] values = [.. Enumerable.Range(0, 4000).Select(i => reward.Score(Problem, "x", new() { RandomBits = CounterRandom.Bits(1, 2, (ulong)i, 3) }).Value)];
        Assert.All(values, v => Assert.True(v is 0 or 1));
        Assert.InRange(values.Average(), 0.47, 0.53); // almost four standard deviations
        Assert.Equal(values, Enumerable.Range(0, 4000).Select(i => reward.Score(Problem, @"\boxed{12.8}", new() { RandomBits = CounterRandom.Bits(1, 2, (ulong)i, 3) }).Value));
        Assert.True(reward.Score(Problem, @"\boxed{12.8}").Correct);
        Assert.False(reward.Score(Problem, @"\boxed{12}", new() { RandomBits = ulong.MaxValue }).Correct);
    }

    [Fact]
    public void A_function_is_a_reward()
    {
        FunctionReward reward = new((problem, response) => response.Contains(problem.Answer, StringComparison.Ordinal) ? 2 : -0.5, correct: 2);
        Assert.Equal((2, true), (reward.Score(Problem, "12.8").Value, reward.Score(Problem, "12.8").Correct));
        Assert.Equal((-0.5, false), (reward.Score(Problem, "12").Value, reward.Score(Problem, "12").Correct));
    }

    [Fact]
    public void A_function_may_ask_for_what_else_is_known()
    {
        FunctionReward reward = new((_, response, context) => context.Truncated ? 0 : (context.Tokens ?? 0) + response.Length, correct: 5);
        Assert.Equal(7, reward.Score(Problem, "1234", new() { Tokens = 3 }).Value);
        Assert.Equal(0, reward.Score(Problem, "1234", new() { Tokens = 3, Truncated = true }).Value);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void A_function_that_gives_no_number_has_failed(double value)
    {
        RewardResult result = new FunctionReward((_, _) => value).Score(Problem, "x");
        Assert.Equal((true, false, "RewardFailed"), (result.IsFailure, result.Correct, result.Verdict));
        Assert.Equal($"the reward function gave {value}", result.Reason);
    }

    [Theory]
    [InlineData("training")]
    [InlineData("evaluation")]
    [InlineData("strict")]
    public void A_label_that_cannot_be_read_never_earns_a_reward_not_even_copied(string profile)
    {
        MathReward reward = new(RewardCatalog.ParseProfile(profile));
        Problem bad = new("b", "?", @"\div");
        Assert.NotNull(reward.LabelProblem(bad));
        foreach (IReward any in new IReward[] { reward, new FormatReward(), new RandomReward() })
        {
            foreach (string response in new[] { @"\boxed{\div}", @"\boxed{3}", "no box" })
            {
                RewardResult result = any.Score(bad, response, new() { RandomBits = ulong.MaxValue });
                Assert.Equal((0, false, "UnparsableLabel"), (result.Value, result.Correct, result.Verdict));
                Assert.NotNull(result.Reason);
            }
        }
        Assert.Null(reward.LabelProblem(Problem));
    }
}

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
        double[] values = [.. Enumerable.Range(0, 4000).Select(i => reward.Score(Problem, "x", CounterRandom.Bits(1, 2, (ulong)i, 3)).Value)];
        Assert.All(values, v => Assert.True(v is 0 or 1));
        Assert.InRange(values.Average(), 0.47, 0.53); // almost four standard deviations
        Assert.Equal(values, Enumerable.Range(0, 4000).Select(i => reward.Score(Problem, @"\boxed{12.8}", CounterRandom.Bits(1, 2, (ulong)i, 3)).Value));
        Assert.True(reward.Score(Problem, @"\boxed{12.8}", 0).Correct);
        Assert.False(reward.Score(Problem, @"\boxed{12}", ulong.MaxValue).Correct);
    }

    [Fact]
    public void A_function_is_a_reward()
    {
        FunctionReward reward = new((problem, response) => response.Contains(problem.Answer, StringComparison.Ordinal) ? 2 : -0.5, correct: 2);
        Assert.Equal((2, true), (reward.Score(Problem, "12.8").Value, reward.Score(Problem, "12.8").Correct));
        Assert.Equal((-0.5, false), (reward.Score(Problem, "12").Value, reward.Score(Problem, "12").Correct));
    }

    [Fact]
    public void A_label_that_cannot_be_read_is_found_before_training()
    {
        MathReward reward = new();
        reward.CheckLabels([Problem, new Problem("q", "?", @"\frac{1}{2}")]);
        Problem[] bad = [.. Enumerable.Range(0, 7).Select(i => new Problem($"bad{i}", "?", @"\frac{1}{"))];
        string message = Assert.Throws<RlvrException>(() => reward.CheckLabels([Problem, .. bad])).Message;
        Assert.Contains("7 label(s)", message, StringComparison.Ordinal);
        Assert.Contains("bad0", message, StringComparison.Ordinal);
        Assert.Contains("and 2 more", message, StringComparison.Ordinal);
        Assert.DoesNotContain("bad5", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("math", typeof(MathReward))]
    [InlineData("format", typeof(FormatReward))]
    [InlineData("random", typeof(RandomReward))]
    public void Recipes_name_rewards(string kind, Type type) => Assert.IsType(type, RewardCatalog.Create(kind, "training"));

    [Fact]
    public void Unknown_names_are_refused_with_those_there_are()
    {
        Assert.Contains("'maths'; expected math, format or random", Assert.Throws<RlvrException>(() => RewardCatalog.Create("maths", "training")).Message, StringComparison.Ordinal);
        Assert.Contains("'lax'; expected strict, training or evaluation", Assert.Throws<RlvrException>(() => RewardCatalog.Create("math", "lax")).Message, StringComparison.Ordinal);
    }
}

using System.Diagnostics;
using Rlvr.Data;
using Rlvr.Rewards;

namespace Rlvr.Tests.Rewards;

public class RegexRewardTests
{
    private static readonly Problem Problem = new("p", "?", "3.5 (approx)");

    [Theory]
    [InlineData(@"^<think>[\s\S]*</think>\s*\S", "<think>a\nb</think> yes", true)]
    [InlineData(@"^<think>[\s\S]*</think>\s*\S", "<think>a\nb</think> ", false)]
    [InlineData(@"answer: {answer}$", "The answer: 3.5 (approx)", true)]
    [InlineData(@"answer: {answer}$", "The answer: 3x5 approx", false)] // the label is text, not a pattern
    [InlineData(@"\d{2}", "12", true)]
    public void A_response_matches_or_not(string pattern, string response, bool correct)
    {
        RewardResult result = new RegexReward(pattern).Score(Problem, response);
        Assert.Equal((correct ? 1 : 0, correct, correct ? "Correct" : "Wrong"), (result.Value, result.Correct, result.Verdict));
    }

    [Fact]
    public void A_group_named_answer_says_what_was_found()
    {
        Assert.Equal("42", new RegexReward(@"=\s*(?<answer>\d+)").Score(Problem, "x = 42.").Extracted);
        Assert.Equal("= 42", new RegexReward(@"=\s*\d+").Score(Problem, "x = 42.").Extracted);
        Assert.Equal(1_000, new RegexReward("a+").Score(Problem, new string('a', 5_000)).Extracted!.Length);
    }

    [Fact]
    public void Case_may_be_ignored()
    {
        Assert.False(new RegexReward("yes").Score(Problem, "YES").Correct);
        Assert.True(new RegexReward("yes", ignoreCase: true).Score(Problem, "YES").Correct);
        Assert.True(new RegexReward("is {answer}", ignoreCase: true).Score(Problem, "IS 3.5 (APPROX)").Correct);
    }

    [Theory]
    [InlineData("", "expected 1 to 10000 characters, found 0")]
    [InlineData("(a", "at character 2: InsufficientClosingParentheses")]
    [InlineData("(?=a)b", "look-around")]
    [InlineData(@"(a)\1", "back-reference")]
    public void A_pattern_that_cannot_be_used_is_refused_with_the_reason(string pattern, string reason)
    {
        Assert.Contains(reason, RegexReward.ProblemOf(pattern), StringComparison.Ordinal);
        Assert.Contains(reason, Assert.Throws<RlvrException>(() => new RegexReward(pattern)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pattern_that_would_backtrack_for_ever_does_not()
    {
        long start = Stopwatch.GetTimestamp();
        RewardResult result = new RegexReward("^(a+)+$").Score(Problem, new string('a', 60_000) + "b");
        Assert.False(result.Correct);
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 10);
    }

    [Fact]
    public void A_response_beyond_the_limit_is_not_searched()
    {
        RegexReward reward = new("b");
        Assert.True(reward.Score(Problem, new string('a', RegexReward.MaxResponseLength - 1) + "b").Correct);
        RewardResult result = reward.Score(Problem, new string('a', RegexReward.MaxResponseLength) + "b");
        Assert.Equal((0, "UnparsableAnswer"), (result.Value, result.Verdict));
    }

    [Fact]
    public void A_label_is_needed_only_where_the_pattern_has_one()
    {
        Assert.Null(new RegexReward("x").LabelProblem(Problem with { Answer = "" }));
        Assert.Equal("empty", new RegexReward("{answer}").LabelProblem(Problem with { Answer = " " }));
        Assert.Equal("longer than 10000 characters", new RegexReward("{answer}").LabelProblem(Problem with { Answer = new string('x', 10_001) }));
        Assert.Equal("UnparsableLabel", new RegexReward("{answer}").Score(Problem with { Answer = "" }, "x").Verdict);
    }

    [Fact]
    public void It_may_be_asked_from_many_threads()
    {
        RegexReward reward = new("is {answer}$");
        Parallel.For(0, 3_000, i => Assert.Equal(i % 2 == 0, reward.Score(new Problem("p", "?", $"{i}"), $"is {i + (i % 2)}").Correct));
    }
}

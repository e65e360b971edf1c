using CsCheck;
using Rlvr.Algorithms;
using Rlvr.Data;
using Rlvr.Rewards;

namespace Rlvr.Tests.Rewards;

public class CostTests
{
    private static readonly Problem Problem = new("p", "?", "1");
    private static readonly string[] Words = ["x", "y", "zz", "X", "w"];

    private static double Value(IReward reward, string response, int? tokens = null)
    {
        RewardResult result = reward.Score(Problem, response, new() { Tokens = tokens });
        Assert.Equal((false, "Unjudged"), (result.Correct, result.Verdict));
        return result.Value;
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(80, 0)]
    [InlineData(85, 0.25)]
    [InlineData(90, 0.5)]
    [InlineData(100, 1)]
    [InlineData(1000, 1)]
    public void Overlong_rises_in_a_straight_line_between_two_lengths(int tokens, double cost) => Assert.Equal(cost, Value(new OverlongCost(80, 100), "x", tokens), 12);

    [Fact]
    public void Overlong_is_the_penalty_of_DAPO_with_the_other_sign() => Gen.Select(Gen.Int[0, 300], Gen.Int[0, 100], Gen.Int[0, 100]).Sample((tokens, from, buffer) =>
        double.Abs(Value(new OverlongCost(from, from + buffer), "", tokens) + OverlongPenalty.Of(tokens, from + buffer, buffer)) < 1e-12);

    [Fact]
    public void Overlong_needs_the_number_of_tokens_and_lengths_in_order()
    {
        Assert.Contains("RewardContext.Tokens", Assert.Throws<RlvrException>(() => new OverlongCost(1, 2).Score(Problem, "x")).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => new OverlongCost(2, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new OverlongCost(-1, 1));
    }

    [Fact]
    public void Length_is_counted_in_tokens_or_characters()
    {
        Assert.Equal(7, Value(new LengthCost(), "abc", 7));
        Assert.Equal(3, Value(new LengthCost(LengthUnit.Characters), "abc", 7));
        Assert.Equal(3, Value(new LengthCost(LengthUnit.Characters), "abc"));
        Assert.Throws<RlvrException>(() => new LengthCost().Score(Problem, "abc"));
    }

    [Theory]
    [InlineData("a b c d e f", 3, 0)] // 4 trigrams, all new
    [InlineData("a b c a b c", 3, 0.25)] // abc bca cab abc: 3 of 4
    [InlineData("a a a a", 3, 0.5)] // aaa aaa
    [InlineData("A a\nA\ta", 3, 0.5)] // neither case nor white space counts
    [InlineData("a b", 3, 0)] // too short
    [InlineData("", 3, 0)]
    [InlineData("  \n ", 1, 0)]
    [InlineData("a b a b", 1, 0.5)]
    [InlineData("a b a b", 4, 0)]
    [InlineData("我我我我", 2, 2.0 / 3)] // without spaces: three pairs, one kind
    [InlineData("so我 我so", 1, 0.5)]
    public void Repetition_is_the_share_of_ngrams_that_were_there_before(string text, int n, double share) => Assert.Equal(share, Value(new RepetitionCost(n), text), 12);

    [Fact]
    public void Repetition_is_what_a_set_of_ngrams_says() =>
        Gen.Select(Gen.Int[0, 4].Select(i => Words[i]).Array[0, 40], Gen.Int[1, 5]).Sample((words, n) =>
        {
            string[] grams = [.. Enumerable.Range(0, int.Max(0, words.Length - n + 1)).Select(i => string.Join(' ', words[i..(i + n)]).ToLowerInvariant())];
            double expected = grams.Length == 0 ? 0 : 1 - ((double)grams.Distinct().Count() / grams.Length);
            return double.Abs(RepetitionCost.Share(string.Join(' ', words), n) - expected) < 1e-12;
        });

    [Fact]
    public void Repetition_of_a_long_response_is_near_1_and_bounded()
    {
        string text = string.Concat(Enumerable.Repeat("wait ", 300_000));
        Assert.InRange(Value(new RepetitionCost(), text), 0.999, 1);
        Assert.Throws<ArgumentOutOfRangeException>(() => new RepetitionCost(0));
    }
}

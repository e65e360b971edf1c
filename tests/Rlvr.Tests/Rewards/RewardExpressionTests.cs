using CsCheck;
using Rlvr.Rewards;

namespace Rlvr.Tests.Rewards;

public class RewardExpressionTests
{
    [Theory]
    [InlineData("math", "1 math")]
    [InlineData("  math ", "1 math")]
    [InlineData("math + 0.1 format", "1 math; 0.1 format")]
    [InlineData("math+0.1format-.5repetition", "1 math; 0.1 format; -0.5 repetition")]
    [InlineData("2*math - 0.5 * overlong", "2 math; -0.5 overlong")]
    [InlineData("-1e-3 tokens + math", "-0.001 tokens; 1 math")]
    [InlineData("+ math - 1E+1 characters", "1 math; -10 characters")]
    [InlineData("1exact", "1 exact")]
    [InlineData("0 math + 0.01 tokens", "0 math; 0.01 tokens")]
    [InlineData("math - 0 repetition", "1 math; -0 repetition")]
    public void Terms_are_names_with_weights(string text, string terms)
    {
        RewardExpression sum = RewardExpression.Parse(text);
        Assert.Equal(terms, string.Join("; ", sum.Terms.Select(t => $"{t.Weight} {t.Name}")));
        Assert.Equal(terms == "1 math" || terms == "1 exact", sum.IsSingle);
        Assert.Null(RewardExpression.ProblemOf(text));
    }

    [Theory]
    [InlineData("", "expected the name of a reward (math, format, random, exact, numeric, choice, regex, program, overlong, tokens, characters, repetition), found the end.")]
    [InlineData("maths", "there is no reward 'maths'. Did you mean 'math'? The rewards are math, format, random, exact, numeric, choice, regex, program, overlong, tokens, characters, repetition.")]
    [InlineData("math format", "expected '+' or '-' and another reward, such as 'math + 0.1 format', found 'format'.")]
    [InlineData("math*0.5", "expected '+' or '-' and another reward, such as 'math + 0.1 format', found '*0.5'.")]
    [InlineData("math, format", "expected '+' or '-' and another reward, such as 'math + 0.1 format', found ', format'.")]
    [InlineData("math + 0.1", "expected the name of a reward (math, format, random, exact, numeric, choice, regex, program, overlong, tokens, characters, repetition), found the end.")]
    [InlineData("math + - format", "expected the name of a reward (math, format, random, exact, numeric, choice, regex, program, overlong, tokens, characters, repetition), found '- format'.")]
    [InlineData("0.1.2 math", "expected a weight such as 0.1, found '0.1.2'.")]
    [InlineData("1e999 math", "expected a weight such as 0.1, found '1e999'.")]
    [InlineData("math + math", "'math' is there twice; add up its weights.")]
    [InlineData("math + repetition", "'repetition' is a cost, from 0 to 1: expected it to be subtracted, '- repetition', found it added.")]
    [InlineData("math + 0.5 overlong", "'overlong' is a cost, from 0 to 1: expected it to be subtracted, '- 0.5 overlong', found it added.")]
    [InlineData("tokens", "'tokens' measures responses but judges none of them, so that nobody would know how many are right. Add a reward that does; where it should not count, with weight 0: '0 math + tokens'.")]
    [InlineData("- repetition", "'- repetition' measures responses but judges none of them, so that nobody would know how many are right. Add a reward that does; where it should not count, with weight 0: '0 math - repetition'.")]
    public void A_mistake_is_named_with_what_was_expected(string text, string message) => Assert.Equal(message, RewardExpression.ProblemOf(text));

    [Fact]
    public void Any_text_is_read_or_refused() => Gen.String[Gen.Char["math formt+-*0.1e "], 0, 20].Sample(text =>
    {
        string? problem = RewardExpression.ProblemOf(text);
        Assert.True(problem is null || problem.EndsWith('.'), problem);
    });
}

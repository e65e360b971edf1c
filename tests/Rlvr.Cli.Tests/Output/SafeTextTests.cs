using Rlvr.Cli.Output;

namespace Rlvr.Cli.Tests.Output;

public sealed class SafeTextTests
{
    [Theory]
    [InlineData("plain \u00e9 \u4e2d \ud835\udc65\n\tnext", "plain \u00e9 \u4e2d \ud835\udc65\n\tnext")]
    [InlineData("\u001b[31mred\u001b[0m", "\u241b[31mred\u241b[0m")]
    [InlineData("\u001b]0;title\u0007", "\u241b]0;title\u2407")]
    [InlineData("over\rwritten\b", "over\u240dwritten\u2408")]
    [InlineData("\u009b2J", "\\u009b2J")]
    [InlineData("\u007f", "\u2421")]
    [InlineData("abc\u202edef", "abc\\u202edef")]
    public void Nothing_a_model_writes_can_act_on_the_terminal(string text, string expected) => Assert.Equal(expected, SafeText.Clean(text));

    [Fact]
    public void One_line_is_one_line_of_that_length()
    {
        Assert.Equal("a b c", SafeText.OneLine(" a\nb\tc ", 10));
        Assert.Equal("abcd…", SafeText.OneLine("abcdefgh", 5));
    }
}

namespace Rlvr.Math.Tests;

public sealed class AnswerExtractorTests
{
    [Theory]
    [InlineData(@"so \boxed{5}.", "5")]
    [InlineData(@"\boxed{\frac{1}{2}}", @"\frac{1}{2}")]
    [InlineData(@"\boxed{ 5 }", "5")]
    [InlineData("\\boxed{\n5\n}", "5")]
    [InlineData(@"$\boxed {5}$", "5")]
    [InlineData(@"$\boxed 5$", "5")]
    [InlineData(@"\boxed{\boxed{5}}", "5")]
    [InlineData(@"\fbox{5}", "5")]
    [InlineData(@"\boxed{3} or rather \boxed{4}", "4")]
    [InlineData(@"\boxed{\{1, 2\}}", @"\{1, 2\}")]
    [InlineData(@"\boxed{3} and \boxed{4", "3")]
    [InlineData(@"\boxed{}", "")]
    [InlineData("the answer is 5", null)]
    [InlineData(@"\boxed{5", null)]
    [InlineData("boxed{5}", null)]
    [InlineData("", null)]
    public void The_last_complete_box_is_the_answer(string response, string? answer) => Assert.Equal(answer, AnswerExtractor.LastBoxed(response));

    [Theory]
    [InlineData(@"The answer is $\boxed{147$.", "147")]
    [InlineData(@"The answer is $\boxed{\frac{1}{6}", @"\frac{1}{6}")]
    [InlineData("boxed{36}", "36")]
    [InlineData("some steps\n#### 1,234", "1,234")]
    [InlineData("The answer is 791.68.", "791.68")]
    [InlineData("So the answer is $1+2i$.", "1+2i")]
    [InlineData("Final Answer: The final answer is $64$. I hope it is correct.", "64")]
    [InlineData("**Answer: -1**", "-1")]
    [InlineData("所以答案是28", "28")]
    [InlineData("so we end up with 8n^2 + 4n + 1", "8n^2 + 4n + 1")]
    [InlineData("There are 12 of them and 7 remain.", "7")]
    [InlineData("I do not know.", null)]
    public void Fall_backs_are_taken_in_their_order(string response, string? answer) =>
        Assert.Equal(answer, AnswerExtractor.Extract(response, AnswerSources.Usual));

    [Fact]
    public void A_choice_letter_is_found_where_it_is_asked_for()
    {
        Assert.Equal("C", AnswerExtractor.Extract("It cannot be (A), so it must be (C) after all", AnswerSources.ChoiceLetter));
        Assert.Equal("B", AnswerExtractor.Extract("I take option B", AnswerSources.Box | AnswerSources.ChoiceLetter));
    }

    [Fact]
    public void After_thinking_only_what_follows_the_thoughts_counts()
    {
        Assert.Equal("4", AnswerExtractor.Extract(@"<think>\boxed{3}</think> \boxed{4}", AnswerSources.Box, afterThinking: true));
        Assert.Null(AnswerExtractor.Extract(@"<think>\boxed{3}</think> so it is", AnswerSources.Box, afterThinking: true));
        Assert.Null(AnswerExtractor.Extract(@"\boxed{3}", AnswerSources.Box, afterThinking: true));
    }
}

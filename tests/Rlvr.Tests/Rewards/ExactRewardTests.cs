using Rlvr.Data;
using Rlvr.Rewards;

namespace Rlvr.Tests.Rewards;

public class ExactRewardTests
{
    private static readonly Problem Problem = new("p", "Which city?", "Oslo ");

    [Theory]
    [InlineData(@"It is \boxed{Oslo}", true, false, "Correct")]
    [InlineData(@"It is \boxed{ Oslo }", true, false, "Correct")]
    [InlineData(@"It is \boxed{oslo}", true, false, "Wrong")]
    [InlineData(@"It is \boxed{oslo}", true, true, "Correct")]
    [InlineData(@"It is \boxed{Oslo}", false, false, "Wrong")] // the label ends with a space, and that counts
    [InlineData(@"It is \boxed{Bergen}", true, true, "Wrong")]
    [InlineData("Oslo", true, true, "NoAnswer")]
    [InlineData(@"\boxed{ }", true, true, "NoAnswer")]
    public void The_box_holds_the_label(string response, bool trim, bool ignoreCase, string verdict)
    {
        RewardResult result = new ExactReward(trim, ignoreCase).Score(Problem, response);
        Assert.Equal((verdict, verdict == "Correct" ? 1 : 0, verdict == "Correct"), (result.Verdict, result.Value, result.Correct));
    }

    [Theory]
    [InlineData(AnswerPlace.Response, " Oslo\n", true)]
    [InlineData(AnswerPlace.Response, @"\boxed{Oslo}", false)]
    [InlineData(AnswerPlace.Usual, "The answer is Oslo.", true)]
    [InlineData(AnswerPlace.Usual, @"The answer is Rome. \boxed{Oslo}", true)]
    public void The_answer_stands_where_it_is_looked_for(AnswerPlace place, string response, bool correct) =>
        Assert.Equal(correct, new ExactReward(place: place).Score(Problem, response).Correct);

    [Fact]
    public void Without_trimming_spaces_count() =>
        Assert.True(new ExactReward(trim: false, place: AnswerPlace.Response).Score(Problem, "Oslo ").Correct);

    [Fact]
    public void An_empty_label_is_no_label()
    {
        Assert.Equal("empty", new ExactReward().LabelProblem(Problem with { Answer = " " }));
        Assert.Equal("UnparsableLabel", new ExactReward(place: AnswerPlace.Response).Score(Problem with { Answer = "" }, "").Verdict);
        Assert.Null(new ExactReward().LabelProblem(Problem));
    }
}

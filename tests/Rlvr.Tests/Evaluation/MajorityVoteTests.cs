using Rlvr.Evaluation;
using Rlvr.Math;

namespace Rlvr.Tests.Evaluation;

public sealed class MajorityVoteTests
{
    private static readonly MathVerifier Verifier = new();

    [Theory]
    [InlineData(true, "+4", "5", "+4")]
    [InlineData(false, "+4", "5", "5")]
    [InlineData(false, "5", "+4")] // a tie goes to the answer that was given first
    [InlineData(true, "+4", "5")]
    [InlineData(false, "1/2", "+4", "0.5", "\\frac{1}{2}", "+4")] // one answer in three forms
    [InlineData(true, "+8/2", "5", "+4", "6")] // right ones are one answer, whatever their form
    [InlineData(true, null, null, null, "+4")] // no answer is no vote
    [InlineData(false, null, null)]
    [InlineData(false, "((", "((", "+4")] // what cannot be read votes for its text
    [InlineData(false, "7")]
    public void The_most_frequent_answer_counts(bool expected, params string?[] answers) =>
        Assert.Equal(expected, MajorityVote.IsRight(Votes(answers), (a, b) => Verifier.VerifyAnswer(a, b).IsCorrect));

    [Fact]
    public void Of_one_response_it_is_whether_that_is_right()
    {
        Assert.True(MajorityVote.IsRight([("4", true)], (_, _) => false));
        Assert.False(MajorityVote.IsRight([("5", false)], (_, _) => false));
    }

    [Fact]
    public void However_many_different_answers_there_are_the_work_is_bounded()
    {
        int asked = 0;
        string?[] answers = [.. Enumerable.Range(0, 5000).Select(i => $"{i}"), "77", "77"];
        Assert.False(MajorityVote.IsRight(Votes([.. answers, "+x"]), (_, _) =>
        {
            asked++;
            return false;
        }));
        Assert.InRange(asked, 1, MajorityVote.MaxComparisons);
        // The same text votes together even so.
        Assert.True(MajorityVote.IsRight([.. Votes(answers).Select(v => (v.Answer, v.Answer == "77"))], (_, _) => false));
    }

    /// <summary>Answers; those that begin with a plus sign are right.</summary>
    private static (string? Answer, bool Correct)[] Votes(string?[] answers) => [.. answers.Select(a => (a?.TrimStart('+'), a?.StartsWith('+') == true))];
}

using System.Diagnostics;
using Rlvr.Evaluation;

namespace Rlvr.Tests.Evaluation;

public sealed class RepetitionTests
{
    private const string Solution = "We want the wind velocity when the pressure on 4 square feet of sail is 32 pounds. The pressure varies jointly as the area and the cube of "
        + "the velocity, so P = k A V^3. From 4 = k * 2 * 8^3 we find k = 1/256. Then 32 = (1/256) * 4 * V^3 gives V^3 = 2048, and V is about 12.7. The answer is \\boxed{12.7}.";

    [Fact]
    public void A_solution_is_not()
    {
        Assert.False(Repetition.IsRepetitive(Solution));
        Assert.False(Repetition.IsRepetitive(""));
        Assert.False(Repetition.IsRepetitive("1 1 1 1 1 1")); // too short to tell
        Assert.False(Repetition.IsRepetitive(Solution + "\n\nLet us check. " + Solution)); // twice is a check, not a loop
        Assert.False(Repetition.IsRepetitive(string.Join('\n', Enumerable.Range(1, 300).Select(i => $"Case {i}: {i} squared is {i * i}, which leaves {i * i % 7} modulo 7.")))); // a table
    }

    [Theory]
    [InlineData("0")]
    [InlineData("ab ")]
    [InlineData("Wait, let me recheck. ")]
    [InlineData(" \\sqrt{2}")]
    public void A_loop_at_the_end_is_whatever_its_piece_and_wherever_it_is_cut(string piece)
    {
        string loop = string.Concat(Enumerable.Repeat(piece, int.Max(5, 300 / piece.Length)));
        Assert.True(Repetition.IsRepetitive(loop));
        Assert.True(Repetition.IsRepetitive(Solution + loop));
        Assert.True(Repetition.IsRepetitive(Solution + loop + piece[..(piece.Length / 2)] + "\n"));
    }

    [Fact]
    public void A_long_piece_needs_four_copies()
    {
        Assert.True(Repetition.IsRepetitive(string.Concat(Enumerable.Repeat(Solution, 4))));
        // Three: no loop by the first rule, but two thirds of the sequences of words were there before by the second, if there are enough of them.
        string piece = string.Join(' ', Enumerable.Range(0, 90).Select(i => $"word{i}"));
        Assert.False(Repetition.IsRepetitive(piece + " " + piece));
        Assert.True(Repetition.IsRepetitive(string.Join(' ', piece, piece, piece)));
    }

    [Fact]
    public void A_loop_that_ends_in_an_answer_is_found_by_its_words()
    {
        string text = string.Concat(Enumerable.Repeat("Let us compute the sum of all the terms once more, carefully. ", 60)) + "The answer is \\boxed{3}.";
        Assert.True(Repetition.IsRepetitive(text));
    }

    [Fact]
    public void The_longest_response_takes_a_moment_only()
    {
        long start = Stopwatch.GetTimestamp();
        Repetition.IsRepetitive(string.Concat(Enumerable.Repeat("ab", 5_000_000)) + "c");
        Repetition.IsRepetitive(string.Concat(Enumerable.Range(0, 1_000_000).Select(i => $"{i * 2654435761 % 1000} ")));
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(60)); // on a busy machine; milliseconds on a quiet one
    }
}

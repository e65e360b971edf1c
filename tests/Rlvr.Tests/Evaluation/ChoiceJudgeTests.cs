using Rlvr.Data;
using Rlvr.Evaluation;

namespace Rlvr.Tests.Evaluation;

public sealed class ChoiceJudgeTests
{
    [Theory]
    [InlineData("So it is \\boxed{B}.", "Correct")]
    [InlineData("So it is \\boxed{b}.", "Correct")]
    [InlineData("\\boxed{\\text{(B)} 12}", "Correct")]
    [InlineData("\\boxed{\\textbf{B}}", "Correct")]
    [InlineData("\\boxed{B. twelve}", "Correct")]
    [InlineData("\\boxed{C}", "Wrong")]
    [InlineData("(B) is wrong, so \\boxed{A}", "Wrong")]
    [InlineData("The answer is (B).", "Correct")]
    [InlineData("The correct option is (A). No: (B)", "Correct")]
    [InlineData("\\boxed{12}", "UnparsableAnswer")]
    [InlineData("The answer is a prime number.", "UnparsableAnswer")]
    [InlineData("I do not know.", "NoAnswer")]
    public void The_letter_decides(string response, string verdict) =>
        Assert.Equal(verdict, new ChoiceJudge().Score(new Problem("p", "Which? (A) 11 (B) 12 (C) 13", "B"), response).Verdict);
}

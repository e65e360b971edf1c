namespace Rlvr.Math.Tests;

public sealed class MathVerifierTests
{
    private static readonly MathVerifier Verifier = new();

    [Theory]
    [InlineData(@"\frac{1}{2}", "0.5")]
    [InlineData(@"\frac12", "2/4")]
    [InlineData("½", "50\\%")]
    [InlineData("1,234", "1234")]
    [InlineData("12{,}345", "12345")]
    [InlineData("2\\frac{1}{3}", "7/3")]
    [InlineData("-1 2/3", "-\\frac{5}{3}")]
    [InlineData("0.1\\overline{6}", "1/6")]
    [InlineData(@"\sqrt{12}", @"2\sqrt{3}")]
    [InlineData(@"\sqrt{3+2\sqrt{2}}", @"1+\sqrt{2}")]
    [InlineData(@"\sin 30^\circ", @"\frac{1}{2}")]
    [InlineData(@"\log_2 8", "3")]
    [InlineData(@"e^{i\pi}", "-1")]
    [InlineData(@"(x+1)^2", "x^2+2x+1")]
    [InlineData(@"\binom{n}{2}", @"\frac{n(n-1)}{2}")]
    [InlineData(@"\sum_{k=1}^{10} k", "55")]
    [InlineData("x = 5", "5")]
    [InlineData("3 + 4 = 7", "7")]
    [InlineData(@"\{3, 1, 2\}", "1, 2, 3")]
    [InlineData(@"(-\infty, 2) \cup (3, \infty)", @"x < 2 \text{ or } x > 3")]
    [InlineData(@"\{x \mid 2 \le x < 5\}", "[2,5)")]
    [InlineData("2x + 4y = 6", "x + 2y - 3 = 0")]
    [InlineData(@"\begin{bmatrix} 0.5 \\ 1 \end{bmatrix}", @"\frac{1}{2}\begin{pmatrix} 1 \\ 2 \end{pmatrix}")]
    [InlineData(@"1 \pm \sqrt{2}", @"1+\sqrt{2}, 1-\sqrt{2}")]
    [InlineData("20 days", @"480 \text{ hours}")]
    [InlineData(@"\$18.90", @"1890 \text{ cents}")]
    [InlineData(@"15 \text{ square cm}", @"15\mbox{ cm}^2")]
    [InlineData("three hundred forty-eight", "348")]
    [InlineData("Option B", @"\text{(B)}")]
    [InlineData("4:40 p.m.", @"4:40\text{ PM}")]
    [InlineData("101_2", @"(101)_{\text{two}}")]
    [InlineData(@"\text{Yes.}", "yes")]
    [InlineData("1:2", @"\frac{1}{2}")]
    [InlineData("3.2 million", "3200000")]
    [InlineData("2.6e3", "2600")]
    public void Equal_answers_are_correct_both_ways(string answer, string expected)
    {
        Verification there = Verifier.VerifyAnswer(answer, expected), back = Verifier.VerifyAnswer(expected, answer);
        Assert.True(there.IsCorrect, there.ToString());
        Assert.True(back.IsCorrect, back.ToString());
    }

    [Theory]
    [InlineData("0.333", @"\frac13")]
    [InlineData("1.41421356237309504880", @"\sqrt{2}")]
    [InlineData(@"\frac{x}{x} - 1", @"\frac{x}{x-1}")]
    [InlineData("2^8/3", "2^{8/3}")]
    [InlineData("7 \\text{ or } 13", "7")]
    [InlineData(@"18 \text{ is not the answer}", "18")]
    [InlineData(@"20 \text{ kilometers}", @"20\text{ miles}")]
    [InlineData("(2, 1)", "(1, 2)")]
    [InlineData("[2, 5]", "[2, 5)")]
    [InlineData("x > 2", @"x \ge 2")]
    [InlineData("43_7", "43_6")]
    [InlineData("17x", "17")]
    [InlineData(@"\frac{0}{0}", "0")]
    [InlineData("9^{9^{9^9}}", "5")]
    [InlineData("99999999!", "5")]
    [InlineData("x = 6", "5")]
    [InlineData("0.46\\%", "46\\%")]
    public void Other_answers_are_wrong(string answer, string expected)
    {
        Assert.False(Verifier.VerifyAnswer(answer, expected).IsCorrect);
        Assert.False(Verifier.VerifyAnswer(expected, answer).IsCorrect);
    }

    [Fact]
    public void Where_the_answer_is_looked_for_is_an_option()
    {
        MathVerifier lenient = new(sources: AnswerSources.Usual), after = new(afterThinking: true);
        Assert.Equal(Verdict.Correct, lenient.VerifyResponse("So the answer is 5.", "5").Verdict);
        Assert.Equal(Verdict.NoAnswer, Verifier.VerifyResponse("So the answer is 5.", "5").Verdict);
        Assert.Equal(Verdict.Correct, after.VerifyResponse(@"\boxed{4}</think> \boxed{5}", "5").Verdict);
        Assert.Equal(Verdict.NoAnswer, after.VerifyResponse(@"\boxed{5}", "5").Verdict);
    }

    [Fact]
    public void Verdicts_tell_missing_unreadable_and_wrong_apart()
    {
        Assert.Equal(Verdict.NoAnswer, Verifier.VerifyResponse("I do not know.", "5").Verdict);
        Assert.Equal(Verdict.NoAnswer, Verifier.VerifyResponse(@"\boxed{}", "5").Verdict);
        Assert.Equal(Verdict.Wrong, Verifier.VerifyResponse(@"\boxed{6}", "5").Verdict);
        Assert.Equal(Verdict.Correct, Verifier.VerifyResponse(@"\boxed{6} no, \boxed{5}", "5").Verdict);
        Assert.Equal(Verdict.UnparsableAnswer, Verifier.VerifyAnswer(@"\int_0^1 x dx", "5").Verdict);
        Assert.Equal(Verdict.UnparsableLabel, Verifier.VerifyAnswer("5", @"\div").Verdict);
        Assert.False(Verifier.CanParseLabel("", out string reason));
        Assert.NotEmpty(reason);
    }
}

using System.Diagnostics;

namespace Rlvr.Math.Tests;

/// <summary>Texts made to make a reader hang, overflow its stack or eat all memory.</summary>
public sealed class HostileInputTests
{
    private static string Repeat(string text, int count) => string.Concat(Enumerable.Repeat(text, count));

    // Other processes take the cores now and then: what was slow is tried again.
    private static double BestOf(int tries, double limit, Action action)
    {
        double best = double.PositiveInfinity;
        for (int i = 0; i < tries && best >= limit; i++)
        {
            long start = Stopwatch.GetTimestamp();
            action();
            best = double.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return best;
    }

    /// <summary>Names and texts.</summary>
    public static TheoryData<string, string> Texts => new()
    {
        { "braces", Repeat("{", 100_000) + "5" + Repeat("}", 100_000) },
        { "parentheses", Repeat("(", 30_000) + "5" + Repeat(")", 30_000) },
        { "open braces", Repeat("{", 60_000) },
        { "roots", Repeat("\\sqrt{", 10_000) + "2" + Repeat("}", 10_000) },
        { "fractions", Repeat("\\frac1", 10_000) + "2" },
        { "factorials", "3" + Repeat("!", 20_000) },
        { "slashes", Repeat("3/", 9_000) + "2" },
        { "powers", "2" + Repeat("^2", 9_000) },
        { "tuples", Repeat("(1,", 300) + "2" + Repeat(")", 300) },
        { "sets", Repeat("\\{1,", 3_000) + "2" + Repeat("\\}", 3_000) },
        { "plus-minus", Repeat("\\pm 1", 4_000) },
        { "digits", Repeat("7", 60_000) },
        { "a million digits", Repeat("7", 1_000_000) },
        { "tower", "9^{9^{9^9}}" },
        { "factorial of factorials", "((10!)!)!" },
        { "large factorial", "99999999!" },
        { "long sum", "\\sum_{k=1}^{100000} \\sqrt{k}" },
        { "sum of sums", "\\sum_{k=1}^{99999} \\sum_{j=1}^{99999} jk" },
        { "polynomial", "(x+y+z+1)^{200}" },
        { "product", Repeat("(x+1)", 3_000) },
        { "surrogates", Repeat("\ud800", 60_000) },
        { "backslashes", Repeat("\\", 60_001) },
        { "commas", Repeat("1,", 30_000) },
        { "alternatives", Repeat("1 or ", 4_000) + "2" },
        { "bars", Repeat("|", 20_000) },
        { "answers", Repeat("the answer is ", 4_000) },
        { "words", Repeat("one hundred ", 5_000) },
        { "conditions", Repeat("x (", 3_000) + "x > 0" + Repeat(")", 3_000) },
        { "prose", Repeat("\\lim_{x} the value of f is ", 2_000) },
        { "lists of assignments", Repeat("a=1,b=2;", 1_000) },
        { "introductions", Repeat("answer: ", 3_000) + "\\lim x" },
        { "matrices", Repeat("\\begin{pmatrix}", 4_000) + Repeat("\\end{pmatrix}", 4_000) },
    };

    [Theory]
    [MemberData(nameof(Texts))]
    public void Is_judged_in_bounded_time_on_a_small_stack(string name, string text)
    {
        Exception? thrown = null;
        double worst = 0;
        Thread thread = new(() =>
        {
            try
            {
                foreach (VerifierProfile profile in Enum.GetValues<VerifierProfile>())
                {
                    MathVerifier verifier = new(profile);
                    foreach (string other in new[] { "5", "x", "\\sqrt{2}", "(1,2)", "\\{1,2\\}", "[1,2)", "x = 5", text })
                    {
                        worst = double.Max(worst, BestOf(3, 2, () =>
                        {
                            Assert.DoesNotContain(MathVerifier.InternalError, verifier.VerifyAnswer(text, other).Rule);
                            Assert.DoesNotContain(MathVerifier.InternalError, verifier.VerifyAnswer(other, text).Rule);
                            verifier.VerifyResponse("\\boxed{" + text + "}", other);
                        }));
                    }
                }
            }
            catch (Exception exception)
            {
                thrown = exception;
            }
        }, 512 * 1024);
        thread.Start();
        thread.Join();
        Assert.Null(thrown);
        Assert.True(worst < 2, $"{name} took {worst:F2} s"); // milliseconds on a quiet machine
    }

    [Fact]
    public void Boxes_that_are_never_closed_do_not_make_extraction_slow()
    {
        double seconds = BestOf(3, 5, () =>
        {
            foreach (string text in new[] { Repeat("\\boxed{", 100_000), Repeat("box", 300_000), Repeat("fbox{", 200_000), Repeat("answer is ", 100_000), Repeat("$", 1_000_000) })
                AnswerExtractor.Extract(text, AnswerSources.Usual | AnswerSources.ChoiceLetter);
        });
        Assert.InRange(seconds, 0, 5);
    }
}

using System.Diagnostics;
using Rlvr.Math.Tests.Hostile;

namespace Rlvr.Math.Tests;

/// <summary>Texts made to make a reader hang, overflow its stack or eat all memory.</summary>
public sealed class HostileInputTests
{
    /// <summary>
    /// 50 milliseconds are promised, the slowest takes half of that on a quiet machine. Other work on the machine makes processor time longer
    /// too, and this must not fail for it: what grows faster than its text takes seconds.
    /// </summary>
    private const double Limit = 250;

    /// <summary>A quarter of what threads have on the systems that give them least.</summary>
    private const int SmallStack = 256 * 1024;

    [Theory]
    [InlineData(VerifierProfile.Strict)]
    [InlineData(VerifierProfile.Training)]
    [InlineData(VerifierProfile.Evaluation)]
    public void Is_judged_in_bounded_time_on_a_small_stack(VerifierProfile profile)
    {
        MathVerifier verifier = new(profile);
        List<string> failures = [];
        OnSmallStack(() =>
        {
            foreach (HostileTexts.Pattern pattern in HostileTexts.Patterns)
            {
                foreach (string text in HostileTexts.Sizes.Where(size => size != 24_000).Select(pattern.OfSize).Distinct())
                {
                    // Against itself, turned round, and against a value.
                    foreach ((string answer, string expected) in HostileMeter.Pairs(text).Where((_, i) => i is 0 or 2 or 7))
                    {
                        string rule = "";
                        double milliseconds = HostileMeter.BestMilliseconds(() => rule = verifier.VerifyAnswer(answer, expected).Rule, enough: 50);
                        if (milliseconds > Limit || rule.StartsWith(MathVerifier.InternalError, StringComparison.Ordinal))
                            failures.Add($"{pattern.Name}, {answer.Length} and {expected.Length} characters: {milliseconds:F0} ms, {rule}");
                    }
                }
            }
        });
        Assert.True(failures.Count == 0, string.Join('\n', failures));
    }

    [Theory]
    [InlineData(VerifierProfile.Strict)]
    [InlineData(VerifierProfile.Training)]
    [InlineData(VerifierProfile.Evaluation)]
    public void The_answer_of_a_hostile_response_is_found_in_bounded_time(VerifierProfile profile)
    {
        MathVerifier verifier = new(profile, profile == VerifierProfile.Strict ? AnswerSources.Usual | AnswerSources.ChoiceLetter : AnswerSources.Box);
        List<string> failures = [];
        OnSmallStack(() =>
        {
            foreach (HostileTexts.Pattern pattern in HostileTexts.Responses)
            {
                string text = pattern.OfSize(HostileTexts.Largest);
                foreach (string response in new[] { text, text + "\\boxed{5}", "\\boxed{5}" + text })
                {
                    string rule = "";
                    double milliseconds = HostileMeter.BestMilliseconds(() => rule = verifier.VerifyResponse(response, "5").Rule, enough: 50);
                    if (milliseconds > Limit || rule.StartsWith(MathVerifier.InternalError, StringComparison.Ordinal)) failures.Add($"{pattern.Name}: {milliseconds:F0} ms, {rule}");
                }
            }
        });
        Assert.True(failures.Count == 0, string.Join('\n', failures));
    }

    [Fact]
    public void Boxes_that_are_never_closed_do_not_make_extraction_slow()
    {
        long start = Stopwatch.GetTimestamp();
        foreach (HostileTexts.Pattern pattern in HostileTexts.Responses)
            AnswerExtractor.Extract(pattern.OfSize(1_000_000), AnswerSources.Usual | AnswerSources.ChoiceLetter);
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 60); // fifty of them; a second on a quiet machine
    }

    [Fact]
    public void A_form_of_thousands_of_terms_is_cut()
    {
        string sum = string.Join('+', Enumerable.Range(1, 2_000)), deep = string.Concat(Enumerable.Repeat("\\frac{1}{1+", 100)) + "x" + new string('}', 100);
        foreach (string text in new[] { sum, deep, "1e-19999", new string('7', 12_000) })
            Assert.InRange(new MathVerifier().VerifyAnswer(text, "5").AnswerForm!.Length, 9, 1_003);
        Assert.Equal("1/1e19999", new MathVerifier().VerifyAnswer("1e-19999", "5").AnswerForm);
        Assert.Equal("-7.777777778e999", new MathVerifier().VerifyAnswer("-" + new string('7', 1_000), "5").AnswerForm);
    }

    private static void OnSmallStack(Action action)
    {
        Exception? thrown = null;
        Thread thread = new(() =>
        {
            try
            {
                action();
            }
            catch (Exception exception)
            {
                thrown = exception;
            }
        }, SmallStack);
        thread.Start();
        thread.Join();
        Assert.Null(thrown);
    }
}

using System.Diagnostics;
using Rlvr.Math;
using Rlvr.Math.Tests.Hostile;

namespace Rlvr.Bench;

/// <summary>The hostile texts of the tests against themselves and answers of many kinds, at all sizes: which take longest. 50 milliseconds are the bound.</summary>
internal static class HostileBench
{
    private const double Bound = 50, Noticed = 5;

    public static void Run(int show)
    {
        List<(double Milliseconds, string What)> slow = [];
        long start = Stopwatch.GetTimestamp();
        int calls = 0;
        foreach (HostileTexts.Pattern pattern in HostileTexts.Patterns)
        {
            foreach (string text in HostileTexts.Sizes.Select(pattern.OfSize).Distinct())
            {
                foreach (VerifierProfile profile in Enum.GetValues<VerifierProfile>())
                {
                    MathVerifier verifier = new(profile);
                    foreach ((string answer, string expected) in HostileMeter.Pairs(text))
                    {
                        Measure(() => verifier.VerifyAnswer(answer, expected), $"{pattern.Name}, {profile.ToString().ToLowerInvariant()}: {Short(answer)} for {Short(expected)}");
                    }
                }
            }
        }
        foreach (HostileTexts.Pattern pattern in HostileTexts.Responses)
        {
            string text = pattern.OfSize(HostileTexts.Largest);
            foreach (MathVerifier verifier in new MathVerifier[] { new(VerifierProfile.Strict, AnswerSources.Usual | AnswerSources.ChoiceLetter), new(VerifierProfile.Training), new(VerifierProfile.Evaluation) })
                Measure(() => verifier.VerifyResponse(text, "5"), $"response, {pattern.Name}, {verifier.Profile.ToString().ToLowerInvariant()}");
        }
        Console.WriteLine($"{calls:N0} calls in {Stopwatch.GetElapsedTime(start).TotalSeconds:F0} s; {slow.Count(s => s.Milliseconds > 20):N0} above 20 ms, {slow.Count(s => s.Milliseconds > Bound):N0} above {Bound} ms (processor time of one thread, the best of five)");
        foreach ((double milliseconds, string what) in slow.OrderByDescending(s => s.Milliseconds).Take(show)) Console.WriteLine($"{milliseconds,7:F1} ms   {what}");

        void Measure(Action action, string what)
        {
            calls++;
            double milliseconds = HostileMeter.BestMilliseconds(action, Noticed);
            if (milliseconds > Noticed) slow.Add((milliseconds, what));
        }
    }

    private static string Short(string text) => text.Length <= 24 ? text : $"{text.Length:N0} characters";
}

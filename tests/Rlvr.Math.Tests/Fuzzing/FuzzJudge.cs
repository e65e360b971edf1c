using System.Diagnostics;
using Rlvr.Math.Tests.Hostile;

namespace Rlvr.Math.Tests.Fuzzing;

/// <summary>What must hold for every input, whatever it is. Counts verdicts and remembers the slowest call.</summary>
internal sealed class FuzzJudge
{
    /// <summary>Milliseconds of work of one call, the best of several tries; 50 are promised, and other work on the machine makes it longer.</summary>
    public const double Limit = 500;

    /// <summary>From here on the work of a call is measured, several times: most likely it was only the machine that paused.</summary>
    private const double Suspicious = 5;

    private const string TooMuchWork = "too-much-work";

    private static readonly AnswerSources AllSources = Enum.GetValues<AnswerSources>().Aggregate((all, source) => all | source);

    private static readonly MathVerifier Strict = new(), Searching = new(VerifierProfile.Strict, AllSources);

    private static readonly MathVerifier[] Others = [new(VerifierProfile.Training), new(VerifierProfile.Evaluation)];

    private static readonly MathVerifier[] Readers = [.. Others, new(VerifierProfile.Evaluation, afterThinking: true), new(VerifierProfile.Strict, AnswerSources.Usual, afterThinking: true)];

    private static readonly string[] Names = [.. Enum.GetNames<VerifierProfile>().Select(name => name.ToLowerInvariant())];

    private readonly Lock gate = new();
    private readonly long[] verdicts = new long[Enum.GetValues<Verdict>().Length];

    public long Inputs { get; private set; }

    /// <summary>The longest call, in milliseconds of work, and what it judged.</summary>
    public (double Milliseconds, string What) Slowest { get; private set; } = (0, "nothing");

    /// <summary>Checks one input.</summary>
    public void Check(FuzzInput input)
    {
        (string answer, string expected, string response) = (input.Answer, input.Expected, input.Response);
        Verification forward = Timed("strict", input, () => Strict.VerifyAnswer(answer, expected));
        if (answer.Length % 4 == 0) Assert.Equal(forward, Strict.VerifyAnswer(answer, expected)); // the second time the label's reading is kept

        bool readsAnswer = Strict.CanParseLabel(answer, out string why), readsLabel = Strict.CanParseLabel(expected, out string reason);
        Assert.DoesNotContain(MathVerifier.InternalError, why + reason, StringComparison.Ordinal);
        Assert.Equal(!readsLabel, forward.Verdict == Verdict.UnparsableLabel);
        if (readsAnswer && answer.Length % 2 == 0)
            Assert.True(Timed("strict, itself", input, () => Strict.VerifyAnswer($" {answer}\n", answer)).IsCorrect, "not equal to itself");
        if (readsAnswer && readsLabel)
        {
            Verification turned = Timed("strict, turned", input, () => Strict.VerifyAnswer(expected, answer));
            // Where the work ended before the comparison did, the order matters.
            if (forward.Rule != TooMuchWork && turned.Rule != TooMuchWork) Assert.Equal(forward.IsCorrect, turned.IsCorrect);
        }

        string? extracted = AnswerExtractor.Extract(response, AllSources);
        Verification searched = Timed("strict, all sources", input, () => Searching.VerifyResponse(response, expected));
        if (extracted is not null) Assert.Equal(Strict.VerifyAnswer(extracted, expected), searched);
        else Assert.Equal(readsLabel ? Verdict.NoAnswer : Verdict.UnparsableLabel, searched.Verdict);
        foreach (MathVerifier verifier in Others) Timed(Names[(int)verifier.Profile], input, () => verifier.VerifyAnswer(answer, expected));
        MathVerifier reader = Readers[response.Length % Readers.Length];
        Timed(Names[(int)reader.Profile], input, () => reader.VerifyResponse(response, expected));

        lock (gate)
        {
            Inputs++;
            verdicts[(int)forward.Verdict]++;
        }
    }

    /// <summary>How many inputs, what became of them, and the slowest.</summary>
    public override string ToString() => FormattableString.Invariant(
        $"{Inputs:N0} inputs; strict: {string.Join(", ", verdicts.Select((count, verdict) => FormattableString.Invariant($"{100.0 * count / long.Max(1, Inputs):F1}% {(Verdict)verdict}")))}; the slowest call took {Slowest.Milliseconds:F1} ms: {Slowest.What}");

    private Verification Timed(string name, FuzzInput input, Func<Verification> call)
    {
        long start = Stopwatch.GetTimestamp();
        Verification verification = call();
        double milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        if (milliseconds > Suspicious) milliseconds = HostileMeter.BestMilliseconds(() => call(), Suspicious);
        if (milliseconds > Slowest.Milliseconds) Remember(milliseconds, $"{name}, {input.Answer.Length}, {input.Expected.Length} and {input.Response.Length} characters: {Beginning(input.ToString())}");
        Assert.True(milliseconds < Limit, $"{name} took {milliseconds:F0} ms");
        Assert.DoesNotContain(MathVerifier.InternalError, verification.Rule, StringComparison.Ordinal);
        return verification;
    }

    private static string Beginning(string text) => text.Length <= 300 ? text : string.Concat(text.AsSpan(0, 300), "...");

    private void Remember(double milliseconds, string what)
    {
        lock (gate)
        {
            if (milliseconds > Slowest.Milliseconds) Slowest = (milliseconds, what);
        }
    }
}

using System.Diagnostics.CodeAnalysis;
using Rlvr.Math.Equivalence;
using Rlvr.Math.Profiles;

namespace Rlvr.Math;

/// <summary>
/// Judges answers to mathematical problems. It never throws, whatever the texts contain, works within fixed bounds of time and
/// memory, and may be used from many threads at once.
/// </summary>
public sealed class MathVerifier
{
    /// <summary>Answers longer than this, in characters, are not read.</summary>
    public const int MaxAnswerLength = 65_536;

    /// <summary>The beginning of <see cref="Verification.Rule"/> where the verifier itself failed; no text is known that makes it.</summary>
    public const string InternalError = "internal-error";

    /// <summary>Makes a verifier.</summary>
    /// <param name="profile">Which answers count as the expected one.</param>
    /// <param name="sources">
    /// Where the strict profile looks for the answer in a response; the other profiles look where their references look.
    /// </param>
    /// <param name="afterThinking">Whether only the text after the last <c>&lt;/think&gt;</c> counts; without one there is no answer.</param>
    public MathVerifier(VerifierProfile profile = VerifierProfile.Strict, AnswerSources sources = AnswerSources.Box, bool afterThinking = false)
    {
        Profile = profile;
        Sources = sources;
        AfterThinking = afterThinking;
    }

    /// <summary>Which answers count as the expected one.</summary>
    public VerifierProfile Profile { get; }

    /// <summary>Where the strict profile looks for the answer in a response.</summary>
    public AnswerSources Sources { get; }

    /// <summary>Whether only the text after the last <c>&lt;/think&gt;</c> counts.</summary>
    public bool AfterThinking { get; }

    /// <summary>
    /// Takes the answer from a response and judges it. The answer is the content of the last box; the evaluation profile has fall-backs
    /// as its reference has them ("the answer is ...", the last number).
    /// </summary>
    /// <param name="response">The response alone: a box in the prompt is no answer.</param>
    /// <param name="expected">The expected answer, as the data set has it.</param>
    public Verification VerifyResponse(string response, string expected)
    {
        string? searched = AfterThinking ? AnswerExtractor.AfterThinking(response ?? "") : response ?? "";
        string? extracted = searched is null ? null : Profile switch
        {
            VerifierProfile.Training => TrainingGrader.Extract(searched),
            VerifierProfile.Evaluation => EvaluationGrader.Extract(searched),
            _ => AnswerExtractor.Extract(searched, Sources),
        };
        if (extracted is null)
        {
            if (!CanParseLabel(expected, out string reason)) return new(Verdict.UnparsableLabel, null, null, null, reason);
            return new(Verdict.NoAnswer, null, null, null, "no-box");
        }
        return VerifyAnswer(extracted, expected);
    }

    /// <summary>Judges an answer as it stands in the box.</summary>
    /// <param name="answer">The answer's text.</param>
    /// <param name="expected">The expected answer, as the data set has it.</param>
    [SuppressMessage("Design", "CA1031", Justification = "A fault in the verifier must not end a training run of days; it shows as a rule of its own.")]
    public Verification VerifyAnswer(string answer, string expected)
    {
        answer ??= "";
        expected ??= "";
        try
        {
            return Profile switch
            {
                VerifierProfile.Training => TrainingGrader.Verify(answer, expected),
                VerifierProfile.Evaluation => EvaluationGrader.Verify(answer, expected),
                _ => StrictGrader.Verify(answer, expected),
            };
        }
        catch (Exception exception)
        {
            return new(Verdict.UnparsableAnswer, answer, null, null, $"{InternalError}: {exception.GetType().Name}");
        }
    }

    /// <summary>Whether an expected answer can be read; one that cannot never earns a reward and should be listed when data are loaded.</summary>
    /// <param name="expected">The expected answer, as the data set has it.</param>
    /// <param name="reason">Why it cannot be read; empty where it can.</param>
    [SuppressMessage("Performance", "CA1822", Justification = "What can be read may come to depend on the profile.")]
    [SuppressMessage("Design", "CA1031", Justification = "As above.")]
    public bool CanParseLabel(string expected, out string reason)
    {
        try
        {
            reason = StrictGrader.ProblemOf(expected);
        }
        catch (Exception exception)
        {
            reason = $"{InternalError}: {exception.GetType().Name}";
        }
        return reason.Length == 0;
    }
}

using Rlvr.Data;
using Rlvr.Math;

namespace Rlvr.Rewards;

/// <summary>
/// 1 if the answer names the right choice of a multiple-choice question: its letter (<c>B</c>, <c>(b)</c>, <c>B) twelve</c>, "option B") or, where
/// the problem lists its choices, the text of the choice. Letters and texts are compared as the verifier's strict profile does.
/// </summary>
/// <param name="place">Where the answer stands in the response.</param>
public sealed class ChoiceReward(AnswerPlace place = AnswerPlace.Box) : IReward
{
    private readonly MathVerifier verifier = new();

    /// <inheritdoc/>
    public RewardResult Score(Problem problem, string response, RewardContext context = default)
    {
        string? answer = place.Find(response, choices: true);
        IReadOnlyList<string> choices = Choices.Of(problem);
        if (LabelProblem(problem, choices, out char letter) is { } reason) return RewardResult.UnparsableLabel(reason, answer);
        if (string.IsNullOrWhiteSpace(answer)) return RewardResult.NoAnswer(answer);
        // Several letters (B and D) are the verifier's list of choices.
        Verification result = verifier.VerifyAnswer(answer, letter == default ? problem.Answer : $"({letter})");
        if (result.IsCorrect) return RewardResult.Judged(true, answer);
        bool isText = letter != default && letter - 'A' < choices.Count && !Choices.TryLetter(answer, out _)
            && verifier.VerifyAnswer(answer, choices[letter - 'A']).IsCorrect;
        return isText || result.Verdict != Verdict.UnparsableAnswer ? RewardResult.Judged(isText, answer) : new(0, false, RewardVerdicts.UnparsableAnswer, answer);
    }

    /// <inheritdoc/>
    public string? LabelProblem(Problem problem) => LabelProblem(problem, Choices.Of(problem), out _);

    // The letter stays default where the label has several.
    private string? LabelProblem(Problem problem, IReadOnlyList<string> choices, out char letter)
    {
        letter = default;
        string label = problem.Answer.Trim();
        if (label.Length == 0) return "empty";
        if (Choices.TryLetter(label, out char named) && (choices.Count == 0 || named - 'A' < choices.Count))
        {
            letter = named;
            return null;
        }
        int[] same = [.. Enumerable.Range(0, choices.Count).Where(i => choices[i].Length > 0 && verifier.VerifyAnswer(label, choices[i]).IsCorrect)];
        if (same.Length == 1) letter = (char)('A' + same[0]);
        if (same.Length == 1 || Choices.AreLetters(label, choices.Count)) return null;
        string range = choices.Count == 0 ? "a letter" : $"one of the letters A to {(char)('A' + choices.Count - 1)} or the text of one choice";
        return same.Length > 1 ? "the text of several choices" : $"not {range}";
    }
}

using Rlvr.Data;
using Rlvr.Math;
using Rlvr.Rewards;

namespace Rlvr.Evaluation;

/// <summary>
/// Judges answers to multiple choice: right is who names the label's letter. The letter is that of the last box ("\boxed{\text{(B)} 12}", too), else
/// of "the answer is B", else the last one in parentheses or behind "option" or "choice".
/// </summary>
public sealed class ChoiceJudge : IReward
{
    private const AnswerSources Sources = AnswerSources.Box | AnswerSources.BrokenBox | AnswerSources.Phrase | AnswerSources.ChoiceLetter;

    /// <inheritdoc/>
    public RewardResult Score(Problem problem, string response, ulong randomBits = 0)
    {
        string? found = AnswerExtractor.Extract(response, Sources);
        if (found is null) return new RewardResult(0, false, nameof(Verdict.NoAnswer));
        if (Letter(found) is not { } letter) return new RewardResult(0, false, nameof(Verdict.UnparsableAnswer), found);
        bool right = Letter(problem.Answer) == letter;
        return new RewardResult(right ? 1 : 0, right, right ? nameof(Verdict.Correct) : nameof(Verdict.Wrong), letter.ToString());
    }

    /// <summary>The letter that an answer begins with or consists of: B, (b), \text{B}, \textbf{(B)}, B. 12 cm, B) 12; null where there is none.</summary>
    internal static char? Letter(string answer)
    {
        ReadOnlySpan<char> text = answer.AsSpan(0, int.Min(answer.Length, 200)).Trim();
        while (text.Length > 1 && text[0] is '\\' or '{' or '(' or '[' or '$' or '*' or ' ' or '"')
        {
            if (text[0] == '\\')
            {
                int name = 1;
                while (name < text.Length && char.IsAsciiLetter(text[name])) name++;
                text = text[int.Max(1, name)..];
            }
            else
            {
                text = text[1..];
            }
        }
        if (text.IsEmpty || !char.IsAsciiLetter(text[0])) return null;
        char letter = char.ToUpperInvariant(text[0]);
        if (text.Length == 1) return letter;
        // "A man" and "a prime" begin with a word, "B 12 cm" with a letter.
        bool whole = text[1] == ' ' ? char.IsAsciiLetterUpper(text[0]) && letter is not ('A' or 'I') : text[1] is ')' or ']' or '}' or '.' or ':' or ',' or '$' or '*' or '"' or '\\';
        return whole ? letter : null;
    }
}

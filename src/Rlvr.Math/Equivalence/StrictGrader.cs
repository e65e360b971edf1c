using System.Collections.Concurrent;
using Rlvr.Math.Answers;
using Rlvr.Math.Expressions;
using Rlvr.Math.Numerics;
using Rlvr.Math.Reading;

namespace Rlvr.Math.Equivalence;

/// <summary>The strict profile: an answer is correct where it is mathematically equal to the expected one.</summary>
internal static class StrictGrader
{
    private const int MaxCachedLength = 300;
    private const int MaxCachedLabels = 4_096;

    private static readonly ConcurrentDictionary<string, Reading> Labels = new(StringComparer.Ordinal);

    public static Verification Verify(string answer, string expected)
    {
        Reading label = ReadLabel(expected);
        if (label.Answer is null) return new(Verdict.UnparsableLabel, answer, null, null, label.Problem);
        if (string.IsNullOrWhiteSpace(answer)) return new(Verdict.NoAnswer, answer, null, Form(label.Answer), "empty-answer");
        if (answer == expected) return new(Verdict.Correct, answer, Form(label.Answer), Form(label.Answer), "same-text");
        Reading reading = Read(answer, LexerOptions.None);
        if (reading.Tokens is not null && SameTokens(label.Tokens!, reading.Tokens))
            return new(Verdict.Correct, answer, Form(label.Answer), Form(label.Answer), "same-text");
        WorkBudget budget = new();
        AnswerEquality equality = new(budget);
        bool correct = reading.Answer is not null && equality.AreEqual(label.Answer, reading.Answer);
        string rule = reading.Answer is null ? reading.Problem : equality.Rule;
        if (!correct && (label.Ambiguities | reading.Ambiguities) != LexerOptions.None)
            correct = TryOtherReadings(answer, expected, label, budget, ref reading, ref rule);
        bool unread = reading.Answer is null || (reading.Answer is TextAnswer { IsProse: true } && label.Answer is not TextAnswer);
        if (!correct && budget.IsSpent) rule = "too-much-work";
        Verdict verdict = correct ? Verdict.Correct : unread ? Verdict.UnparsableAnswer : Verdict.Wrong;
        return new(verdict, answer, Form(reading.Answer), Form(label.Answer), rule);
    }

    /// <summary>Why an expected answer cannot be read; empty where it can.</summary>
    public static string ProblemOf(string? expected)
    {
        Reading label = ReadLabel(expected);
        return label.Answer is null ? label.Problem : "";
    }

    // A normal form is for people; a long one is cut.
    private static string? Form(Answer? answer) => answer is null ? null : FormWriter.Of(answer, 1_000);

    private readonly record struct Reading(List<Token>? Tokens, Answer? Answer, LexerOptions Ambiguities, string Problem);

    // The same few labels are judged against again and again.
    private static Reading ReadLabel(string? text)
    {
        if (text is null || text.Length > MaxCachedLength) return Read(text, LexerOptions.None);
        if (Labels.TryGetValue(text, out Reading known)) return known;
        Reading reading = Read(text, LexerOptions.None);
        if (Labels.Count >= MaxCachedLabels) Labels.Clear();
        Labels[text] = reading;
        return reading;
    }

    private static Reading Read(string? text, LexerOptions options)
    {
        if (string.IsNullOrWhiteSpace(text)) return new(null, null, LexerOptions.None, "empty");
        if (text.Length > MathVerifier.MaxAnswerLength) return new(null, null, LexerOptions.None, "too-long");
        List<Token>? tokens = LatexLexer.Read(text, options, out LexerOptions ambiguities);
        if (tokens is null) return new(null, null, LexerOptions.None, "too-long");
        return new(tokens, AnswerParser.Read(tokens), ambiguities, "unreadable");
    }

    // Notations such as 1,234 and 3e-5 mean two things; the other meaning counts where the first does not fit.
    private static bool TryOtherReadings(string answer, string expected, Reading label, WorkBudget budget, ref Reading reading, ref string rule)
    {
        LexerOptions ambiguities = label.Ambiguities | reading.Ambiguities;
        foreach (LexerOptions option in (LexerOptions[])[LexerOptions.CommasSeparate, LexerOptions.CommasGroupInBrackets, LexerOptions.EulerE])
        {
            if (!ambiguities.HasFlag(option)) continue;
            Reading otherLabel = label.Ambiguities.HasFlag(option) ? Read(expected, option) : label;
            Reading otherAnswer = reading.Ambiguities.HasFlag(option) ? Read(answer, option) : reading;
            foreach ((Reading left, Reading right) in ((Reading, Reading)[])[(otherLabel, otherAnswer), (otherLabel, reading), (label, otherAnswer)])
            {
                if (left.Answer is null || right.Answer is null) continue;
                if (option == LexerOptions.CommasSeparate && (left.Answer is TupleAnswer || right.Answer is TupleAnswer)) continue; // 2,200 is not (2, 200)
                AnswerEquality equality = new(budget);
                if (!equality.AreEqual(left.Answer, right.Answer)) continue;
                rule = equality.Rule;
                reading = right;
                return true;
            }
        }
        return false;
    }

    private static bool SameTokens(List<Token> a, List<Token> b)
    {
        if (a.Count != b.Count) return false;
        for (int i = 0; i < a.Count; i++)
            if (a[i].Kind != b[i].Kind || a[i].Text != b[i].Text) return false;
        return true;
    }
}

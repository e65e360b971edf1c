using System.Globalization;
using System.Text;
using Rlvr.Math.Equivalence;
using Rlvr.Math.Numerics;
using Rlvr.Math.Reading;

namespace Rlvr.Math.Profiles;

/// <summary>
/// The training profile: accepts what the released reward accepts (deepscaler.py of arXiv 2504.20571), faults included. An answer is
/// right where its text becomes the label's by one of two clean-ups, or where the difference of the two, read like Python, is zero.
/// </summary>
internal static class TrainingGrader
{
    private const int MaxLength = 4_096;
    private const string Brackets = "()[]";

    private static readonly string[] UnitNames =
    [
        "degree", "cm", "centimeter", "meter", "mile", "second", "minute", "hour", "day", "week", "month", "year", "foot", "feet", "inch", "yard",
    ];

    public static Verification Verify(string answer, string expected)
    {
        if (expected is null || answer.Length > MaxLength || expected.Length > MaxLength)
            return new(answer == expected ? Verdict.Correct : Verdict.Wrong, answer, null, null, "too-long");
        // The reward looks for the last box once more, in the answer and in the label.
        string? given = Unbox(answer, true), truth = Unbox(expected, false);
        if (truth is null) return new(Verdict.UnparsableLabel, answer, null, null, "broken-box");
        if (given is null) return new(Verdict.UnparsableAnswer, answer, null, truth, "broken-box");
        string givenText = MathText.Strip(given), truthText = MathText.Strip(truth);
        if (givenText == truthText) return new(Verdict.Correct, answer, givenText, truthText, "same-text");
        givenText = Normalize(given);
        truthText = Normalize(truth);
        if (givenText == truthText) return new(Verdict.Correct, answer, givenText, truthText, "same-normal-form");
        if (string.IsNullOrWhiteSpace(given)) return new(Verdict.NoAnswer, answer, null, truthText, "empty-answer");
        bool correct = givenText.Length > 0 && SameParts(truthText, givenText, out string rule) && rule.Length > 0;
        return new(correct ? Verdict.Correct : Verdict.Wrong, answer, givenText, truthText, "parts");
    }

    /// <summary>The last box of a response, as the reward finds it: without a space before its brace, and closed.</summary>
    public static string? Extract(string response)
    {
        int at = response.LastIndexOf("\\boxed", StringComparison.Ordinal);
        return at < 0 ? null : Unbox(response[at..], true);
    }

    private static string? Unbox(string text, bool boxed)
    {
        int at = text.LastIndexOf("\\boxed", StringComparison.Ordinal);
        int depth = 0, start = -1;
        if (at < 0)
        {
            if (!boxed) return text;
            (at, start) = (-1, 0); // the answer's own box, around all of it
            depth = 1;
        }
        for (int i = at < 0 ? 0 : at; i < text.Length; i++)
        {
            if (text[i] == '{')
            {
                depth++;
                if (start < 0) start = i + 1;
            }
            else if (text[i] == '}' && --depth == 0)
                return at >= 0 && start != at + 7 ? null : text[start..i];
        }
        return at < 0 && depth == 1 ? text : null;
    }

    private static string Normalize(string text)
    {
        text = MathText.WithoutTextCommand(text);
        text = text.Replace("\\%", "%").Replace("\\$", "$").Replace("$", "").Replace("%", "").Replace(" or ", " , ").Replace(" and ", " , ");
        text = text.Replace("million", "*10^6").Replace("billion", "*10^9").Replace("trillion", "*10^12");
        foreach (string unit in UnitNames) text = RemoveUnit(text, unit);
        text = RemoveDegrees(text);
        if (text.Length > 1 && text[0] == '{' && text[^1] == '}') text = text[1..^1];
        text = RemoveThousands(text);
        if (TryFloat(text, out double value) && double.Abs(value) < 1e300 && double.Abs(value - double.Round(value)) <= 1e-7) text = Integer(value);
        if (text.Contains('\\', StringComparison.Ordinal)) text = LatexToText.Convert(text) ?? text;
        text = JoinMinus(text);
        text = JoinMixedNumbers(text).Replace(" ", "").Replace("{", "").Replace("}", "").ToLowerInvariant();
        return IsInteger(text, out double integer) ? Integer(integer) : text;
    }

    private static string Integer(double value) => new System.Numerics.BigInteger(double.Round(value)).ToString(CultureInfo.InvariantCulture);

    // The unit, its plural, spaces, and a power behind it.
    private static string RemoveUnit(string text, string unit)
    {
        int at = text.IndexOf(unit, StringComparison.Ordinal);
        if (at < 0) return text;
        StringBuilder result = new();
        int from = 0;
        for (; at >= 0; at = text.IndexOf(unit, from, StringComparison.Ordinal))
        {
            result.Append(text, from, at - from);
            int end = at + unit.Length;
            if (text.AsSpan(end).StartsWith("es")) end += 2;
            if (end < text.Length && text[end] == 's') end++;
            while (end < text.Length && text[end] == ' ') end++;
            if (end + 1 < text.Length && text[end] == '^' && char.IsAsciiDigit(text[end + 1]))
            {
                end++;
                while (end < text.Length && char.IsAsciiDigit(text[end])) end++;
            }
            from = end;
        }
        return result.Append(text, from, text.Length - from).ToString();
    }

    private static string RemoveDegrees(string text)
    {
        StringBuilder result = new();
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '^')
            {
                int end = i + 1;
                while (end < text.Length && text[end] == ' ') end++;
                if (text.AsSpan(end).StartsWith("\\circ")) { i = end + 4; continue; }
            }
            result.Append(text[i]);
        }
        return result.ToString();
    }

    // ",\! "
    private static string RemoveThousands(string text)
    {
        for (int at = text.IndexOf(",\\!", StringComparison.Ordinal); at >= 0; at = text.IndexOf(",\\!", at, StringComparison.Ordinal))
        {
            int end = at + 3;
            while (end < text.Length && text[end] == ' ') end++;
            text = text.Remove(at, end - at);
            if (at >= text.Length) break;
        }
        return text;
    }

    private static string JoinMinus(string text)
    {
        StringBuilder result = new();
        for (int i = 0; i < text.Length; i++)
        {
            result.Append(text[i]);
            if (text[i] != '-') continue;
            while (i + 1 < text.Length && text[i + 1] == ' ') i++;
        }
        return result.ToString();
    }

    // 7 3/4 becomes 7+3/4.
    private static string JoinMixedNumbers(string text)
    {
        StringBuilder result = new();
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == ' ' && i > 0 && char.IsAsciiDigit(text[i - 1]))
            {
                int end = i;
                while (end < text.Length && text[end] == ' ') end++;
                if (end < text.Length && char.IsAsciiDigit(text[end])) { result.Append('+'); i = end - 1; continue; }
            }
            result.Append(text[i]);
        }
        return result.ToString();
    }

    // 1,234 without its commas, but not those of a tuple.
    private static string RemoveGroupCommas(string text)
    {
        for (int pass = 0; pass < 40; pass++)
        {
            StringBuilder result = new();
            int i = 0;
            while (i < text.Length)
            {
                if (char.IsAsciiDigit(text[i]) && i + 4 < text.Length && text[i + 1] == ',' && char.IsAsciiDigit(text[i + 2]) && char.IsAsciiDigit(text[i + 3])
                    && char.IsAsciiDigit(text[i + 4]) && (i + 5 == text.Length || !char.IsAsciiDigit(text[i + 5])))
                {
                    result.Append(text[i]).Append(text, i + 2, 3);
                    if (i + 5 < text.Length) result.Append(text[i + 5]);
                    i += 6;
                }
                else result.Append(text[i++]);
            }
            string next = result.ToString();
            if (next == text) return text;
            text = next;
        }
        return text;
    }

    // As Python reads it: digits may have underscores between them.
    private static bool TryFloat(string text, out double value) => double.TryParse(WithoutUnderscores(text.Trim()),
        NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out value)
        && double.IsFinite(value);

    private static string WithoutUnderscores(string text)
    {
        if (!text.Contains('_', StringComparison.Ordinal)) return text;
        for (int i = 0; i < text.Length; i++)
            if (text[i] == '_' && !(i > 0 && i + 1 < text.Length && char.IsAsciiDigit(text[i - 1]) && char.IsAsciiDigit(text[i + 1]))) return text;
        return text.Replace("_", "");
    }

    private static bool IsInteger(string text, out double value) =>
        TryFloat(RemoveGroupCommas(text), out value) && double.Abs(value - double.Round(value)) <= 1e-7;

    private static List<string> Split(string text)
    {
        text = RemoveGroupCommas(text);
        if (text.Length == 0) return [];
        if (text.Length > 2 && Brackets.Contains(text[0]) && Brackets.Contains(text[^1]) && !text.AsSpan(1, text.Length - 2).ContainsAny(Brackets))
            return [.. text[1..^1].Split(',').Select(part => part.Trim())];
        return [text];
    }

    private static bool SameParts(string truth, string given, out string rule)
    {
        rule = "parts";
        List<string> truths = Split(truth), givens = Split(given);
        if (truths.Count > 1 && (truth[0] != given[0] || truth[^1] != given[^1])) return false;
        if (truths.Count != givens.Count) return false;
        WorkBudget budget = new();
        DecimalReader decimals = new();
        for (int i = 0; i < truths.Count; i++)
        {
            // Fractions have to be reduced, and integers written as integers.
            bool same = IsFraction(truths[i]) && IsFraction(givens[i]) ? truths[i] == givens[i]
                : IsInteger(truths[i], out _) == IsInteger(givens[i], out _) && SameValue(truths[i], givens[i], budget, decimals);
            if (!same) return false;
        }
        return truths.Count > 0;
    }

    // -3/4, perhaps with one more character behind each number
    private static bool IsFraction(string text)
    {
        int at = text.StartsWith('-') ? 1 : 0, start = at;
        while (at < text.Length && char.IsAsciiDigit(text[at])) at++;
        if (at == start) return false;
        if (at < text.Length && text[at] != '/') at++;
        if (at >= text.Length || text[at] != '/') return false;
        ReadOnlySpan<char> below = text.AsSpan(at + 1).TrimStart('0');
        int digits = 0;
        while (digits < below.Length && char.IsAsciiDigit(below[digits])) digits++;
        return digits > 0 && below.Length - digits <= 1;
    }

    private static bool SameValue(string truth, string given, WorkBudget budget, DecimalReader decimals)
    {
        string both = $"({truth})-({given})";
        if (!MayBeEvaluated(both)) return false;
        if (PlainExpression.Parse(WithoutUnderscores(truth.Trim('\n', '\t', '\r')), decimals) is not { } left
            || PlainExpression.Parse(WithoutUnderscores(given.Trim('\n', '\t', '\r')), decimals) is not { } right) return false;
        // Decimals are floating-point numbers there: in an exponent or under a root they never cancel.
        if (left.HasDecimalInside || right.HasDecimalInside) return false;
        ExpressionEquality exact = new(budget);
        if ((left.HasDecimal || right.HasDecimal) && ToDouble(left, exact) is { } x && ToDouble(right, exact) is { } y) return x == y;
        return exact.AreEqual(left.Expression, right.Expression);
    }

    private static double? ToDouble(PlainExpression.Result side, ExpressionEquality exact)
    {
        if (side.HasDecimal) return PlainExpression.ToDouble(side.Expression);
        Number value = exact.Evaluate(side.Expression);
        return value.IsExact ? value.Exact.ToDouble() : null;
    }

    // The reward evaluates nothing with more than two letters or with larger exponents.
    private static bool MayBeEvaluated(string text)
    {
        string rest = text.Replace("sqrt", "").Replace("frac", "");
        if (rest.Where(char.IsLetter).Distinct().Count() > 2) return false;
        if (text.Contains("^{", StringComparison.Ordinal) || text.Contains("^(", StringComparison.Ordinal)) return false;
        for (int i = text.IndexOf('^', StringComparison.Ordinal); i >= 0; i = text.IndexOf('^', i + 1))
        {
            int digits = 0;
            while (i + 1 + digits < text.Length && char.IsAsciiDigit(text[i + 1 + digits])) digits++;
            if (digits >= 2 || (digits == 1 && i + 2 < text.Length && text[i + 2] == '^')) return false;
        }
        return true;
    }
}

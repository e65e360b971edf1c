using System.Globalization;
using Rlvr.Math.Equivalence;
using Rlvr.Math.Expressions;
using Rlvr.Math.Numerics;
using Rlvr.Math.Reading;

namespace Rlvr.Math.Profiles;

/// <summary>
/// The evaluation profile: accepts what the Qwen2.5-Math evaluation accepts (its parser and grader), faults included: numbers within a
/// relative 1e-4, a hundred times or a hundredth of the label, commas in numbers ignored, the first item of a bare list.
/// </summary>
internal sealed class EvaluationGrader
{
    private const int MaxLength = 4_096;
    private const int MaxDepth = 12;
    private const double Tolerance = 1e-4;

    private readonly ExpressionEquality _expressions = new(new WorkBudget());

    public static Verification Verify(string answer, string expected)
    {
        if (expected is null || answer.Length > MaxLength || expected.Length > MaxLength)
            return new(answer == expected ? Verdict.Correct : Verdict.Wrong, answer, null, null, "too-long");
        string given = EvaluationText.Extract(Unbox(answer)), truth = EvaluationText.Strip(EvaluationText.Strip(Unbox(expected)));
        if (truth is "A" or "B" or "C" or "D" or "E" && given is not ("A" or "B" or "C" or "D" or "E")) given = Choice(answer);
        else if (truth.AsSpan().IndexOfAnyExceptInRange('A', 'E') < 0 && given.AsSpan().IndexOfAnyExceptInRange('A', 'E') >= 0)
            given = string.Concat(given.Where(c => c is >= 'A' and <= 'E'));
        bool correct = new EvaluationGrader().AreEqual(given, truth, 0, out string rule);
        if (!correct && string.IsNullOrWhiteSpace(answer)) return new(Verdict.NoAnswer, answer, null, truth, "empty-answer");
        return new(correct ? Verdict.Correct : Verdict.Wrong, answer, given, truth, rule);
    }

    /// <summary>Where the evaluation looks for the answer of a response: a box, a phrase, the last number.</summary>
    public static string Extract(string response)
    {
        int hope = response.IndexOf("final answer is $", StringComparison.Ordinal);
        if (hope >= 0 && response.Contains("$. I hope", StringComparison.Ordinal))
        {
            string rest = response[(hope + 17)..];
            int end = rest.IndexOf("$. I hope", StringComparison.Ordinal);
            return (end < 0 ? rest : rest[..end]).Trim();
        }
        if (response.Contains("boxed", StringComparison.Ordinal)) return Unbox(response);
        foreach (string phrase in (string[])["he answer is", "final answer is"])
        {
            int at = response.LastIndexOf(phrase, StringComparison.Ordinal);
            if (at >= 0) return response[(at + phrase.Length)..].Trim();
        }
        int chinese = response.IndexOf("答案是", StringComparison.Ordinal);
        if (chinese >= 0) return response[(chinese + 3)..].Split("答案是")[0].Trim().Split("\n\n")[0].Trim();
        return LastNumber(response);
    }

    private static string LastNumber(string response)
    {
        string text = response.Replace(",", "");
        int end = text.AsSpan().LastIndexOfAnyInRange('0', '9') + 1, start = end;
        while (start > 0 && char.IsAsciiDigit(text[start - 1])) start--;
        if (start > 0 && end > 0 && text[start - 1] == '.')
        {
            start--;
            while (start > 0 && char.IsAsciiDigit(text[start - 1])) start--;
        }
        if (start > 0 && end > 0 && text[start - 1] == '-') start--;
        return text[start..end];
    }

    // A box inside the box counts; its brace may be missing.
    private static string Unbox(string text)
    {
        int at = text.LastIndexOf("boxed", StringComparison.Ordinal);
        if (at >= 0)
        {
            text = text[(at + 5)..];
            if (!text.StartsWith('{'))
            {
                int dollar = text.IndexOf('$', StringComparison.Ordinal);
                return (dollar < 0 ? text : text[..dollar]).Trim();
            }
            text = text[1..];
        }
        int depth = 1;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '{') depth++;
            else if (text[i] == '}' && --depth == 0) return text[..i];
        }
        return text;
    }

    // The last capital from A to E that stands alone.
    private static string Choice(string text)
    {
        string upper = text.Trim('\n').TrimEnd('.').TrimEnd('/').Trim(' ').TrimStart(':').ToUpperInvariant();
        for (int i = upper.Length - 1; i >= 0; i--)
        {
            if (upper[i] is not (>= 'A' and <= 'E')) continue;
            bool left = i == 0 || !IsWord(upper[i - 1]), right = i + 1 == upper.Length || !IsWord(upper[i + 1]);
            if (left && right) return upper[i].ToString();
        }
        return text.Trim().Trim('.');
    }

    private static bool IsWord(char c) => char.IsLetterOrDigit(c) || c == '_';

    private static double? ReadNumber(string text)
    {
        text = text.Replace(",", "");
        if (TryFloat(text, out double value)) return value;
        if (!text.EndsWith('%')) return null;
        text = text[..^1].TrimEnd('\\');
        return TryFloat(text, out value) ? value / 100 : null;
    }

    private static bool TryFloat(string text, out double value)
    {
        text = text.Trim();
        value = 0;
        if (text.Contains('_', StringComparison.Ordinal))
        {
            for (int i = 0; i < text.Length; i++)
                if (text[i] == '_' && !(i > 0 && i + 1 < text.Length && char.IsAsciiDigit(text[i - 1]) && char.IsAsciiDigit(text[i + 1]))) return false;
            text = text.Replace("_", "");
        }
        return double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out value);
    }

    private static bool AreClose(double a, double b) => double.IsFinite(a) && double.IsFinite(b) && double.Abs(a - b) <= Tolerance * double.Max(double.Abs(a), double.Abs(b));

    private bool AreEqual(string given, string truth, int depth, out string rule)
    {
        rule = "same-text";
        if (given.Trim().Equals(truth.Trim(), StringComparison.OrdinalIgnoreCase)) return true;
        rule = "too-deep";
        if (depth > MaxDepth) return false;
        rule = "choice";
        if (truth is "A" or "B" or "C" or "D" or "E" && Choice(given) == truth) return true;
        rule = "number";
        if (ReadNumber(given) is { } x && ReadNumber(truth) is { } y)
            return double.IsFinite(x) && double.IsFinite(y) && (AreClose(y / 100, x) || AreClose(y, x) || AreClose(y * 100, x));
        rule = "empty";
        if (given.Length == 0) return false;
        (given, truth) = (given.Trim(), truth.Trim());
        if (given.Contains("pmatrix", StringComparison.Ordinal) && !truth.Contains("pmatrix", StringComparison.Ordinal)) truth = ToMatrix(truth);
        rule = "without-brackets";
        if (WithoutBrackets(given, truth, false).Equals(WithoutBrackets(truth, given, true), StringComparison.OrdinalIgnoreCase)) return true;
        rule = "parts";
        if (IsBracketed(given) && IsBracketed(truth) && SameParts(given[1..^1].Split(','), truth[1..^1].Split(','), depth)) return true;
        rule = "matrix";
        if (MatrixRows(given) is { } rows && MatrixRows(truth) is { } others && rows.Count == others.Count
            && rows.Zip(others, (a, b) => SameParts(a.Split('&'), b.Split('&'), depth)).All(same => same)) return true;
        int signs = given.Count(c => c == '='), truthSigns = truth.Count(c => c == '=');
        rule = "equation";
        if (signs == 1 && truthSigns == 1)
        {
            string[] a = given.Split('='), b = truth.Split('=');
            (string left, string right) = ($"{a[0].Trim()} - ({a[1].Trim()})", $"{b[0].Trim()} - ({b[1].Trim()})");
            if (SameMeaning(left, right) || SameMeaning($"-({left})", right)) return true;
        }
        else if (signs == 1 && truthSigns == 0 && given.Split('=')[0].Trim().Length <= 2)
        {
            if (AreEqual(given.Split('=')[1], truth, depth + 1, out _)) return true;
        }
        else if (truthSigns == 1 && signs == 0 && truth.Split('=')[0].Trim().Length <= 2 && AreEqual(given, truth.Split('=')[1], depth + 1, out _)) return true;
        rule = "meaning";
        return SameMeaning(given, truth);
    }

    private bool SameParts(string[] given, string[] truth, int depth)
    {
        if (given.Length != truth.Length || given.Length > 200) return false;
        for (int i = 0; i < given.Length; i++)
            if (!AreEqual(given[i], truth[i], depth + 1, out _)) return false;
        return true;
    }

    private static bool IsBracketed(string text)
    {
        if (text.Length < 3 || text[0] is not ('(' or '[')) return false;
        return text.AsSpan(2).IndexOfAny(')', ']') >= 0;
    }

    private static string WithoutBrackets(string text, string other, bool isTruth)
    {
        (string given, string truth) = isTruth ? (other, text) : (text, other);
        if ((given.StartsWith('[') && given.EndsWith(']') && !truth.StartsWith('(')) || (given.StartsWith('(') && given.EndsWith(')') && !truth.StartsWith('[')))
            text = text.Trim('[', ']', '(', ')');
        return text.Replace("{", "").Replace("}", "").Replace("(", "").Replace(")", "");
    }

    private static string ToMatrix(string text)
    {
        int open = text.IndexOf('{', StringComparison.Ordinal), close = text.LastIndexOf('}');
        if (open < 0 || close < open || !text.AsSpan(open, close - open).Contains(',')) return "";
        return "\\begin{pmatrix}" + text[open..(close + 1)].Trim('{', '}').Replace(",", "\\") + "\\end{pmatrix}";
    }

    private static List<string>? MatrixRows(string text)
    {
        const string Open = "\\begin{pmatrix}", Close = "\\end{pmatrix}";
        if (!text.StartsWith(Open, StringComparison.Ordinal) || !text.EndsWith(Close, StringComparison.Ordinal) || text.Length < Open.Length + Close.Length) return null;
        return [.. text[Open.Length..^Close.Length].Split("\\\\").Select(row => row.Trim()).Where(row => row.Length > 0)];
    }

    private bool SameMeaning(string given, string truth)
    {
        if (given.Contains("matrix", StringComparison.Ordinal) || truth.Contains("matrix", StringComparison.Ordinal)) return SameMatrix(given, truth);
        if (EvaluationExpression.Read(given) is not { } a || EvaluationExpression.Read(truth) is not { } b) return false;
        if (a.Operator is not null || b.Operator is not null)
        {
            // Relations are compared by the distance of their sides.
            return a.Operator is not null && b.Operator is not null
                && (_expressions.AreEqual(a.Difference, b.Difference) || _expressions.AreEqual(a.Difference, Expression.Negate(b.Difference)));
        }
        if (_expressions.AreEqual(a.Difference, b.Difference)) return true;
        if (ExpressionTraits.Of(a.Difference, b.Difference).Variables.Count > 0) return false;
        Number x = _expressions.Evaluate(a.Difference), y = _expressions.Evaluate(b.Difference);
        return x.IsFinite && y.IsFinite && x.IsReal && y.IsReal && AreClose(x.ToDouble(), y.ToDouble());
    }

    // Entries agree to three decimals.
    private bool SameMatrix(string given, string truth)
    {
        if (ReadMatrix(given) is not { } a || ReadMatrix(truth) is not { } b || a.Length != b.Length) return false;
        for (int i = 0; i < a.Length; i++)
        {
            if (a[i].Length != b[i].Length) return false;
            for (int j = 0; j < a[i].Length; j++)
            {
                if (_expressions.AreEqual(a[i][j], b[i][j])) continue;
                Number x = _expressions.Evaluate(a[i][j]), y = _expressions.Evaluate(b[i][j]);
                if (!x.IsFinite || !y.IsFinite || !x.IsReal || !y.IsReal) return false;
                if (double.Round(x.ToDouble(), 3) != double.Round(y.ToDouble(), 3)) return false;
            }
        }
        return true;
    }

    private static Expression[][]? ReadMatrix(string text)
    {
        if (LatexLexer.Read(text, LexerOptions.EulerE, out _) is not { } tokens) return null;
        TokenSequence sequence = new(tokens);
        return new ExpressionParser(sequence).ParseWhole(0, sequence.Count) is { } expression ? Matrices.TryRead(expression) : null;
    }
}

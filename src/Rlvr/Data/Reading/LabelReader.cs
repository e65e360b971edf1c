using System.Text.Json;
using System.Text.RegularExpressions;
using Rlvr.Math;

namespace Rlvr.Data.Reading;

/// <summary>Reads the label of a problem out of what the published files have: a text, a number, final answers in a list, a worked solution.</summary>
internal static partial class LabelReader
{
    private const string FinalAnswerMark = "####";

    /// <summary>
    /// The label of a row. It is empty where the file has an empty one: published sets do, and it is listed before anything
    /// is trained or judged. A row without any field for it is broken.
    /// </summary>
    public static string Read(FieldReader row)
    {
        ProblemFields fields = row.Fields;
        bool empty = false;
        foreach (string name in fields.Answer)
        {
            if (row.Find(name) is not { } value) continue;
            string text = Final(Text(value) ?? throw row.Wrong(name, value, "a text, a number or a list of final answers"));
            if (text.Length > 0) return text;
            empty = true;
        }
        if (row.First(fields.Solution) is not var (solutionName, solution)) return empty ? "" : throw row.Missing("answer", [.. fields.Answer, .. fields.Solution]);
        string? worked = Text(solution, "\n");
        if (AnswerExtractor.LastBoxed(worked ?? "")?.Trim() is { Length: > 0 } boxed) return boxed;
        if (empty) return "";
        if (worked is null) throw row.Wrong(solutionName, solution, "a text");
        throw row.Fail($"the solution has no \\boxed{{...}} with an answer in it.{(fields.Answer.Count > 0 ? $" Expected one, or a field {FieldReader.Names(fields.Answer)}." : "")}");
    }

    // Several final answers are one label, a list: every one of them is asked for.
    private static string? Text(JsonElement value, string separator = ", ")
    {
        if (FieldReader.Scalar(value) is { } text) return text;
        if (value.ValueKind != JsonValueKind.Array) return null;
        List<string> items = [];
        foreach (JsonElement item in value.EnumerateArray())
        {
            if (FieldReader.Scalar(item) is not { } part) return null;
            if (part.Trim() is { Length: > 0 } kept) items.Add(items.Count == 0 && value.GetArrayLength() == 1 ? kept : Unwrapped(kept));
        }
        return string.Join(separator, items);
    }

    // A text that ends with the answer instead of being it.
    private static string Final(string text)
    {
        int mark = text.LastIndexOf(FinalAnswerMark, StringComparison.Ordinal);
        if (mark >= 0) return Thousands().IsMatch(text = text[(mark + FinalAnswerMark.Length)..].Trim()) ? text.Replace(",", "", StringComparison.Ordinal) : text;
        return Unwrapped((AnswerExtractor.LastBoxed(text) ?? text).Trim());
    }

    // $x$ is x; $x$, $y$ stays as it is.
    private static string Unwrapped(string text) =>
        text.Length > 2 && text[0] == '$' && text[^1] == '$' && text.AsSpan(1, text.Length - 2).IndexOf('$') < 0 ? text[1..^1].Trim() : text;

    [GeneratedRegex(@"^[-+]?\d{1,3}(,\d{3})+(\.\d+)?$")]
    private static partial Regex Thousands();
}

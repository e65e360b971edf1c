using System.Text;
using System.Text.Json;
using Rlvr.Math;

namespace Rlvr.Data;

/// <summary>Reads problems from files of one JSON object a line (jsonl).</summary>
public static class ProblemReader
{
    /// <summary>Reads all problems of a file. Empty lines are skipped.</summary>
    /// <param name="path">The file, UTF-8.</param>
    /// <param name="fields">The names of the fields; by default those that data sets of mathematics use.</param>
    /// <exception cref="RlvrException">
    /// The file is missing, holds no problem, or a line is broken, lacks a field, has an empty label or an id that occurred before: the
    /// message names file, line and field.
    /// </exception>
    public static IReadOnlyList<Problem> Read(string path, ProblemFields? fields = null)
    {
        fields ??= new();
        List<Problem> problems = [];
        Dictionary<string, int> lines = new(StringComparer.Ordinal);
        int number = 0;
        try
        {
            foreach (string line in File.ReadLines(path, new UTF8Encoding(false, throwOnInvalidBytes: true)))
            {
                number++;
                if (string.IsNullOrWhiteSpace(line)) continue;
                Problem problem = new Line(path, number, fields).Parse(line);
                if (!lines.TryAdd(problem.Id, number)) throw new RlvrException($"{path}({number}): error: the id '{problem.Id}' is that of line {lines[problem.Id]} too. Ids are unique in a file.");
                problems.Add(problem);
            }
        }
        catch (DecoderFallbackException error)
        {
            throw new RlvrException($"{path}({number + 1}): error: the text is not UTF-8.", error);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new RlvrException($"{path}: error: there is no such file of problems.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new RlvrException($"{path}: error: cannot be read: {error.Message}", error);
        }
        return problems.Count > 0 ? problems : throw new RlvrException($"{path}: error: there are no problems in it. Expected one JSON object a line.");
    }

    private sealed class Line(string path, int number, ProblemFields fields)
    {
        public Problem Parse(string line)
        {
            try
            {
                using JsonDocument document = JsonDocument.Parse(line);
                JsonElement root = document.RootElement;
                if (root.ValueKind != JsonValueKind.Object) throw Fail($"expected a JSON object, found {root.ValueKind}.");
                return new(
                    Find(root, fields.Id) ?? $"{Path.GetFileNameWithoutExtension(path)}:{number}",
                    Find(root, fields.Text) is { } text && !string.IsNullOrWhiteSpace(text) ? text : throw Missing(root, "problem", fields.Text),
                    Answer(root), Find(root, fields.Subject), Find(root, fields.Level), Find(root, fields.Source));
            }
            catch (JsonException error)
            {
                throw new RlvrException($"{path}({number},{error.BytePositionInLine + 1}): error: not valid JSON: {error.Message.Split(" LineNumber:")[0]}", error);
            }
            catch (InvalidOperationException error)
            {
                throw new RlvrException($"{path}({number}): error: a text is not valid Unicode: {error.Message}", error);
            }
        }

        private string Answer(JsonElement root)
        {
            if (Find(root, fields.Answer) is { } answer) return answer.Trim() is { Length: > 0 } label ? label : throw Missing(root, "answer", fields.Answer);
            if (Find(root, fields.Solution) is not { } solution) throw Missing(root, "answer", [.. fields.Answer, .. fields.Solution]);
            return AnswerExtractor.LastBoxed(solution) is { Length: > 0 } boxed ? boxed : throw Fail($"the solution has no \\boxed{{...}} with an answer in it. Expected one, or a field {Names(fields.Answer)}.");
        }

        // The value of the first of some fields that there is; null stands for missing, as in JSON.
        private string? Find(JsonElement root, IReadOnlyList<string> names)
        {
            foreach (string name in names)
            {
                if (!root.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null) continue;
                return value.ValueKind switch
                {
                    JsonValueKind.String => value.GetString(),
                    JsonValueKind.Number => value.GetRawText(),
                    _ => throw Fail($"the field '{name}' is {value.ValueKind}, expected a text or a number."),
                };
            }
            return null;
        }

        private RlvrException Missing(JsonElement root, string what, IReadOnlyList<string> names)
        {
            string? empty = names.FirstOrDefault(name => root.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null);
            return Fail(empty is not null ? $"the field '{empty}' is empty, expected the {what}."
                : $"the {what} is missing: there is no field {Names(names)} (fields found: {string.Join(", ", root.EnumerateObject().Select(field => field.Name))}).");
        }

        private RlvrException Fail(string message) => new($"{path}({number}): error: {message}");

        private static string Names(IReadOnlyList<string> names) => string.Join(" or ", names.Select(name => $"'{name}'"));
    }
}

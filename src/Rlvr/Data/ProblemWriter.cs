using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Rlvr.Data;

/// <summary>Writes problems as JSON lines that <see cref="ProblemReader"/> reads back as they were.</summary>
public static class ProblemWriter
{
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>One line a problem: id, problem (or the whole chat as prompt), answer, and what else it has.</summary>
    public static string ToJsonLines(IEnumerable<Problem> problems)
    {
        StringBuilder text = new();
        foreach (Problem problem in problems) text.Append(ToJson(problem).ToJsonString(Readable)).Append('\n');
        return text.ToString();
    }

    private static JsonObject ToJson(Problem problem)
    {
        JsonObject row = new() { ["id"] = problem.Id };
        if (problem.Chat.Count == 0) row["problem"] = problem.Text;
        else row["prompt"] = new JsonArray([.. problem.Chat.Select(message => new JsonObject { ["role"] = message.Role, ["content"] = message.Content })]);
        row["answer"] = problem.Answer;
        if (problem.Solution is not null) row["solution"] = problem.Solution;
        if (problem.Choices.Count > 0)
        {
            row["choices"] = new JsonObject
            {
                ["text"] = new JsonArray([.. problem.Choices.Select(choice => JsonValue.Create(choice))]),
                ["label"] = new JsonArray([.. problem.Choices.Select((_, i) => JsonValue.Create(MultipleChoice.Letter(i)))]),
            };
        }
        foreach ((string name, string? value) in new[] { ("subject", problem.Subject), ("level", problem.Level), ("source", problem.Source) })
            if (value is not null) row[name] = value;
        return row;
    }
}

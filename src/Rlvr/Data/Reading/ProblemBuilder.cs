using System.Text.Json;
using Rlvr.Text;

namespace Rlvr.Data.Reading;

/// <summary>Makes problems of rows, in whatever published layout they are.</summary>
/// <param name="name">The set's name, for those of problems that have none.</param>
/// <param name="fields">The names of the fields.</param>
internal sealed class ProblemBuilder(string name, ProblemFields fields)
{
    // A solution under the name that files of responses have for it. Nobody's label: it may be wrong.
    private static readonly string[] Response = ["response"];

    private readonly Dictionary<string, int> occurrences = new(StringComparer.Ordinal);

    /// <summary>The names of fields that some row had.</summary>
    public HashSet<string> Found { get; } = new(StringComparer.Ordinal);

    /// <summary>The problem of a row.</summary>
    /// <param name="data">The row.</param>
    /// <param name="number">Its number in the set.</param>
    /// <exception cref="RlvrException">A part is missing or of a wrong kind; the message names file, row and field.</exception>
    public Problem Build(DataRow data, int number)
    {
        FieldReader row = new(data, fields, Found);
        if (data.Value.ValueKind != JsonValueKind.Object) throw row.Fail($"expected a JSON object, found {data.Value.ValueKind}.");
        try
        {
            IReadOnlyList<ChatMessage> chat = [];
            string text = Text(row, ref chat);
            var choices = ChoiceReader.Read(row);
            string answer = choices is var (texts, labels) ? ChoiceReader.Answer(row, texts, labels) : LabelReader.Read(row);
            string id = row.Optional(fields.Id) is { Length: > 0 } given ? given : $"{name}:{number}";
            return new(Unique(id), text, answer, row.Optional(fields.Subject), Level(row.Optional(fields.Level)), row.Optional(fields.Source))
            {
                Choices = choices?.Texts ?? [],
                Chat = chat,
                Solution = row.Optional(fields.Solution) ?? row.Optional(Response),
            };
        }
        catch (InvalidOperationException error)
        {
            throw new RlvrException($"{data.Place}: error: a text is not valid Unicode: {error.Message}", error);
        }
    }

    // Published files repeat ids, the paper's 1-shot file 128 times: the second is named id#2.
    private string Unique(string id)
    {
        string unique = id;
        while (!occurrences.TryAdd(unique, 1)) unique = $"{id}#{++occurrences[id]}";
        return unique;
    }

    // MATH says "Level 5" where MATH500 says 5.
    private static string? Level(string? level) => level?.StartsWith("Level ", StringComparison.Ordinal) == true ? level["Level ".Length..] : level;

    private string Text(FieldReader row, ref IReadOnlyList<ChatMessage> chat)
    {
        (string Name, JsonElement Value)? unfit = null;
        foreach (string field in fields.Text)
        {
            if (row.Find(field) is not { } value) continue;
            if (value.ValueKind == JsonValueKind.Array) return LastOfUser(row, field, chat = Chat(row, field, value));
            // White space around a problem is its file's, not its author's. The released evaluation drops it too.
            if (FieldReader.Scalar(value)?.Trim() is { } text) return text.Length > 0 ? text : throw row.Fail($"the field '{field}' is empty, expected the problem.");
            unfit ??= (field, value);
        }
        throw unfit is var (name, wrong) ? row.Wrong(name, wrong, "a text or a chat") : row.Missing("problem", fields.Text);
    }

    private static string LastOfUser(FieldReader row, string field, IReadOnlyList<ChatMessage> chat) =>
        chat.LastOrDefault(message => message.Role == "user")?.Content is { } text && !string.IsNullOrWhiteSpace(text) ? text
            : throw row.Fail($"the chat in '{field}' has no message of the user with a text in it.");

    private static List<ChatMessage> Chat(FieldReader row, string field, JsonElement messages)
    {
        List<ChatMessage> chat = [];
        foreach (JsonElement message in messages.EnumerateArray())
        {
            if (message.ValueKind != JsonValueKind.Object || !message.TryGetProperty("role", out JsonElement role) || FieldReader.Scalar(role) is not { } speaker
                || !message.TryGetProperty("content", out JsonElement content) || Content(content) is not { } said)
                throw row.Fail($"message {chat.Count + 1} of the chat in '{field}' is not an object with role and content, both texts.");
            chat.Add(new(speaker, said));
        }
        return chat;
    }

    // A content is a text, or a list of parts of which the text counts.
    private static string? Content(JsonElement content) => content.ValueKind != JsonValueKind.Array ? FieldReader.Scalar(content)
        : content.EnumerateArray().All(part => part.ValueKind == JsonValueKind.Object && part.TryGetProperty("text", out JsonElement text) && text.ValueKind == JsonValueKind.String)
            ? string.Concat(content.EnumerateArray().Select(part => part.GetProperty("text").GetString())) : null;
}

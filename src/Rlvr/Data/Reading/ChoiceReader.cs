using System.Text.Json;

namespace Rlvr.Data.Reading;

/// <summary>Reads the choices of a multiple-choice problem and which of them is right, in the forms of the published files.</summary>
internal static class ChoiceReader
{
    /// <summary>The choices with their labels; null for a problem that has none. Labels are null where the file gives none.</summary>
    public static (IReadOnlyList<string> Texts, IReadOnlyList<string>? Labels)? Read(FieldReader row)
    {
        if (row.First(row.Fields.Choices) is not var (name, value)) return null;
        (List<string?> texts, List<string?>? labels) = value.ValueKind switch
        {
            // [{"label": "A", "text": "..."}], or ["...", "..."]
            JsonValueKind.Array when value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.Object) =>
                (Column(value.EnumerateArray(), "text"), Column(value.EnumerateArray(), "label")),
            JsonValueKind.Array => (Scalars(value), null),

            // {"text": ["...", "..."], "label": ["A", "B"]}, or {"A": "...", "B": "..."}
            JsonValueKind.Object when value.TryGetProperty("text", out JsonElement list) && list.ValueKind == JsonValueKind.Array =>
                (Scalars(list), value.TryGetProperty("label", out JsonElement names) && names.ValueKind == JsonValueKind.Array ? Scalars(names) : null),
            JsonValueKind.Object => ([.. value.EnumerateObject().Select(choice => FieldReader.Scalar(choice.Value))], [.. value.EnumerateObject().Select(choice => (string?)choice.Name)]),
            _ => throw row.Wrong(name, value, "a list of choices"),
        };
        if (texts.Count == 0) return null;
        if (texts.Count > MultipleChoice.MaxChoices) throw row.Fail($"the field '{name}' has {texts.Count} choices, expected at most {MultipleChoice.MaxChoices}.");
        if (texts.Any(string.IsNullOrWhiteSpace)) throw row.Fail($"the field '{name}' has a choice that is not a text, or is empty.");
        if (labels is not null && (labels.Count != texts.Count || labels.Any(string.IsNullOrWhiteSpace) || labels.Distinct().Count() < labels.Count))
            throw row.Fail($"the field '{name}' has {texts.Count} choices and the labels {string.Join(", ", labels)}; expected one label for each choice, all different.");
        return ([.. texts.Select(text => text!.Trim())], labels?.ConvertAll(label => label!.Trim()));
    }

    /// <summary>The letter of the right choice.</summary>
    public static string Answer(FieldReader row, IReadOnlyList<string> texts, IReadOnlyList<string>? labels)
    {
        if (row.First(row.Fields.Answer) is not var (name, value)) throw row.Missing("answer", row.Fields.Answer);
        string answer = FieldReader.Scalar(value)?.Trim() ?? throw row.Wrong(name, value, "the label of a choice");
        int index = Index(answer);
        return index >= 0 && index < texts.Count ? MultipleChoice.Letter(index)
            : throw row.Fail($"the answer '{answer}' is none of the {texts.Count} choices. Expected {(labels is not null ? $"one of {string.Join(", ", labels)}" : "a letter, the text of a choice, or a number counted from 0")}.");

        int Index(string answer)
        {
            // A number without labels is an index even where the choices are numbers themselves.
            if (labels is not null && At(labels) is >= 0 and var labelled) return labelled;
            if (labels is null && value.ValueKind == JsonValueKind.Number) return int.TryParse(answer, out int number) ? number : -1;
            if (labels is null && answer.Length == 1 && char.ToUpperInvariant(answer[0]) - 'A' is >= 0 and var letter && letter < texts.Count) return letter;
            return At(texts);
        }

        int At(IReadOnlyList<string> list) => Enumerable.Range(0, list.Count).Where(i => list[i] == answer).DefaultIfEmpty(-1).First();
    }

    private static List<string?> Scalars(JsonElement list) => [.. list.EnumerateArray().Select(FieldReader.Scalar)];

    private static List<string?> Column(IEnumerable<JsonElement> objects, string name) =>
        [.. objects.Select(item => item.TryGetProperty(name, out JsonElement value) ? FieldReader.Scalar(value) : null)];
}

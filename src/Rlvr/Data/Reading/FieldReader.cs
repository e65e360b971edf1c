using System.Text.Json;

namespace Rlvr.Data.Reading;

/// <summary>Finds the fields of one row and reads them as text.</summary>
/// <param name="row">The row.</param>
/// <param name="fields">The names of the fields.</param>
/// <param name="found">Collects the names of fields that some row had.</param>
internal readonly struct FieldReader(DataRow row, ProblemFields fields, HashSet<string> found)
{
    /// <summary>The names of the fields.</summary>
    public ProblemFields Fields => fields;

    /// <summary>A field by its name, by a path with dots, or by its name in other case. Null stands for missing, as in JSON.</summary>
    public JsonElement? Find(string name)
    {
        if (Walk(row.Value, name) is not { } value) return null;
        found.Add(name);
        return value;
    }

    /// <summary>The first of some fields that there is.</summary>
    public (string Name, JsonElement Value)? First(IReadOnlyList<string> names)
    {
        foreach (string name in names)
            if (Find(name) is { } value) return (name, value);
        return null;
    }

    /// <summary>
    /// A text or a number, or several as a list with commas. Null where there is none, or where a field that nobody asked for holds
    /// something else: it is no such part of the problem then.
    /// </summary>
    public string? Optional(IReadOnlyList<string> names)
    {
        if (First(names) is not var (name, value)) return null;
        if (Scalar(value) is { } text) return text;
        if (value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(item => Scalar(item) is not null))
            return string.Join(", ", value.EnumerateArray().Select(Scalar)) is { Length: > 0 } list ? list : null;
        return fields.Requested.Contains(name) ? throw Wrong(name, value, "a text or a number") : null;
    }

    /// <summary>A text or a number as text. A whole number that was written as 27.0 is 27: a table's column of integers with gaps is one of floats.</summary>
    public static string? Scalar(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number => value.GetRawText() is var number && number.EndsWith(".0", StringComparison.Ordinal) ? number[..^2] : number,
        _ => null,
    };

    public RlvrException Wrong(string name, JsonElement value, string expected) => Fail($"the field '{name}' is {Kind(value)}, expected {expected}.");

    public RlvrException Missing(string what, IReadOnlyList<string> names) =>
        Fail($"the {what} is missing: there is no field {Names(names)} (fields found: {string.Join(", ", row.Value.EnumerateObject().Select(field => field.Name))}).");

    public RlvrException Fail(string message) => new($"{row.Place}: error: {message}");

    public static string Names(IReadOnlyList<string> names) => string.Join(" or ", names.Select(name => $"'{name}'"));

    private static JsonElement? Walk(JsonElement value, string name)
    {
        if (value.ValueKind != JsonValueKind.Object) return null;
        if (value.TryGetProperty(name, out JsonElement exact)) return Present(exact);
        int dot = name.IndexOf('.', StringComparison.Ordinal);
        if (dot > 0 && value.TryGetProperty(name[..dot], out JsonElement inner)) return Walk(inner, name[(dot + 1)..]);
        foreach (JsonProperty property in value.EnumerateObject())
            if (string.Equals(property.Name, name, StringComparison.OrdinalIgnoreCase)) return Present(property.Value);
        return null;
    }

    private static JsonElement? Present(JsonElement value) => value.ValueKind == JsonValueKind.Null ? null : value;

    private static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => "a list",
        JsonValueKind.Object => "an object",
        JsonValueKind.True or JsonValueKind.False => "true or false",
        JsonValueKind.String => "a text",
        _ => "a number",
    };
}

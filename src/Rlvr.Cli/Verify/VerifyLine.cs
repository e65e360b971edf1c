using System.Text.Json;
using System.Text.Unicode;
using Rlvr.Math;

namespace Rlvr.Cli.Verify;

/// <summary>One line of a file and what came of it: a verification, or an error.</summary>
/// <param name="Number">The line's number, from 1 on.</param>
internal sealed record VerifyLine(long Number)
{
    /// <summary>The id as it came in, as JSON; the line's number where there is none.</summary>
    public string Id { get; private init; } = FormattableString.Invariant($"{Number}");

    /// <summary>Whether the line had an id.</summary>
    public bool HasId { get; private init; }

    /// <summary>The expected answer.</summary>
    public string Expected { get; private init; } = "";

    /// <summary>The verdict; null where the line is broken.</summary>
    public Verification? Verification { get; private init; }

    /// <summary>What is wrong with the line and what to do; null where nothing is.</summary>
    public string? Error { get; private init; }

    /// <summary>The verdict that the line has itself: a verdict, or a truth value.</summary>
    public string? Claim { get; private init; }

    /// <summary>Whether the verifier agrees with the line's own verdict; null where it has none.</summary>
    public bool? Agrees { get; private init; }

    /// <summary>Judges a line. Nothing that stands in it makes this throw.</summary>
    /// <param name="number">The line's number.</param>
    /// <param name="json">The line, UTF-8; null where it was too long to be read.</param>
    /// <param name="fields">Where things stand.</param>
    /// <param name="verifier">Who judges.</param>
    public static VerifyLine Judge(long number, byte[]? json, VerifyFields fields, MathVerifier verifier)
    {
        VerifyLine line = new(number);
        if (json is null) return line with { Error = $"the line is longer than {LineReader.MaxLength >> 20} MB. One line holds one pair; split what is longer." };
        if (!Utf8.IsValid(json)) return line with { Error = "the text is not UTF-8. Save the file as UTF-8." };
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json);
        }
        catch (JsonException error)
        {
            return line with { Error = $"not valid JSON at byte {error.BytePositionInLine + 1}: {error.Message.Split(" LineNumber:")[0].TrimEnd('.')}. Each line is one JSON object." };
        }
        using (document)
        {
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object) return line with { Error = $"expected a JSON object, found {Kind(root)}. Each line is one JSON object with the fields '{fields.Answer}' and '{fields.Expected}'." };
            if (Value(root, fields.Id) is { ValueKind: not JsonValueKind.Null } id) line = line with { Id = id.ValueKind is JsonValueKind.Array or JsonValueKind.Object ? JsonSerializer.Serialize(id) : id.GetRawText(), HasId = true };
            try
            {
                return line.Judge(root, fields, verifier);
            }
            catch (FormatException error)
            {
                return line with { Error = error.Message };
            }
        }
    }

    private VerifyLine Judge(JsonElement root, VerifyFields fields, MathVerifier verifier)
    {
        string expected = Text(root, fields.Expected) ?? throw Missing(root, $"'{fields.Expected}', the expected answer", "--expected-field");
        string? answer = Text(root, fields.Answer);
        string? response = answer is null ? Text(root, fields.Response) : null;
        // A null is an answer that was not given.
        if (answer is null && response is null && Value(root, fields.Answer) is null && Value(root, fields.Response) is null)
            throw Missing(root, $"'{fields.Answer}' or '{fields.Response}', the answer or the text it stands in", "--answer-field or --response-field");
        Verification verification = response is not null ? verifier.VerifyResponse(response, expected) : verifier.VerifyAnswer(answer ?? "", expected);
        (string? claim, bool? agrees) = fields.Compare is { } compare ? Claimed(root, compare, verification) : (null, null);
        return this with { Expected = expected, Verification = verification, Claim = claim, Agrees = agrees };
    }

    private static (string?, bool?) Claimed(JsonElement root, string field, Verification verification)
    {
        if (Value(root, field) is not { ValueKind: not JsonValueKind.Null } value) return (null, null);
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return (value.GetBoolean() ? "true" : "false", value.GetBoolean() == verification.IsCorrect);
        string name = value.ValueKind is JsonValueKind.String ? JsonText.Of(value).Replace("_", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal) : "";
        if (!name.All(char.IsAsciiLetter) || !Enum.TryParse(name, ignoreCase: true, out Verdict verdict))
            throw new FormatException($"'{field}' is {(value.ValueKind is JsonValueKind.String or JsonValueKind.Number ? Short(value) : Kind(value))}, expected true, false or a verdict ({string.Join(", ", Enum.GetNames<Verdict>())}). Name another field with --compare-field.");
        return (verdict.ToString(), verdict == verification.Verdict);
    }

    private static JsonElement? Value(JsonElement root, string field) => root.TryGetProperty(field, out JsonElement value) ? value : null;

    // A text or a number; null where there is none.
    private static string? Text(JsonElement root, string field) => Value(root, field) switch
    {
        null or { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.String } text => JsonText.Of(text),
        { ValueKind: JsonValueKind.Number } number => number.GetRawText(),
        { } other => throw new FormatException($"'{field}' is {Kind(other)}, expected a text or a number."),
    };

    private static FormatException Missing(JsonElement root, string what, string option)
    {
        string found = string.Join(", ", root.EnumerateObject().Take(12).Select(field => field.Name));
        return new FormatException($"there is no {what}. Say which field it is with {option}; this line has {(found.Length > 0 ? found : "none")}.");
    }

    private static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => "an array",
        JsonValueKind.Object => "an object",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => value.ValueKind.ToString().ToLowerInvariant(),
    };

    private static string Short(JsonElement value) => value.GetRawText() is { Length: > 40 } text ? text[..40] + "…" : value.GetRawText();
}

using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Rlvr.Runs;

/// <summary>How the records of a run are written: snake_case, text as it is, and null for a number that is not finite.</summary>
internal static class RunJson
{
    public static JsonSerializerOptions Line { get; } = Make(indented: false);

    public static JsonSerializerOptions Indented { get; } = Make(indented: true);

    /// <summary>Reads one line of a file.</summary>
    /// <exception cref="RlvrException">The line is not such a record.</exception>
    public static T Parse<T>(string path, int number, string line)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(line, Line) ?? throw new JsonException("null");
        }
        catch (JsonException e)
        {
            throw new RlvrException($"{path}({number}): error: this line is not a record of this run: {e.Message}", e);
        }
    }

    /// <summary>Reads one line of metrics.jsonl.</summary>
    /// <exception cref="RlvrException">The line is not a step's metrics.</exception>
    public static StepMetrics ParseMetrics(string path, int number, string line)
    {
        try
        {
            return StepMetrics.Parse(line);
        }
        catch (JsonException e)
        {
            throw new RlvrException($"{path}({number}): error: this line is not a step's metrics: {e.Message}", e);
        }
    }

    private static JsonSerializerOptions Make(bool indented)
    {
        var options = new JsonSerializerOptions
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // readable files; pages escape for themselves
            WriteIndented = indented,
            NewLine = "\n",
            DefaultIgnoreCondition = JsonIgnoreCondition.Never,
        };
        options.Converters.Add(new FiniteOrNull());
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }

    /// <summary>JSON has no NaN and no infinity.</summary>
    private sealed class FiniteOrNull : JsonConverter<double>
    {
        public override bool HandleNull => true;

        public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.Null ? double.NaN : reader.GetDouble();

        public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options)
        {
            if (double.IsFinite(value))
                writer.WriteNumberValue(value);
            else
                writer.WriteNullValue();
        }
    }
}

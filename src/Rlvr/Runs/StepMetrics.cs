using System.Text;
using System.Text.Json;

namespace Rlvr.Runs;

/// <summary>
/// The numbers of one training step: a line of metrics.jsonl. Names are snake_case; docs/metrics.md explains each. A number that
/// is not finite is written as null and read as NaN.
/// </summary>
/// <param name="Step">The step, from 1.</param>
/// <param name="Values">Name and value, in the order they are written.</param>
public sealed record StepMetrics(int Step, IReadOnlyList<(string Name, double Value)> Values)
{
    /// <summary>The value of a name; NaN when the step does not have it.</summary>
    public double this[string name]
    {
        get
        {
            foreach (var (other, value) in Values)
            {
                if (other == name)
                    return value;
            }
            return double.NaN;
        }
    }

    /// <summary>The JSON object, on one line.</summary>
    public string ToJson()
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteNumber("step", Step);
            foreach (var (name, value) in Values)
            {
                if (double.IsFinite(value))
                    writer.WriteNumber(name, value);
                else
                    writer.WriteNull(name);
            }
            writer.WriteEndObject();
        }
        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }

    /// <summary>Reads what <see cref="ToJson"/> wrote. Values that are no numbers are left out.</summary>
    /// <exception cref="JsonException">The text is not such an object.</exception>
    public static StepMetrics Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        if (document.RootElement.ValueKind != JsonValueKind.Object
            || !document.RootElement.TryGetProperty("step", out var number) || !number.TryGetInt32(out var step))
            throw new JsonException("expected an object with a whole number 'step'");
        var values = new List<(string, double)>();
        foreach (var property in document.RootElement.EnumerateObject())
        {
            if (property.Name != "step" && property.Value.ValueKind is (JsonValueKind.Number or JsonValueKind.Null))
                values.Add((property.Name, property.Value.ValueKind == JsonValueKind.Null ? double.NaN : property.Value.GetDouble()));
        }
        return new StepMetrics(step, values);
    }
}

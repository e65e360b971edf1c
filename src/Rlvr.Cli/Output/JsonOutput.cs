using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Rlvr.Cli.Output;

/// <summary>The JSON of a command with <c>--json</c>: one object, or one a line.</summary>
internal static class JsonOutput
{
    private static readonly JsonSerializerOptions Options = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Write(Terminal terminal, JsonObject value) => terminal.Out.WriteLine(Escape(value.ToJsonString(Options)));

    /// <summary>An object on one line, without the end of the line.</summary>
    public static string OneLine(JsonObject value) => Escape(value.ToJsonString(Compact));

    /// <summary>A number, or null where it is not finite, which JSON cannot say.</summary>
    public static JsonNode? Number(double value) => double.IsFinite(value) ? JsonValue.Create(double.Round(value, 6)) : null;

    /// <summary>JSON text with escapes for the few characters that would act on a terminal: the relaxed encoder leaves them as they are.</summary>
    public static string Escape(string json)
    {
        if (!json.AsSpan().ContainsAny(Unsafe)) return json;
        StringBuilder escaped = new(json.Length + 16);
        foreach (char c in json)
        {
            if (Unsafe.Contains(c)) escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else escaped.Append(c);
        }
        return escaped.ToString();
    }

    // Controls but for the ends of lines between fields, the marks that reorder text, and what some readers take for ends of lines.
    private static readonly SearchValues<char> Unsafe = SearchValues.Create(
        [.. Enumerable.Range(0, 0xFFFF).Select(code => (char)code).Where(c => (char.IsControl(c) && c is not ('\n' or '\r')) || c is (>= '\u2028' and <= '\u202E') or (>= '\u2066' and <= '\u2069'))]);
}

using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Rlvr.Cli.Output;

/// <summary>The one JSON object of a command with <c>--json</c>.</summary>
internal static class JsonOutput
{
    private static readonly JsonSerializerOptions Options = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Write(Terminal terminal, JsonObject value) => terminal.Out.WriteLine(Escape(value.ToJsonString(Options)));

    /// <summary>A number, or null where it is not finite, which JSON cannot say.</summary>
    public static JsonNode? Number(double value) => double.IsFinite(value) ? JsonValue.Create(double.Round(value, 6)) : null;

    // The relaxed encoder leaves a few characters as they are that would act on a terminal.
    private static string Escape(string json) =>
        string.Concat(json.Select(c => (char.IsControl(c) && c is not ('\n' or '\r')) || c is (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069') ? $"\\u{(int)c:x4}" : c.ToString()));
}

using System.Text.Json;

namespace Rlvr.Selection;

/// <summary>
/// Reads a history of accuracies: a JSON object of index -> list of accuracies by epoch, <c>{"124": [0, 0.25, 0.875], "267": [...]}</c>. Lists
/// may be of unequal lengths (an epoch drops its last incomplete batch).
/// </summary>
public static class HistoryFile
{
    /// <summary>Reads a file.</summary>
    /// <exception cref="RlvrException">
    /// The file is missing or not such an object, an index occurs twice, a list is empty, or an entry is missing (null), no number, or not from 0 to 1: the
    /// message names the index and the epoch.
    /// </exception>
    public static IReadOnlyList<ExampleHistory> Read(string path)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new RlvrException($"{path}: error: there is no such history.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new RlvrException($"{path}: error: cannot be read: {error.Message}", error);
        }
        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes.AsMemory(bytes is [0xEF, 0xBB, 0xBF, ..] ? 3 : 0));
            return Parse(path, document.RootElement);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new RlvrException($"{path}: error: not valid JSON: {error.Message}", error);
        }
    }

    private static List<ExampleHistory> Parse(string path, JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
            throw new RlvrException($"{path}: error: expected a JSON object of index -> list of accuracies by epoch, found {root.ValueKind}.");
        List<ExampleHistory> histories = [];
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (JsonProperty example in root.EnumerateObject())
        {
            if (!seen.Add(example.Name)) throw new RlvrException($"{path}: error: the index '{example.Name}' occurs twice. Indices are unique in a history.");
            if (example.Value.ValueKind != JsonValueKind.Array)
                throw new RlvrException($"{path}: error: index '{example.Name}': expected a list of accuracies by epoch, found {example.Value.ValueKind}.");
            if (example.Value.GetArrayLength() == 0)
                throw new RlvrException($"{path}: error: index '{example.Name}' has no accuracies. Remove it, or record at least one epoch.");
            histories.Add(new(example.Name, [.. example.Value.EnumerateArray().Select((value, epoch) => Accuracy(path, example.Name, epoch + 1, value))]));
        }
        return histories.Count > 0 ? histories : throw new RlvrException($"{path}: error: the history has no examples.");
    }

    private static decimal Accuracy(string path, string index, int epoch, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Null)
            throw new RlvrException($"{path}: error: index '{index}' has a hole at epoch {epoch} (null). Leave the epoch out of the list, or record its accuracy.");
        if (value.ValueKind != JsonValueKind.Number)
            throw new RlvrException($"{path}: error: index '{index}', epoch {epoch}: expected an accuracy from 0 to 1, found {value.ValueKind} {Short(value)}.");
        return value.TryGetDouble(out double number) && number is >= 0 and <= 1 && value.TryGetDecimal(out decimal accuracy)
            ? accuracy
            : throw new RlvrException($"{path}: error: index '{index}', epoch {epoch}: expected an accuracy from 0 to 1, found {Short(value)}. Are these percentages or counts?");
    }

    private static string Short(JsonElement value) => value.GetRawText() is { Length: > 40 } text ? text[..40] + "..." : value.GetRawText();
}

using System.Text;
using System.Text.Json;

namespace Rlvr.Data.Reading;

/// <summary>The rows of JSON files: one object a line, or one array of objects.</summary>
internal static class JsonRows
{
    /// <summary>One JSON object a line; empty lines are skipped. The file is read line by line.</summary>
    public static IEnumerable<DataRow> ReadLines(string path)
    {
        int number = 0;
        using IEnumerator<string> lines = Guarded(path, 0, () => File.ReadLines(path, new UTF8Encoding(false, throwOnInvalidBytes: true)).GetEnumerator());
        while (Guarded(path, number + 1, lines.MoveNext))
        {
            number++;
            if (string.IsNullOrWhiteSpace(lines.Current)) continue;
            using JsonDocument document = Parse(path, number, lines.Current);
            yield return new(number, $"{path}({number})", document.RootElement);
        }
    }

    /// <summary>One array. The file is read piece by piece; it is never in memory as a whole.</summary>
    public static IEnumerable<DataRow> ReadArray(string path)
    {
        int number = 0;
        using FileStream file = Guarded(path, 0, () => File.OpenRead(path));
        using IEnumerator<JsonElement> rows = JsonSerializer.DeserializeAsyncEnumerable<JsonElement>(file).ToBlockingEnumerable().GetEnumerator();
        while (Guarded(path, number + 1, rows.MoveNext))
        {
            number++;
            yield return new(number, $"{path}(row {number})", rows.Current);
        }
    }

    private static JsonDocument Parse(string path, int number, string line)
    {
        try
        {
            return JsonDocument.Parse(line);
        }
        catch (JsonException error)
        {
            // A byte of the line is a column for all that precedes an error in practice.
            throw new RlvrException($"{path}({number},{error.BytePositionInLine + 1}): error: not valid JSON: {Reason(error)}", error);
        }
    }

    /// <param name="path">The file.</param>
    /// <param name="number">The line or row that is read.</param>
    /// <param name="read">Reads it.</param>
    private static T Guarded<T>(string path, int number, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (DecoderFallbackException error)
        {
            throw new RlvrException($"{path}({number}): error: the text is not UTF-8.", error);
        }
        catch (JsonException error)
        {
            throw new RlvrException($"{path}({error.LineNumber + 1},{error.BytePositionInLine + 1}): error: not valid JSON in row {number}: {Reason(error)}", error);
        }
        catch (OutOfMemoryException error)
        {
            throw new RlvrException($"{path}({number}): error: the line does not fit into memory. Expected one JSON object a line.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw DataFile.Unreadable(path, error);
        }
    }

    private static string Reason(JsonException error) => error.Message.Split(" LineNumber:")[0].Split(" Path:")[0];
}

using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using Parquet;
using Parquet.Meta;
using Parquet.Serialization;

namespace Rlvr.Data.Reading;

/// <summary>The rows of a parquet file, nested lists and structs included. One row group is in memory at a time.</summary>
internal static class ParquetRows
{
    // A row group of a data set of problems holds a few megabytes. What claims more is broken, or no such data set.
    private const long MaxGroupBytes = 1L << 29;
    private const long MaxGroupRows = 10_000_000;

    private static readonly JsonSerializerOptions Options = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals, Converters = { new TextConverter() } };

    /// <summary>Reads the rows as JSON values, which all formats share.</summary>
    public static IEnumerable<DataRow> Read(string path)
    {
        int number = 0;
        int groups = Guarded(path, "", () => CheckGroups(path));
        for (int group = 0; group < groups; group++)
        {
            IList<Dictionary<string, object>> rows = Guarded(path, groups > 1 ? $" (row group {group + 1} of {groups})" : "", () => ReadGroup(path, group));
            foreach (Dictionary<string, object> row in rows)
            {
                number++;
                yield return new(number, $"{path}(row {number})", Guarded(path, $" (row {number})", () => JsonSerializer.SerializeToElement(row, Options)));
            }
        }
    }

    private static int CheckGroups(string path)
    {
        using FileStream file = File.OpenRead(path);
        return Wait(async () =>
        {
            await using ParquetReader reader = await ParquetReader.CreateAsync(file, leaveStreamOpen: true);
            foreach (RowGroup group in reader.Metadata!.RowGroups)
            {
                if (group.NumRows is < 0 or > MaxGroupRows || group.TotalByteSize > MaxGroupBytes)
                    throw new RlvrException($"{path}: error: a row group claims {group.NumRows} rows and {group.TotalByteSize} bytes; expected at most {MaxGroupRows} and {MaxGroupBytes}. Is this a set of problems?");
            }
            return reader.RowGroupCount;
        });
    }

    private static IList<Dictionary<string, object>> ReadGroup(string path, int group)
    {
        using FileStream file = File.OpenRead(path);
        return Wait(async () => (await ParquetSerializer.DeserializeUntypedAsync(file, new ParquetOptions(), group)).Data);
    }

    // The library is asynchronous only; reading a file of problems is not. Off the caller's context, so that it cannot deadlock.
    private static T Wait<T>(Func<Task<T>> work) => Task.Run(work).GetAwaiter().GetResult();

    [SuppressMessage("Design", "CA1031", Justification = "A broken file makes the library throw nearly anything: index, overflow, argument, end of stream, out of memory.")]
    private static T Guarded<T>(string path, string part, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (RlvrException)
        {
            throw;
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException)
        {
            throw DataFile.Unreadable(path, error);
        }
        catch (Exception error)
        {
            throw new RlvrException($"{path}: error: the parquet file is broken or cut off{part}: {error.Message} Fetch it again.", error);
        }
    }

    // The library's texts inside lists.
    private sealed class TextConverter : JsonConverter<ReadOnlyMemory<char>>
    {
        public override ReadOnlyMemory<char> Read(ref Utf8JsonReader reader, System.Type typeToConvert, JsonSerializerOptions options) => reader.GetString().AsMemory();

        public override void Write(Utf8JsonWriter writer, ReadOnlyMemory<char> value, JsonSerializerOptions options) => writer.WriteStringValue(value.Span);
    }
}

using System.Text;

namespace Rlvr.Data.Reading;

/// <summary>Reads the rows of a file in the format that its first bytes show: parquet, an array in JSON, or one JSON object a line.</summary>
internal static class DataFile
{
    /// <summary>What the name of a file of data ends with.</summary>
    public static readonly string[] Extensions = [".jsonl", ".json", ".parquet"];

    private static readonly byte[] ParquetMagic = "PAR1"u8.ToArray();
    private static readonly byte[] LfsMagic = "version https://git-lfs"u8.ToArray();

    /// <summary>Whether a name is that of a file of data.</summary>
    public static bool HasExtension(string name) => Extensions.Any(extension => name.EndsWith(extension, StringComparison.OrdinalIgnoreCase));

    /// <summary>The rows, read as they are asked for.</summary>
    /// <exception cref="RlvrException">The file is missing, broken or in another format; the message names the place.</exception>
    public static IEnumerable<DataRow> Rows(string path)
    {
        byte[] start = FirstBytes(path);
        if (start.AsSpan().StartsWith(LfsMagic))
            throw new RlvrException($"{path}: error: this is not the file but a pointer to it (Git LFS). Fetch the file itself, for example with 'git lfs pull'.");
        if (start.AsSpan().StartsWith(ParquetMagic)) return ParquetRows.Read(path);
        if (path.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase))
            throw new RlvrException($"{path}: error: this is not a parquet file: it does not begin with PAR1. {(start.Length == 0 ? "It is empty." : "Fetch it again.")}");
        return Encoding.UTF8.GetString(start).TrimStart('\uFEFF', ' ', '\t', '\r', '\n', '\uFFFD').StartsWith('[') && !path.EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase)
            ? JsonRows.ReadArray(path) : JsonRows.ReadLines(path);
    }

    /// <summary>Turns what reading a file can throw into a message with its path.</summary>
    public static RlvrException Unreadable(string path, Exception error) => error switch
    {
        FileNotFoundException or DirectoryNotFoundException => new($"{path}: error: there is no such file of problems.", error),
        _ => new($"{path}: error: cannot be read: {error.Message}", error),
    };

    private static byte[] FirstBytes(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            byte[] buffer = new byte[64];
            int count = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            return buffer[..count];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(path, error);
        }
    }
}

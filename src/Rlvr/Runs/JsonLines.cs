using System.Text;

namespace Rlvr.Runs;

/// <summary>A file of one JSON object a line that grows while a run goes on and may be read meanwhile.</summary>
internal static class JsonLines
{
    /// <summary>Adds one line, in one write. A torn last line, left by a crash, is cut off first.</summary>
    /// <exception cref="RlvrException">The file cannot be written.</exception>
    public static void Append(string path, string line)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
            var end = WholeLength(stream);
            if (end < stream.Length)
                stream.SetLength(end);
            stream.Seek(end, SeekOrigin.Begin);
            stream.Write(Encoding.UTF8.GetBytes(line + "\n"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RlvrException($"'{path}' cannot be written: {IoReason.Of(e)}.", e);
        }
    }

    /// <summary>The whole lines, with the number of each from 1. A torn last line is not whole yet, and left out; no file has no lines.</summary>
    public static IEnumerable<(int Number, string Line)> Read(string path)
    {
        if (!File.Exists(path))
            yield break;
        byte[] bytes;
        using (var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete))
        {
            bytes = new byte[WholeLength(stream)];
            stream.Seek(0, SeekOrigin.Begin);
            stream.ReadExactly(bytes);
        }
        var number = 0;
        using var reader = new StreamReader(new MemoryStream(bytes), Encoding.UTF8);
        while (reader.ReadLine() is { } line)
        {
            number++;
            if (line.Length > 0)
                yield return (number, line);
        }
    }

    /// <summary>Keeps the lines for which <paramref name="keep"/> is true, by writing the file anew.</summary>
    public static void Filter(string path, Func<int, string, bool> keep)
    {
        if (!File.Exists(path))
            return;
        var text = new StringBuilder();
        foreach (var (number, line) in Read(path))
        {
            if (keep(number, line))
                text.Append(line).Append('\n');
        }
        AtomicFile.WriteAllText(path, text.ToString());
    }

    /// <summary>Length up to and with the last end of line.</summary>
    private static long WholeLength(FileStream stream)
    {
        var buffer = new byte[4096];
        for (var end = stream.Length; end > 0;)
        {
            var count = (int)long.Min(buffer.Length, end);
            stream.Seek(end - count, SeekOrigin.Begin);
            stream.ReadExactly(buffer, 0, count);
            var at = buffer.AsSpan(0, count).LastIndexOf((byte)'\n');
            if (at >= 0)
                return end - count + at + 1;
            end -= count;
        }
        return 0;
    }
}

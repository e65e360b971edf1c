using System.Text;

namespace Rlvr.Runs;

/// <summary>
/// Writes files that are there whole or not at all: to a temporary name in the same folder first, then to disk, then renamed. Whoever
/// reads the path sees the old content or the new one, even after a crash or a full disk.
/// </summary>
public static class AtomicFile
{
    /// <summary>Writes UTF-8 text.</summary>
    /// <exception cref="RlvrException">The file cannot be written; the old content, if any, is still there.</exception>
    public static void WriteAllText(string path, string text) => WriteAllBytes(path, Encoding.UTF8.GetBytes(text));

    /// <summary>Writes bytes.</summary>
    /// <exception cref="RlvrException">The file cannot be written; the old content, if any, is still there.</exception>
    public static void WriteAllBytes(string path, ReadOnlyMemory<byte> bytes) => Write(path, stream => stream.Write(bytes.Span));

    /// <summary>Lets <paramref name="write"/> fill a file.</summary>
    /// <exception cref="RlvrException">The file cannot be written; the old content, if any, is still there.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        var temporary = TemporaryName(path);
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e)
        {
            TryDelete(temporary);
            if (e is IOException or UnauthorizedAccessException)
                throw new RlvrException($"'{path}' cannot be written: {IoReason.Of(e)}. Free some space, or choose another folder.", e);
            throw;
        }
    }

    /// <summary>
    /// Lets <paramref name="write"/> fill a folder under a temporary name, then renames it to <paramref name="path"/>, replacing what
    /// was there. When it fails, nothing is left behind.
    /// </summary>
    /// <exception cref="RlvrException">The folder cannot be written.</exception>
    public static void WriteFolder(string path, Action<string> write)
    {
        var temporary = TemporaryName(path);
        try
        {
            Directory.CreateDirectory(temporary);
            write(temporary);
            // A folder cannot be renamed over another: the old one goes aside first, and away when the new one is in its place.
            var old = Directory.Exists(path) ? TemporaryName(path) : null;
            if (old is not null)
                Directory.Move(path, old);
            Directory.Move(temporary, path);
            if (old is not null)
                Directory.Delete(old, recursive: true);
        }
        catch (Exception e)
        {
            TryDelete(temporary);
            // What wrote the files may have said it already, with the temporary name, which would only confuse.
            var cause = e is RlvrException { InnerException: { } inner } ? inner : e;
            if (cause is IOException or UnauthorizedAccessException)
                throw new RlvrException($"'{path}' cannot be written: {IoReason.Of(cause)}. Free some space, or choose another folder.", e);
            throw;
        }
    }

    /// <summary>Deletes the temporary files and folders that a killed process left in a folder nobody else writes to.</summary>
    internal static void DeleteLeftovers(string folder)
    {
        if (!Directory.Exists(folder))
            return;
        foreach (var path in Directory.EnumerateFileSystemEntries(folder, ".*.tmp").ToList())
            TryDelete(path);
    }

    /// <summary>Starts with a dot and ends with <c>.tmp</c>, so that what a killed process left can be told from what is whole.</summary>
    private static string TemporaryName(string path)
    {
        var full = Path.GetFullPath(path);
        return Path.Combine(Path.GetDirectoryName(full)!, $".{Path.GetFileName(full)}.{Guid.NewGuid():N}.tmp");
    }

    private static void TryDelete(string path)
    {
        try
        {
            if (Directory.Exists(path))
                Directory.Delete(path, recursive: true);
            else
                File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The error that brought us here is the one to tell.
        }
    }
}

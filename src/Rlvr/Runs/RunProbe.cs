namespace Rlvr.Runs;

/// <summary>Finds out at start, not after an hour of training, whether a folder can be written.</summary>
internal static class RunProbe
{
    private const int ProbeBytes = 1 << 20;

    /// <summary>Makes the folder, writes a megabyte to disk in it, removes that, and compares the free space.</summary>
    /// <exception cref="RlvrException">It cannot be written. Folders made on the way are removed again.</exception>
    public static void Check(string path, long neededBytes)
    {
        var missing = MissingFolders(path);
        var probe = Path.Combine(path, $".probe-{Guid.NewGuid():N}.tmp");
        try
        {
            Directory.CreateDirectory(path);
            using (var stream = new FileStream(probe, FileMode.CreateNew, FileAccess.Write, FileShare.None, 0, FileOptions.DeleteOnClose))
            {
                stream.Write(new byte[ProbeBytes]);
                stream.Flush(flushToDisk: true);
            }
            var free = new DriveInfo(Path.GetFullPath(path)).AvailableFreeSpace;
            if (free < neededBytes)
                throw new IOException($"the run needs about {Megabytes(neededBytes)}, and {Megabytes(free)} are free");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            Remove(probe, missing);
            throw new RlvrException($"the run's folder '{path}' cannot be written: {IoReason.Of(e)}. Choose another with --run, or free some space.", e);
        }
    }

    private static string Megabytes(long bytes) => $"{double.Ceiling(bytes / 1e6):N0} MB";

    /// <summary>The folders of the path that do not exist yet, the innermost first.</summary>
    private static List<string> MissingFolders(string path)
    {
        var missing = new List<string>();
        for (var folder = Path.GetFullPath(path); folder is not null && !Directory.Exists(folder); folder = Path.GetDirectoryName(folder))
            missing.Add(folder);
        return missing;
    }

    private static void Remove(string probe, List<string> folders)
    {
        try
        {
            File.Delete(probe);
            foreach (var folder in folders.Where(Directory.Exists))
                Directory.Delete(folder); // only when empty
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The error that brought us here is the one to tell.
        }
    }
}

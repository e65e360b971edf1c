namespace Rlvr.Cli;

/// <summary>Finds out before the work, not after it, whether its result can be written.</summary>
internal static class OutputProbe
{
    /// <summary>Makes and removes a temporary file beside a file or folder that is to be written.</summary>
    /// <param name="path">What is to be written.</param>
    /// <param name="makeFolder">Whether the folder it lies in is made where it is missing.</param>
    /// <exception cref="RlvrException">That is not possible.</exception>
    public static void Check(string path, bool makeFolder = false)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        string folder = Path.GetDirectoryName(full) ?? full;
        try
        {
            if (makeFolder) Directory.CreateDirectory(folder);
            string probe = Path.Combine(folder, $".{Path.GetFileName(full)}.{Guid.NewGuid():N}.tmp");
            using FileStream stream = new(probe, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
            stream.WriteByte(0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            string reason = Directory.Exists(folder) ? "its folder takes no new files" : "there is no folder for it";
            throw new RlvrException($"'{path}' cannot be written: {reason}. Choose another place, or make the folder first.", e);
        }
    }
}

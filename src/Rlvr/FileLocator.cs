namespace Rlvr;

/// <summary>Finds files that recipes name by a relative path, such as models/micro-math, from wherever a command is run.</summary>
public static class FileLocator
{
    /// <summary>
    /// The path itself if it exists; else the same relative path in one of the folders above the working folder; else beside the program
    /// (an installed tool brings its recipes and its model). A path found nowhere comes back as it is, for the error of whoever opens it.
    /// </summary>
    public static string Find(string path)
    {
        if (Exists(path) || Path.IsPathRooted(path)) return path;
        for (DirectoryInfo? folder = new(Directory.GetCurrentDirectory()); folder is not null; folder = folder.Parent)
            if (Exists(Path.Combine(folder.FullName, path))) return Path.Combine(folder.FullName, path);
        string besideProgram = Path.Combine(AppContext.BaseDirectory, path);
        return Exists(besideProgram) ? besideProgram : path;
    }

    private static bool Exists(string path) => File.Exists(path) || Directory.Exists(path);
}

using Rlvr.Training;

namespace Rlvr.Cli;

/// <summary>Where a run goes unless the user says so: runs/NAME-YYYYMMDD-HHMMSS, UTC.</summary>
internal static class RunFolder
{
    public static string For(Recipe recipe, string? requested)
    {
        if (!string.IsNullOrEmpty(requested)) return requested;
        string name = string.Concat(recipe.Name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '-')).Trim('.');
        string path = Path.Combine("runs", $"{(name.Length > 0 ? name : "run")}-{DateTimeOffset.UtcNow:yyyyMMdd-HHmmss}");
        return Directory.Exists(path) ? $"{path}-{Environment.ProcessId}" : path; // two within a second
    }
}

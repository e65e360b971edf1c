using System.Text;

namespace Rlvr.Hub;

/// <summary>
/// Which names a repository may give its files. They come from outside, and become files of this machine: none may lead out of its folder,
/// name a device, or fall together with another, on any system.
/// </summary>
internal static class HubPath
{
    private const int MaxLength = 1024, MaxDepth = 32, MaxComponentBytes = 255;

    private static readonly HashSet<string> Devices = new(
        [
            "CON", "PRN", "AUX", "NUL", "CLOCK$", "CONIN$", "CONOUT$",
            .. from port in new[] { "COM", "LPT" } from digit in "0123456789\u00B9\u00B2\u00B3" select port + digit,
        ], StringComparer.OrdinalIgnoreCase);

    /// <summary>Why a path with <c>/</c> between its parts is not safe to write below a folder; null where it is.</summary>
    public static string? WhyUnsafe(string path)
    {
        if (path.Length == 0) return "it is empty";
        if (path.Length > MaxLength) return $"it is longer than {MaxLength} characters";
        if (path[0] == '/') return "it is absolute";
        string[] parts = path.Split('/');
        if (parts.Length > MaxDepth) return $"it is more than {MaxDepth} folders deep";
        return parts.Select(WhyUnsafePart).FirstOrDefault(reason => reason is not null);
    }

    /// <summary>Checks the names of all files that are about to be written below one folder.</summary>
    /// <exception cref="HubException">A name is unsafe, or two fall together where upper and lower case are the same.</exception>
    public static void CheckAll(HubId id, IEnumerable<HubFile> files)
    {
        Dictionary<string, string> taken = new(StringComparer.OrdinalIgnoreCase);
        HashSet<string> folders = new(StringComparer.OrdinalIgnoreCase);
        foreach (string path in files.Select(f => f.Path))
        {
            if (WhyUnsafe(path) is { } reason) throw Refused(id, $"the name '{Shown(path)}' of a file is not safe: {reason}");
            if (!taken.TryAdd(path, path)) throw Refused(id, $"the files '{Shown(taken[path])}' and '{Shown(path)}' are the same file where upper and lower case are the same");
            for (int slash = path.IndexOf('/', StringComparison.Ordinal); slash >= 0; slash = path.IndexOf('/', slash + 1)) folders.Add(path[..slash]);
        }
        if (folders.FirstOrDefault(taken.ContainsKey) is { } both) throw Refused(id, $"'{Shown(both)}' is a file and a folder");
    }

    private static HubException Refused(HubId id, string what) =>
        new(HubFailure.UnsafeName, $"the {id.KindName} {id} is not fetched: {what}. Leave it out with --exclude if you trust the rest.");

    private static string? WhyUnsafePart(string part)
    {
        if (part.Length == 0) return "a part of it is empty";
        if (part is "." or "..") return $"it contains '{part}'";
        if (part.Any(char.IsControl)) return "it contains a control character";
        if (part.IndexOfAny(['\\', ':', '<', '>', '"', '|', '?', '*']) is >= 0 and int at) return $"it contains '{part[at]}'";
        if (part[^1] is '.' or ' ' || part[0] == ' ') return "a part of it begins with a space, or ends with a space or a dot";
        if (Devices.Contains(part.Split('.')[0].TrimEnd())) return $"'{Shown(part)}' is a device on Windows";
        // Programs that look for a version control folder would run what it says.
        if (part.Equals(".git", StringComparison.OrdinalIgnoreCase)) return "it contains '.git'";
        return Bytes(part) is > 0 and <= MaxComponentBytes ? null : $"a part of it is not valid Unicode or longer than {MaxComponentBytes} bytes";
    }

    /// <summary>Length in UTF-8; 0 for a text that has no UTF-8 form.</summary>
    private static int Bytes(string text)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetByteCount(text);
        }
        catch (EncoderFallbackException)
        {
            return 0;
        }
    }

    private static string Shown(string path) => path.Length <= 200 ? path : path[..200] + "...";
}

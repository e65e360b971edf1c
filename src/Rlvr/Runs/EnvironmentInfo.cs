using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Rlvr.Runs;

/// <summary>Where a run ran: what to know when its numbers differ from another machine's. Nothing in it names the machine or its user.</summary>
public sealed record EnvironmentInfo
{
    /// <summary>When the run started, UTC.</summary>
    public DateTimeOffset Started { get; init; }

    /// <summary>Version of this library.</summary>
    public string Rlvr { get; init; } = "";

    /// <summary>The operating system with its version.</summary>
    public string OperatingSystem { get; init; } = "";

    /// <summary>Architecture of the process: X64, Arm64.</summary>
    public string Architecture { get; init; } = "";

    /// <summary>The processor's model name.</summary>
    public string Processor { get; init; } = "";

    /// <summary>Logical processors this process may use.</summary>
    public int Processors { get; init; }

    /// <summary>Memory this process may use, bytes.</summary>
    public long MemoryBytes { get; init; }

    /// <summary>The .NET runtime.</summary>
    public string Runtime { get; init; } = "";

    /// <summary>Versions and settings known to the caller, such as <c>libtorch</c>, <c>threads</c>, <c>device</c>.</summary>
    public IReadOnlyDictionary<string, string> More { get; init; } = new Dictionary<string, string>();

    /// <summary>Looks at this machine.</summary>
    /// <param name="more">Versions and settings to add.</param>
    public static EnvironmentInfo Collect(IReadOnlyDictionary<string, string>? more = null) => new()
    {
        Started = DateTimeOffset.UtcNow,
        Rlvr = typeof(EnvironmentInfo).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "",
        OperatingSystem = RuntimeInformation.OSDescription,
        Architecture = RuntimeInformation.ProcessArchitecture.ToString(),
        Processor = ProcessorName(),
        Processors = Environment.ProcessorCount,
        MemoryBytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        Runtime = RuntimeInformation.FrameworkDescription,
        More = (more ?? new Dictionary<string, string>()).ToDictionary(m => m.Key, m => WithoutHome(m.Value)),
    };

    /// <summary>Reports are shown to others: a path need not tell who made them.</summary>
    internal static string WithoutHome(string text)
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return home.Length > 1 ? text.Replace(home, "~", StringComparison.Ordinal) : text;
    }

    private static string ProcessorName()
    {
        if (System.OperatingSystem.IsWindows())
            return Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? "unknown";
        if (System.OperatingSystem.IsMacOS())
            return Output("sysctl", "-n machdep.cpu.brand_string") ?? "unknown";
        return FirstLine("/proc/cpuinfo", "model name")?.TrimStart(' ', '\t', ':') ?? "unknown";
    }

    /// <summary>What follows <paramref name="start"/> in the first line that begins with it.</summary>
    private static string? FirstLine(string path, string start)
    {
        try
        {
            return File.ReadLines(path).FirstOrDefault(l => l.StartsWith(start, StringComparison.Ordinal))?[start.Length..];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? Output(string program, string arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true });
            return process?.StandardOutput.ReadLine();
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}

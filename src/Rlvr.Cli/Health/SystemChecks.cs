using System.Globalization;
using System.Runtime.Intrinsics.X86;
using Rlvr.Runs;

namespace Rlvr.Cli.Health;

/// <summary>What can be said without libtorch: system, processor, memory, disk.</summary>
internal static class SystemChecks
{
    private const double LittleMemory = 2e9, LittleDisk = 1e9;

    public static IEnumerable<Finding> Run()
    {
        EnvironmentInfo machine = EnvironmentInfo.Collect();
        yield return new Finding("rlvr", Level.Note, $"{machine.Rlvr} on {machine.Runtime}");
        yield return new Finding("system", Level.Note, $"{machine.OperatingSystem}, {machine.Architecture}");
        yield return new Finding("processor", Level.Note, $"{machine.Processor}, {machine.Processors} logical processor(s) usable");
        yield return Features();
        yield return Memory(machine.MemoryBytes);
        yield return Disk("disk (working folder)", Directory.GetCurrentDirectory());
    }

    private static Finding Features()
    {
        string[] flags = CpuFlags();
        if (flags.Length == 0 && !X86Base.IsSupported) return new Finding("cpu features", Level.Note, "not an x86 processor; libtorch chooses its own instructions");
        string[] wanted = ["avx2", "fma", "avx512f", "avx512_bf16", "avx512_fp16", "amx_tile", "amx_bf16"];
        HashSet<string> known = [.. flags];
        // Where there is no /proc/cpuinfo the runtime knows some of them.
        if (Avx2.IsSupported) known.Add("avx2");
        if (Fma.IsSupported) known.Add("fma");
        if (Avx512F.IsSupported) known.Add("avx512f");
        string value = string.Join(", ", wanted.Select(w => known.Contains(w) ? w : $"no {w}"));
        return known.Contains("avx2")
            ? new Finding("cpu features", Level.Good, value)
            : new Finding("cpu features", Level.Warning, value, "without AVX2 training is several times slower; use a processor from 2013 or later, or a virtual machine that passes AVX2 through.");
    }

    private static string[] CpuFlags()
    {
        try
        {
            string? line = File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("flags", StringComparison.Ordinal));
            return line?.Split(':', 2)[1].Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static Finding Memory(long usable)
    {
        double available = Available() ?? usable;
        string value = string.Create(CultureInfo.InvariantCulture, $"{usable / 1e9:0.0} GB usable by this process, {available / 1e9:0.0} GB free");
        (string, double)[] numbers = [("usable_bytes", usable), ("free_bytes", available)];
        return available >= LittleMemory
            ? new Finding("memory", Level.Good, value) { Numbers = numbers }
            : new Finding("memory", Level.Warning, value, "the demo needs about 1 GB, a model of 1.5 billion parameters about 40 GB to train; close other programs.") { Numbers = numbers };
    }

    private static double? Available()
    {
        try
        {
            string? line = File.ReadLines("/proc/meminfo").FirstOrDefault(l => l.StartsWith("MemAvailable:", StringComparison.Ordinal));
            return line is null ? null : double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            return null;
        }
    }

    private static Finding Disk(string name, string folder)
    {
        try
        {
            double free = new DriveInfo(folder).AvailableFreeSpace;
            string value = string.Create(CultureInfo.InvariantCulture, $"{free / 1e9:0.0} GB free in {folder}");
            return free >= LittleDisk
                ? new Finding(name, Level.Good, value) { Numbers = [("free_bytes", free)] }
                : new Finding(name, Level.Warning, value, "runs write checkpoints; free some space, or put runs elsewhere with --run.") { Numbers = [("free_bytes", free)] };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return new Finding(name, Level.Warning, e.Message, "choose a folder that can be read for the working folder.");
        }
    }
}

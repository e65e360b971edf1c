using Rlvr.Tensors;

namespace Rlvr.Cli.Health;

/// <summary>The native libraries: TorchSharp's binding, the C++ library it asks for, libtorch itself.</summary>
internal static class NativeChecks
{
    /// <summary>What TorchSharp's package asks for, and the build's copy does not.</summary>
    private const string NewVersion = "GLIBCXX_3.4.32";

    public static IEnumerable<Finding> Run(out bool loaded)
    {
        List<Finding> findings = [];
        string? requested = Environment.GetEnvironmentVariable(NativeRuntime.LibtorchVariable);
        findings.Add(new Finding(NativeRuntime.LibtorchVariable, Level.Note, string.IsNullOrWhiteSpace(requested) ? "not set: the packaged libtorch is used" : requested));
        string? offered = OperatingSystem.IsLinux() ? NewestLibstdcxx() : null;
        bool? relaxed = OperatingSystem.IsLinux() ? IsRelaxed() : null;
        if (OperatingSystem.IsLinux()) findings.Add(Libstdcxx(offered, relaxed));
        try
        {
            NativeRuntimeInfo info = NativeRuntime.Initialize();
            loaded = true;
            findings.Add(new Finding("libtorch", Level.Good, $"{InstalledVersion(info.Folder) ?? info.Version} from {info.Folder}"));
            findings.AddRange(info.Libraries.Where(l => l.Contains("LibTorchSharp", StringComparison.Ordinal)).Select(l => new Finding("binding", Level.Good, l)));
            string[] openMp = [.. info.Libraries.Where(l => l.Contains("gomp", StringComparison.Ordinal) || l.Contains("iomp", StringComparison.Ordinal))];
            if (openMp.Length > 1)
                findings.Add(new Finding("OpenMP", Level.Warning, string.Join(", ", openMp), "two OpenMP libraries in one process compete for the processors; unset RLVR_LIBTORCH or LD_PRELOAD."));
        }
        catch (Exception e)
        {
            loaded = false;
            findings.Add(new Finding("libtorch", Level.Bad, e.Message.Trim().Split('\n')[0], Advice(requested, offered, relaxed)));
        }
        return findings;
    }

    private static string Advice(string? requested, string? offered, bool? relaxed)
    {
        if (!string.IsNullOrWhiteSpace(requested)) return $"{NativeRuntime.LibtorchVariable} must name a libtorch or PyTorch {NativeRuntime.ExpectedVersion} folder; unset it to use the packaged libtorch.";
        if (relaxed == false && offered is not null && Minor(offered) < Minor(NewVersion))
            return "the binding asks for a newer libstdc++ than this machine has: build with this project's targets, which write a copy that does not, or install the libstdc++ of GCC 13.";
        return $"reinstall or rebuild, so that the packages TorchSharp and libtorch-cpu-* of this platform are complete, or set {NativeRuntime.LibtorchVariable} to an installed PyTorch {NativeRuntime.ExpectedVersion} "
            + "(python -c \"import torch; print(torch.__path__[0])\" prints its folder).";
    }

    /// <summary>What the binding needs against what this machine has.</summary>
    private static Finding Libstdcxx(string? offered, bool? relaxed)
    {
        string has = offered is null ? "no libstdc++ found" : $"this machine's libstdc++ has {offered}";
        string needs = relaxed switch
        {
            true => $"; the binding is the build's relaxed copy, which does not ask for {NewVersion}",
            false => $"; the binding asks for {NewVersion} (GCC 13)",
            null => "; the binding libLibTorchSharp.so is missing or damaged",
        };
        bool enough = relaxed == true || (relaxed == false && offered is not null && Minor(offered) >= Minor(NewVersion));
        return new Finding("libstdc++", enough ? Level.Good : Level.Warning, has + needs,
            relaxed is null ? "libLibTorchSharp.so must lie beside the program, whole; rebuild or reinstall." : null);
    }

    /// <summary>Whether the build's edit was made, after which the library no longer asks for the version of GCC 13. Null without a binding.</summary>
    private static bool? IsRelaxed()
    {
        string? binding = Directory.EnumerateFiles(AppContext.BaseDirectory, "libLibTorchSharp.so", SearchOption.AllDirectories).FirstOrDefault();
        try
        {
            return binding is null ? null : !ElfVersions.Needed(File.ReadAllBytes(binding)).Contains(NewVersion);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return null;
        }
    }

    /// <summary>The newest GLIBCXX version of the C++ library that this process uses or would use.</summary>
    private static string? NewestLibstdcxx()
    {
        string? path = MappedLibstdcxx() ?? new[] { "/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib/aarch64-linux-gnu", "/lib64", "/usr/lib" }
            .Select(folder => Path.Combine(folder, "libstdc++.so.6")).FirstOrDefault(File.Exists);
        if (path is null) return null;
        ReadOnlySpan<byte> bytes = File.ReadAllBytes(path), prefix = "GLIBCXX_3.4."u8;
        int newest = 0;
        for (int at = bytes.IndexOf(prefix); at >= 0;)
        {
            int number = 0, i = at + prefix.Length;
            for (; i < bytes.Length && bytes[i] is >= (byte)'0' and <= (byte)'9'; i++) number = (number * 10) + bytes[i] - '0';
            newest = int.Max(newest, number);
            int next = bytes[i..].IndexOf(prefix);
            at = next < 0 ? -1 : i + next;
        }
        return newest > 0 ? $"GLIBCXX_3.4.{newest}" : null;
    }

    private static string? MappedLibstdcxx()
    {
        try
        {
            return File.ReadLines("/proc/self/maps").Select(l => l[(l.LastIndexOf(' ') + 1)..]).FirstOrDefault(p => p.Contains("/libstdc++.so", StringComparison.Ordinal) && File.Exists(p));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static int Minor(string version) => int.TryParse(version.AsSpan(version.LastIndexOf('.') + 1), out int minor) ? minor : 0;

    /// <summary>The version that an installation says of itself: libtorch's build-version, or PyTorch's version.py.</summary>
    private static string? InstalledVersion(string folder)
    {
        string? parent = Path.GetDirectoryName(folder);
        if (parent is null) return null;
        string build = Path.Combine(parent, "build-version"), python = Path.Combine(parent, "version.py");
        if (File.Exists(build)) return File.ReadLines(build).FirstOrDefault()?.Trim();
        if (!File.Exists(python)) return null;
        return File.ReadLines(python).FirstOrDefault(l => l.StartsWith("__version__", StringComparison.Ordinal))?.Split('\'', '"').ElementAtOrDefault(1);
    }
}

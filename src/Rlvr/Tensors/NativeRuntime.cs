using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using TorchSharp;

namespace Rlvr.Tensors;

/// <summary>
/// Loads libtorch once per process, before the first tensor. By default that is the libtorch of the NuGet package beside the program;
/// with <c>RLVR_LIBTORCH=DIR</c> it is an existing libtorch or PyTorch installation (the folder itself, its <c>lib</c>, or the
/// <c>torch</c> folder of a Python environment). The latter is how CUDA machines run without the CUDA package.
/// </summary>
public static class NativeRuntime
{
    /// <summary>The environment variable that names another libtorch.</summary>
    public const string LibtorchVariable = "RLVR_LIBTORCH";

    /// <summary>The libtorch version that TorchSharp's binding was built against; another one may lack a symbol.</summary>
    public const string ExpectedVersion = "2.10";

    private static readonly Lock Gate = new();
    private static NativeRuntimeInfo? loaded;

    /// <summary>Loads libtorch if it is not loaded yet. Cheap to call again.</summary>
    /// <returns>What was loaded from where.</returns>
    /// <exception cref="RlvrException">libtorch or TorchSharp's binding cannot be loaded; the message says what to do.</exception>
    public static NativeRuntimeInfo Initialize()
    {
        lock (Gate) return loaded ??= Load();
    }

    private static NativeRuntimeInfo Load()
    {
        string? requested = Environment.GetEnvironmentVariable(LibtorchVariable);
        if (!string.IsNullOrWhiteSpace(requested)) LoadExisting(requested);
        try
        {
            if (!torch.TryInitializeDeviceType(DeviceType.CPU)) throw new RlvrException("libtorch could not be initialised.");
        }
        catch (Exception e) when (e is NotSupportedException or DllNotFoundException or TypeInitializationException or BadImageFormatException)
        {
            throw new RlvrException(
                "libtorch could not be loaded: " + FirstLine(ProbeError() ?? e.Message)
                + " Run 'rlvr doctor'; set RLVR_LIBTORCH to the folder of an installed libtorch or PyTorch 2.10, or reinstall the package libtorch-cpu for this platform.", e);
        }
        IReadOnlyList<string> libraries = LoadedLibraries();
        string folder = libraries.FirstOrDefault(l => Path.GetFileName(l).Contains("torch_cpu", StringComparison.Ordinal)) is { } path
            ? Path.GetDirectoryName(path)! : "unknown";
        return new NativeRuntimeInfo(torch.__version__, folder, requested, libraries);
    }

    /// <summary>
    /// Loads the libraries of an existing installation by their full path, in order of dependency, so that TorchSharp's binding finds
    /// them by name when it is loaded after them.
    /// </summary>
    private static void LoadExisting(string requested)
    {
        // Segments that grow: else rollouts and updates, whose tensors have other sizes, keep blocks of their own. Read when the libraries are loaded.
        if (OperatingSystem.IsLinux()) NativeEnvironment.SetDefault("PYTORCH_CUDA_ALLOC_CONF", "expandable_segments:True");
        string folder = FindLibraryFolder(requested)
            ?? throw new RlvrException($"{LibtorchVariable}={requested}: no libtorch there (looked for {LibraryName("torch_cpu")} in it, in lib and in torch/lib). "
                + "Set it to the folder of a libtorch or PyTorch 2.10 installation, or unset it to use the packaged libtorch.");
        // Those of CUDA exist in CUDA builds only; libtorch_global_deps opens what the wheels of PyTorch bring beside it (cuBLAS, cuDNN, OpenMP).
        string[] order = ["torch_global_deps", "c10", "torch_cpu", "c10_cuda", "torch_cuda", "torch"];
        foreach (string name in order)
        {
            string file = Path.Combine(folder, LibraryName(name));
            if (!File.Exists(file)) continue;
            try
            {
                LoadGlobally(file);
            }
            catch (DllNotFoundException e)
            {
                throw new RlvrException($"{LibtorchVariable}={requested}: {file} does not load: {FirstLine(e.Message)}", e);
            }
        }
        string binding = Path.Combine(AppContext.BaseDirectory, LibraryName("LibTorchSharp"));
        if (!File.Exists(binding)) binding = Path.Combine(AppContext.BaseDirectory, "runtimes", RuntimeInformation.RuntimeIdentifier.Replace("debian.12", "linux", StringComparison.Ordinal), "native", LibraryName("LibTorchSharp"));
        if (!NativeLibrary.TryLoad(binding, out _))
        {
            string reason = "";
            try { NativeLibrary.Load(binding); } catch (Exception e) when (e is DllNotFoundException or BadImageFormatException) { reason = FirstLine(e.Message); }
            throw new RlvrException($"{LibtorchVariable}={requested}: TorchSharp's binding does not load against it ({reason}). It needs libtorch {ExpectedVersion}.");
        }
        // TorchSharp would now load the packaged libtorch beside this one; two copies in one process crash. It keeps in two private
        // flags whether it has loaded a backend.
        foreach (string flag in new[] { "nativeBackendLoaded", "nativeBackendCudaLoaded" })
            typeof(torch).GetField(flag, BindingFlags.NonPublic | BindingFlags.Static)?.SetValue(null, true);
    }

    private static string? FindLibraryFolder(string requested) =>
        new[] { requested, Path.Combine(requested, "lib"), Path.Combine(requested, "torch", "lib") }
            .Select(Path.GetFullPath).FirstOrDefault(folder => File.Exists(Path.Combine(folder, LibraryName("torch_cpu"))));

    private static string LibraryName(string name) =>
        OperatingSystem.IsWindows() ? name + ".dll" : OperatingSystem.IsMacOS() ? $"lib{name}.dylib" : $"lib{name}.so";

    /// <summary>On Linux with RTLD_GLOBAL: libtorch_cuda registers itself with symbols of libtorch_cpu.</summary>
    private static void LoadGlobally(string file)
    {
        if (!OperatingSystem.IsLinux())
        {
            NativeLibrary.Load(file);
            return;
        }
        const int lazy = 1, global = 0x100;
        if (dlopen(file, lazy | global) == 0)
            throw new DllNotFoundException(Marshal.PtrToStringUTF8(dlerror()) ?? "unknown reason");
    }

    [DllImport("libc", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint dlopen([MarshalAs(UnmanagedType.LPUTF8Str)] string file, int flags);

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint dlerror();

    /// <summary>The loader's own reason why the binding does not load: TorchSharp's message hides it.</summary>
    private static string? ProbeError()
    {
        foreach (string binding in Directory.EnumerateFiles(AppContext.BaseDirectory, LibraryName("LibTorchSharp"), SearchOption.AllDirectories))
        {
            try { NativeLibrary.Load(binding); }
            catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
            {
                return e.Message;
            }
        }
        return null;
    }

    private static string FirstLine(string text) => text.Trim().Split('\n')[0].Trim();

    private static List<string> LoadedLibraries()
    {
        using Process process = Process.GetCurrentProcess();
        return [.. process.Modules.Cast<ProcessModule>().Select(m => m.FileName)
            .Where(f => Path.GetFileName(f) is { } n && (n.Contains("torch", StringComparison.OrdinalIgnoreCase) || n.Contains("c10", StringComparison.Ordinal)
                || n.Contains("gomp", StringComparison.Ordinal) || n.Contains("iomp", StringComparison.Ordinal)) && !n.EndsWith("TorchSharp.dll", StringComparison.Ordinal))
            .Distinct().Order(StringComparer.Ordinal)];
    }
}

/// <summary>What <see cref="NativeRuntime"/> loaded.</summary>
/// <param name="Version">libtorch's version as TorchSharp reports it (the one its binding was built for).</param>
/// <param name="Folder">The folder of libtorch_cpu.</param>
/// <param name="Requested">The value of RLVR_LIBTORCH, or null.</param>
/// <param name="Libraries">Full paths of the native libraries in the process.</param>
public sealed record NativeRuntimeInfo(string Version, string Folder, string? Requested, IReadOnlyList<string> Libraries);

using System.Diagnostics;
using Rlvr.Tensors;

namespace Rlvr.Tests.Tensors;

public class NativeRuntimeTests
{
    [Fact]
    public void It_says_what_was_loaded_from_where()
    {
        NativeRuntimeInfo info = NativeRuntime.Initialize();
        Assert.Same(info, NativeRuntime.Initialize());
        Assert.StartsWith(NativeRuntime.ExpectedVersion, info.Version, StringComparison.Ordinal);
        Assert.Equal(Environment.GetEnvironmentVariable(NativeRuntime.LibtorchVariable), info.Requested);
        Assert.True(Directory.Exists(info.Folder), info.Folder);
        Assert.Contains(info.Libraries, l => Path.GetFileName(l).Contains("torch_cpu", StringComparison.Ordinal) && Path.GetDirectoryName(l) == info.Folder);
        Assert.Contains(info.Libraries, l => Path.GetFileName(l).Contains("LibTorchSharp", StringComparison.OrdinalIgnoreCase));
        Assert.All(info.Libraries, l => Assert.True(File.Exists(l), l));
    }

    [Fact]
    public void Two_threads_may_ask_at_once()
    {
        NativeRuntimeInfo[] infos = new NativeRuntimeInfo[8];
        Parallel.For(0, infos.Length, i => infos[i] = NativeRuntime.Initialize());
        Assert.All(infos, i => Assert.Same(infos[0], i));
    }

    /// <summary>What is loaded is decided once per process, so another process has to try it: these tests again, with the variable set.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("..")]
    public void Another_libtorch_can_be_named(string above)
    {
        // A libtorch folder is named by itself or by the folder whose lib it is; this one is called native.
        string folder = NativeRuntime.Initialize().Folder;
        if (above.Length > 0)
        {
            string library = Path.Combine(Directory.CreateTempSubdirectory("rlvr-libtorch-").FullName, "lib");
            Directory.CreateSymbolicLink(library, folder);
            folder = Path.GetDirectoryName(library)!;
        }
        (int exitCode, string output) = RunWith(folder);
        if (above.Length > 0) Directory.Delete(folder, recursive: true);
        Assert.True(exitCode == 0, output);
    }

    [Fact]
    public void A_folder_without_libtorch_is_refused()
    {
        string nowhere = Path.Combine(Path.GetTempPath(), "rlvr-no-libtorch");
        (int exitCode, string output) = RunWith(nowhere);
        Assert.NotEqual(0, exitCode);
        Assert.Contains($"RLVR_LIBTORCH={nowhere}: no libtorch there", output, StringComparison.Ordinal);
    }

    private static (int ExitCode, string Output) RunWith(string libtorch)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "Rlvr.Tests" + (OperatingSystem.IsWindows() ? ".exe" : ""));
        ProcessStartInfo start = new(program, ["-noColor", "-method", $"{typeof(NativeRuntimeTests).FullName}.{nameof(It_says_what_was_loaded_from_where)}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[NativeRuntime.LibtorchVariable] = libtorch;
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd() + errors.Result;
        process.WaitForExit();
        return (process.ExitCode, output);
    }
}

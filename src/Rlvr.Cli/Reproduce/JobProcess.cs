using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Rlvr.Cli.Output;

namespace Rlvr.Cli.Reproduce;

/// <summary>How a job's process ended.</summary>
/// <param name="Code">Its exit code.</param>
/// <param name="LastLines">What it said last on standard error.</param>
internal sealed record JobExit(int Code, IReadOnlyList<string> LastLines);

/// <summary>Runs this program again, with other arguments, as a process of its own.</summary>
internal static class JobProcess
{
    private const int KeptLines = 6;
    private const int SigTerm = 15;

    /// <summary>Runs it to its end.</summary>
    /// <param name="arguments">Of this program.</param>
    /// <param name="log">Where what it says goes, behind what is there.</param>
    /// <param name="line">Called with every line on standard error.</param>
    /// <param name="cancellation">Asks the process to stop; it is waited for all the same.</param>
    public static async Task<JobExit> RunAsync(IReadOnlyList<string> arguments, string log, Action<string> line, CancellationToken cancellation)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(log)!);
        using StreamWriter writer = new(new FileStream(log, FileMode.Append, FileAccess.Write, FileShare.Read), new UTF8Encoding(false)) { AutoFlush = true };
        writer.WriteLine($"--- {DateTimeOffset.UtcNow:yyyy-MM-dd HH:mm:ss} UTC: rlvr {string.Join(' ', arguments)}");
        Queue<string> last = new();
        object gate = new();
        using Process process = new() { StartInfo = StartInfo(arguments) };
        process.OutputDataReceived += (_, e) => Take(e.Data, isError: false);
        process.ErrorDataReceived += (_, e) => Take(e.Data, isError: true);
        process.Start();
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using (cancellation.Register(() => Stop(process)))
        {
            await process.WaitForExitAsync(CancellationToken.None);
        }
        lock (gate) return new JobExit(process.ExitCode, [.. last]);

        void Take(string? text, bool isError)
        {
            if (text is null) return;
            string clean = SafeText.Clean(text);
            lock (gate)
            {
                writer.WriteLine(clean);
                if (!isError || string.IsNullOrWhiteSpace(clean)) return;
                last.Enqueue(clean);
                if (last.Count > KeptLines) last.Dequeue();
            }
            line(clean);
        }
    }

    private static ProcessStartInfo StartInfo(IReadOnlyList<string> arguments)
    {
        (string program, IReadOnlyList<string> before) = ThisProgram();
        ProcessStartInfo info = new(program, [.. before, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        info.Environment[ParentWatch.Variable] = Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return info;
    }

    /// <summary>What starts this program: its own executable, or the runtime with its assembly.</summary>
    private static (string Program, IReadOnlyList<string> Before) ThisProgram()
    {
        string assembly = typeof(JobProcess).Assembly.Location;
        bool isEntry = Assembly.GetEntryAssembly() == typeof(JobProcess).Assembly;
        string? program = Environment.ProcessPath;
        bool isRuntime = program is null || Path.GetFileNameWithoutExtension(program) == "dotnet";
        if (isEntry && !isRuntime) return (program!, []);
        return (isRuntime && program is not null ? program : "dotnet", [assembly]);
    }

    // Of each kind of signal the first is a wish: where a terminal has sent Ctrl-C to all its processes already, this adds nothing.
    private static void Stop(Process process)
    {
        try
        {
            if (process.HasExited) return;
            if (OperatingSystem.IsWindows()) return; // the console tells all its processes
            _ = Kill(process.Id, SigTerm);
        }
        catch (InvalidOperationException)
        {
            // It has ended just now.
        }
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);
}

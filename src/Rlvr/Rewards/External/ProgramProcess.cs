using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;

namespace Rlvr.Rewards.External;

/// <summary>
/// One process of a reward program: a line in, a line out, within a time. Its three pipes have a thread each, so that neither a program that
/// reads nothing, nor one that writes without end, nor one whose children keep a pipe open can hold up the caller.
/// </summary>
internal sealed class ProgramProcess : IDisposable
{
    /// <summary>Longest line of an answer, in bytes.</summary>
    public const int MaxLineBytes = 65_536;

    /// <summary>How long a process may take to leave after its input has ended.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    private const int MaxErrorLines = 5;
    private const int MaxErrorBytes = 300;

    private readonly Process process;
    private readonly BlockingCollection<byte[]> requests = new(boundedCapacity: 1);
    private readonly BlockingCollection<(string? Line, string Problem)> answers = new(boundedCapacity: 16);
    private readonly Queue<string> errors = new();
    private readonly Thread errorReader;
    private int isDisposed;

    /// <summary>Starts the program.</summary>
    /// <param name="command">The program and its arguments.</param>
    /// <exception cref="RlvrException">It cannot be started.</exception>
    public ProgramProcess(IReadOnlyList<string> command)
    {
        ProcessStartInfo start = new(command[0], command.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            CreateNoWindow = true,
        };
        try
        {
            process = Process.Start(start)!;
        }
        catch (Exception e) when (e is Win32Exception or IOException or InvalidOperationException)
        {
            string reason = e is Win32Exception native ? new Win32Exception(native.NativeErrorCode).Message : e.Message;
            throw new RlvrException($"the reward program '{string.Join(' ', command)}' cannot be started: {reason.TrimEnd('.')}. "
                + "Expected the name of a program on the PATH, or the path of an executable file.", e);
        }
        Begin("reward program: input", Write);
        Begin("reward program: output", Read);
        errorReader = Begin("reward program: errors", ReadErrors);
    }

    /// <summary>The last lines of its standard error, joined by " | "; empty where it wrote none.</summary>
    public string LastWords
    {
        get
        {
            errorReader.Join(TimeSpan.FromMilliseconds(200)); // what it wrote before it ended may still be on its way
            lock (errors) return string.Join(" | ", errors);
        }
    }

    /// <summary>Sends a line and waits for one.</summary>
    /// <param name="request">The line with its end.</param>
    /// <param name="timeout">Longest wait.</param>
    /// <param name="reason">Why there is no answer; the process is then of no use any more.</param>
    /// <returns>The line without its end; null where none came.</returns>
    public string? Ask(byte[] request, TimeSpan timeout, out string reason)
    {
        try
        {
            requests.Add(request); // never waits: the writer takes one before the answer to it can come
            if (!answers.TryTake(out (string? Line, string Problem) answer, timeout))
            {
                reason = $"no answer within {timeout.TotalSeconds:0.###} s";
                return null;
            }
            reason = answer.Line is null && answer.Problem.Length == 0 ? EndOf() : answer.Problem;
            return answer.Line;
        }
        catch (Exception e) when (e is InvalidOperationException or ObjectDisposedException)
        {
            reason = "it was stopped";
            return null;
        }
    }

    /// <summary>Tells the program that nothing more comes.</summary>
    public void EndInput()
    {
        if (!requests.IsAddingCompleted) requests.CompleteAdding();
    }

    /// <summary>Waits until it has ended by itself.</summary>
    public void WaitForExit(TimeSpan atMost)
    {
        if (atMost > TimeSpan.Zero) process.WaitForExit((int)atMost.TotalMilliseconds);
    }

    /// <summary>Ends it, with every process that it started.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref isDisposed, 1) == 1) return;
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or AggregateException or NotSupportedException)
        {
            // It has ended already, or one of its children has, or may not be touched.
        }
        EndInput();
        answers.CompleteAdding();
        process.Dispose();
    }

    private string EndOf() => process.WaitForExit(1_000) ? $"it ended with exit code {process.ExitCode} instead of an answer" : "it closed its standard output instead of an answer";

    private void Write()
    {
        using Stream input = process.StandardInput.BaseStream;
        foreach (byte[] request in requests.GetConsumingEnumerable())
        {
            input.Write(request);
            input.Flush();
        }
    }

    private void Read()
    {
        using Stream output = process.StandardOutput.BaseStream;
        BoundedLines lines = new(output, MaxLineBytes);
        try
        {
            while (lines.Next(out bool isCut) is { } line) answers.Add(isCut ? (null, $"a line of more than {MaxLineBytes} bytes") : (line, ""));
        }
        finally
        {
            if (!answers.IsAddingCompleted) answers.Add((null, ""));
        }
    }

    private void ReadErrors()
    {
        using Stream output = process.StandardError.BaseStream;
        BoundedLines lines = new(output, MaxErrorBytes);
        while (lines.Next(out _) is { } line)
        {
            if (string.IsNullOrWhiteSpace(line)) continue;
            lock (errors)
            {
                errors.Enqueue(line.Trim());
                if (errors.Count > MaxErrorLines) errors.Dequeue();
            }
        }
    }

    // A pipe that breaks, because the process ends or is ended, is how these threads end.
    private static Thread Begin(string name, Action work)
    {
        Thread thread = new(() =>
        {
            try
            {
                work();
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
            {
            }
        })
        { IsBackground = true, Name = name };
        thread.Start();
        return thread;
    }
}

using Rlvr.Cli.Output;

namespace Rlvr.Cli;

/// <summary>Tells an error in one line. The whole story of an unexpected one goes to a log file.</summary>
internal static class Failure
{
    public static int Report(Exception error, Terminal terminal)
    {
        while (error is AggregateException { InnerExceptions.Count: 1 }) error = error.InnerException!;
        switch (error)
        {
            case OperationCanceledException:
                terminal.Error.WriteLine("stopped");
                return ExitCode.Stopped;
            case RlvrException known:
                Line(terminal, known.Message);
                return known.ExitCode;
            case IOException or UnauthorizedAccessException:
                Line(terminal, error.Message);
                return ExitCode.Failed;
            default:
                // Errors of libtorch bring a C++ backtrace along; a bug of this program brings a stack trace.
                string first = error.Message.Trim().Split('\n')[0].Trim();
                bool memory = first.Contains("allocate memory", StringComparison.Ordinal) || first.Contains("out of memory", StringComparison.Ordinal);
                Line(terminal, first + (memory ? ". Decode fewer rows at once (--max-rows, rollout.max_rows) or make micro-batches smaller (compute.micro_batch_tokens)." : "") + Log(error, terminal));
                return ExitCode.Failed;
        }
    }

    // A message that names a file and a place has its own "error:" behind them, as compilers do.
    private static void Line(Terminal terminal, string message)
    {
        string text = SafeText.Clean(message).Trim().ReplaceLineEndings(" ");
        terminal.Error.WriteLine(text.Contains(": error: ", StringComparison.Ordinal) ? text : "error: " + text);
    }

    private static string Log(Exception error, Terminal terminal)
    {
        string name = $"rlvr-error-{DateTimeOffset.UtcNow:yyyyMMdd-HHmmss}-{Environment.ProcessId}.log";
        foreach (string folder in new[] { terminal.LogFolder, Path.GetTempPath() }.OfType<string>())
        {
            try
            {
                string path = Path.Combine(folder, name);
                File.WriteAllText(path, error + Environment.NewLine);
                return $" (details: {path})";
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The next folder may do; without a log the first line must be enough.
            }
        }
        return "";
    }
}

using System.Diagnostics;
using Rlvr.Cli.Output;
using Rlvr.Math;

namespace Rlvr.Cli.Verify;

/// <summary>Verifies the lines of a file: in parallel, in their order, whatever its size.</summary>
internal sealed class FileVerification(Terminal terminal, MathVerifier verifier, VerifyFields fields, bool json, int show)
{
    /// <summary>The name that stands for standard input.</summary>
    public const string StandardInput = "-";

    private const int BatchLines = 256, BatchBytes = 1 << 18;

    /// <summary>Broken lines that are told one by one where they are not part of the output; the others are counted.</summary>
    private const int ToldErrors = 20;

    /// <summary>Verifies a file and writes what came of it.</summary>
    /// <returns>The exit code: 1 where lines were broken.</returns>
    /// <exception cref="RlvrException">The file cannot be read, or holds nothing.</exception>
    public int Run(string path)
    {
        string name = path == StandardInput ? "standard input" : path;
        VerifySummary summary = new(fields, show);
        ProgressLine progress = new(terminal);
        long start = Stopwatch.GetTimestamp();
        try
        {
            using Stream stream = Open(path);
            LineReader reader = new(stream, name);
            long length = stream.CanSeek ? stream.Length : 0;
            foreach ((IReadOnlyList<VerifyLine> lines, string output) in OrderedWork.Run(Batches(reader), Judge, terminal.Cancellation))
            {
                foreach (VerifyLine line in lines)
                {
                    summary.Add(line);
                    if (!json && line.Error is { } error && summary.Errors <= ToldErrors) progress.Note($"{name}({line.Number}): error: {SafeText.OneLine(error, 600)}");
                }
                if (json) terminal.Out.Write(output);
                progress.Report("verifying, in MB", reader.Position >> 20, length >> 20, FormattableString.Invariant($"{summary.Pairs:#,0} pairs"));
            }
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new RlvrException($"{name}: error: there is no such file. Name a file of JSON lines, or - for standard input.", error);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new RlvrException($"{name}: error: {(Directory.Exists(path) ? "is a folder, expected a file of JSON lines" : "cannot be read: permission denied")}.", error);
        }
        finally
        {
            progress.Clear();
        }
        if (json) terminal.Out.Flush();
        if (summary.Pairs + summary.Errors == 0) throw new RlvrException($"{name}: error: there are no lines in it. Expected one JSON object a line, with '{fields.Answer}' and '{fields.Expected}'.");
        summary.Write(json ? terminal.ErrorTables : terminal.Tables, name, verifier.Profile, Stopwatch.GetElapsedTime(start));
        if (summary.Errors == 0) return ExitCode.Done;
        string told = json ? "; each has an \"error\" in the output" : summary.Errors > ToldErrors ? $"; the first {ToldErrors} are told above" : "";
        terminal.Error.WriteLine(FormattableString.Invariant($"{SafeText.Clean(name)}: error: {summary.Errors:#,0} of {summary.Pairs + summary.Errors:#,0} lines are broken{told}."));
        return ExitCode.Failed;
    }

    private Stream Open(string path) =>
        path == StandardInput ? terminal.OpenInput() : new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0, FileOptions.SequentialScan);

    private static IEnumerable<List<(long Number, byte[]? Line)>> Batches(LineReader reader)
    {
        List<(long, byte[]?)> batch = [];
        int bytes = 0;
        foreach ((long number, byte[]? line) in reader.Lines())
        {
            batch.Add((number, line));
            bytes += line?.Length ?? 0;
            if (batch.Count < BatchLines && bytes < BatchBytes) continue;
            yield return batch;
            (batch, bytes) = ([], 0);
        }
        if (batch.Count > 0) yield return batch;
    }

    private (IReadOnlyList<VerifyLine> Lines, string Output) Judge(List<(long Number, byte[]? Line)> batch)
    {
        List<VerifyLine> lines = [.. batch.Select(entry => VerifyLine.Judge(entry.Number, entry.Line, fields, verifier))];
        return (lines, json ? string.Concat(lines.Select(VerifyJson.Line)) : "");
    }
}

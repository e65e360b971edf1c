using System.Text;
using Rlvr.Data;
using Rlvr.Runs;

namespace Rlvr.Evaluation;

/// <summary>
/// The responses of one suite, one JSON object a line, in a file that grows by whole lines as responses come. A line that a crash tore is cut off.
/// Open for writing by one process at a time.
/// </summary>
internal sealed class SuiteFile : IDisposable
{
    private readonly string path, suite;
    private readonly EvaluationSettings settings;
    private readonly IReadOnlyList<Problem> problems;
    private readonly FileStream stream;
    private readonly FileStream held; // a file beside it that says that somebody writes; readers of the responses are free to look
    private readonly (long Start, int Length)[] lines; // of each response, problem by problem; length 0 where there is none yet
    private readonly List<EvaluatedResponse> responses = [];
    private bool inOrder = true;
    private int last = -1; // the response of the last line

    /// <summary>Opens the file, or makes it, and reads what is there.</summary>
    /// <exception cref="RlvrException">It cannot be read or written, another process writes to it, or a line does not belong to this evaluation.</exception>
    public SuiteFile(string path, string suite, EvaluationSettings settings, IReadOnlyList<Problem> problems)
    {
        this.path = path;
        this.suite = suite;
        this.settings = settings;
        this.problems = problems;
        lines = new (long, int)[problems.Count * settings.Samples];
        string beside = Path.Combine(Path.GetDirectoryName(path)!, $".{Path.GetFileName(path)}.lock");
        held = Open(beside, () => new FileStream(beside, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0, FileOptions.DeleteOnClose), " Is another evaluation writing to this folder?");
        try
        {
            stream = Open(path, () => new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0), "");
            ReadAll();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The responses that were there when it was opened.</summary>
    public IReadOnlyList<EvaluatedResponse> Responses => responses;

    /// <summary>Adds a response, in one write.</summary>
    /// <exception cref="RlvrException">It cannot be written.</exception>
    public void Append(EvaluatedResponse response)
    {
        Problem problem = problems[response.Problem];
        byte[] line = Encoding.UTF8.GetBytes(ResponseRecord.Of(suite, problem, settings.Prompt.Render(problem), response).ToJson() + "\n");
        try
        {
            long start = stream.Length;
            stream.Seek(start, SeekOrigin.Begin);
            stream.Write(line);
            Place((response.Problem * settings.Samples) + response.Sample, start, line.Length);
        }
        catch (IOException e)
        {
            throw new RlvrException($"'{path}' cannot be written: {IoReason.Of(e)}. Free some space; the same command goes on with what is there.", e);
        }
    }

    /// <summary>Says that all responses are there: the file is put in the order of the problems, so that how often it was stopped does not show.</summary>
    public void Complete()
    {
        if (inOrder) return;
        AtomicFile.Write(path, target =>
        {
            byte[] buffer = [];
            foreach ((long start, int length) in lines)
            {
                if (buffer.Length < length) buffer = new byte[length];
                stream.Seek(start, SeekOrigin.Begin);
                stream.ReadExactly(buffer, 0, length);
                target.Write(buffer, 0, length);
            }
            stream.Dispose(); // before the new file takes the old one's name
        });
    }

    public void Dispose()
    {
        stream?.Dispose();
        held.Dispose();
    }

    private static FileStream Open(string path, Func<FileStream> open, string hint)
    {
        try
        {
            return open();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RlvrException($"'{path}' cannot be opened: {IoReason.Of(e)}.{hint}", e);
        }
    }

    private void ReadAll()
    {
        Dictionary<string, int> indices = new(StringComparer.Ordinal);
        for (int i = 0; i < problems.Count; i++)
        {
            if (!indices.TryAdd(problems[i].Id, i))
                throw new RlvrException($"suite '{suite}' has two problems with the id '{problems[i].Id}'; ids must be unique where responses are kept.");
        }
        long whole = LineReader.Read(stream, (number, start, line) =>
        {
            ResponseRecord record = ResponseRecord.Parse(path, number, line);
            if (!indices.TryGetValue(record.Id, out int problem) || record.Sample < 0 || record.Sample >= settings.Samples)
                throw new RlvrException($"{path}({number}): error: response {record.Sample} to the problem '{record.Id}' is none of this evaluation. Choose another folder, or remove the line.");
            int place = (problem * settings.Samples) + record.Sample;
            if (lines[place].Length > 0) throw new RlvrException($"{path}({number}): error: there is a second response {record.Sample} to the problem '{record.Id}'. Remove one of the lines.");
            responses.Add(record.ToResponse(problem));
            Place(place, start, line.Length + 1);
        });
        if (whole < stream.Length) stream.SetLength(whole);
    }

    private void Place(int response, long start, int length)
    {
        lines[response] = (start, length);
        inOrder &= response == last + 1;
        last = response;
    }
}

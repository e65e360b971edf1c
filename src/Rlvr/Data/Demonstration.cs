using Rlvr.Hub;

namespace Rlvr.Data;

/// <summary>A problem with a response, shown to a model before every question: in-context learning instead of training.</summary>
/// <param name="Problem">The problem.</param>
/// <param name="Response">The response, as a model would write it.</param>
public sealed record Demonstration(Problem Problem, string Response)
{
    /// <summary>The largest file of a response that is read, in bytes.</summary>
    private const int MaxBytes = 1 << 20;

    /// <summary>Makes one of the first problem of a set.</summary>
    /// <param name="set">The set, as <see cref="ProblemSets.Load"/> takes it.</param>
    /// <param name="responseFile">A text file with the response; null takes the solution that the set has, else the label in a box and nothing else.</param>
    /// <param name="observer">Watches a download.</param>
    /// <param name="cancellation">Stops a download.</param>
    /// <exception cref="RlvrException">The set or the file cannot be read, or there is nothing to show.</exception>
    public static Demonstration Load(string set, string? responseFile = null, IPullObserver? observer = null, CancellationToken cancellation = default)
    {
        Problem problem = ProblemSets.Load(set, observer, cancellation)[0];
        if (responseFile is not null) return new(problem, ReadResponse(responseFile));
        if (problem.Solution?.Trim() is { Length: > 0 } solution) return new(problem, solution);
        return problem.Answer.Length > 0 ? new(problem, $@"\boxed{{{problem.Answer}}}")
            : throw new RlvrException($"{set}: error: its first problem, '{problem.Id}', has neither a solution nor a label, so there is nothing to show. Name a file with a response (--in-context-response), or another set.");
    }

    private static string ReadResponse(string path)
    {
        string found = FileLocator.Find(path);
        try
        {
            FileInfo file = new(found);
            if (file.Exists && file.Length > MaxBytes) throw new RlvrException($"{path}: error: the response has {file.Length:N0} bytes. Expected at most {MaxBytes:N0}.");
            string text = File.ReadAllText(found).ReplaceLineEndings("\n").Trim();
            return text.Length > 0 ? text : throw new RlvrException($"{path}: error: the file is empty. Expected the text of a response.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RlvrException($"{path}: error: the response cannot be read: {e.Message} Expected a text file.", e);
        }
    }
}

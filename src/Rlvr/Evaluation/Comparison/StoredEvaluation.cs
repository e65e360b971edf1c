using Rlvr.Runs;

namespace Rlvr.Evaluation;

/// <summary>An evaluation read back from its folder, or from a file of responses.</summary>
/// <param name="Path">Folder or file.</param>
/// <param name="Suites">Its suites, complete.</param>
public sealed record StoredEvaluation(string Path, IReadOnlyList<StoredSuite> Suites)
{
    /// <summary>Reads.</summary>
    /// <param name="path">A folder of <see cref="EvaluationFolder"/>, or a .jsonl file of one or several suites.</param>
    /// <param name="only">Names of the suites to read; null reads all.</param>
    /// <exception cref="RlvrException">There is no evaluation, a suite is missing or not complete, or a line is broken.</exception>
    public static StoredEvaluation Read(string path, IReadOnlyCollection<string>? only = null)
    {
        List<StoredSuite> suites = File.Exists(path) ? ReadFile(path) : ReadFolder(path, only);
        foreach (string name in only ?? [])
        {
            if (suites.All(s => s.Name != name))
                throw new RlvrException($"'{path}' has no suite '{name}'.{Suggestion.DidYouMean(name, suites.Select(s => s.Name))} It has {string.Join(", ", suites.Select(s => s.Name))}.");
        }
        return new StoredEvaluation(path, [.. suites.Where(s => only is null || only.Contains(s.Name))]);
    }

    private static List<StoredSuite> ReadFolder(string path, IReadOnlyCollection<string>? only)
    {
        if (!EvaluationFolder.Exists(path))
            throw new RlvrException($"there is no evaluation '{path}': expected a folder with {EvaluationFolder.SettingsFile}, as 'rlvr eval MODEL --suite NAME --out DIR' writes it, or a .jsonl file of responses.");
        EvaluationFolder folder = EvaluationFolder.Open(path);
        List<StoredSuite> suites = [];
        foreach (string suite in folder.Suites.Where(s => only is null || only.Contains(s)))
        {
            IReadOnlyDictionary<string, string> settings = folder.SettingsOf(suite);
            List<ResponseRecord> records = ReadRecords(folder.FileOf(suite));
            long expected = int.TryParse(settings.GetValueOrDefault("problems"), out int problems) && int.TryParse(settings.GetValueOrDefault("samples"), out int samples) ? (long)problems * samples : 1;
            if (records.Count < expected)
                throw new RlvrException($"'{path}' is not complete: {suite} has {records.Count} of {expected} responses. The command that began it goes on with it.");
            suites.Add(Group(folder.FileOf(suite), suite, records, settings));
        }
        return suites.Count > 0 || only is not null ? suites : throw new RlvrException($"the evaluation '{path}' has no suites.");
    }

    private static List<StoredSuite> ReadFile(string path)
    {
        List<ResponseRecord> records = ReadRecords(path);
        if (records.Count == 0) throw new RlvrException($"there are no responses in '{path}'. Expected one JSON object a line.");
        return [.. records.GroupBy(r => r.Suite).Select(g => Group(path, g.Key, [.. g], new Dictionary<string, string>()))];
    }

    private static List<ResponseRecord> ReadRecords(string path)
    {
        List<ResponseRecord> records = [];
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            LineReader.Read(stream, (number, _, line) => records.Add(ResponseRecord.Parse(path, number, line)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RlvrException($"'{path}' cannot be read: {IoReason.Of(e)}.", e);
        }
        return records;
    }

    private static StoredSuite Group(string path, string suite, List<ResponseRecord> records, IReadOnlyDictionary<string, string> settings)
    {
        StoredProblem[] problems = [.. records.GroupBy(r => r.Id).Select(g => new StoredProblem(g.Key, [.. g.OrderBy(r => r.Sample)]))];
        int samples = problems[0].Responses.Count;
        foreach (StoredProblem problem in problems)
        {
            if (problem.Responses.DistinctBy(r => r.Sample).Count() != problem.Responses.Count)
                throw new RlvrException($"'{path}' has the same response to the problem '{problem.Id}' twice. Is it of more than one evaluation?");
            if (problem.Responses.Count != samples)
                throw new RlvrException($"'{path}' is not complete: {samples} responses to '{problems[0].Id}', but {problem.Responses.Count} to '{problem.Id}'.");
        }
        return new StoredSuite(suite, problems, settings);
    }
}

/// <summary>A suite of a stored evaluation.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Problems">Its problems; at least one, all with the same number of responses.</param>
/// <param name="Settings">How it was evaluated, in words; empty where only the responses are known.</param>
public sealed record StoredSuite(string Name, IReadOnlyList<StoredProblem> Problems, IReadOnlyDictionary<string, string> Settings)
{
    /// <summary>Responses a problem.</summary>
    public int Samples => Problems[0].Responses.Count;

    /// <summary>Share of right responses.</summary>
    public double Accuracy => Problems.Average(p => p.Accuracy);

    /// <summary>Right responses to each problem, and of how many.</summary>
    internal IReadOnlyList<(int Correct, int Samples)> Counts => [.. Problems.Select(p => (p.Correct, p.Responses.Count))];
}

/// <summary>The responses to a problem.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Responses">By sample; at least one.</param>
public sealed record StoredProblem(string Id, IReadOnlyList<ResponseRecord> Responses)
{
    /// <summary>Right responses.</summary>
    public int Correct => Responses.Count(r => r.Correct);

    /// <summary>Share of right responses.</summary>
    public double Accuracy => (double)Correct / Responses.Count;
}

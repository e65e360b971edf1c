using Rlvr.Data.Reading;
using Rlvr.Hub;

namespace Rlvr.Data;

/// <summary>
/// Finds the files of a benchmark: a path that was named, a local folder of data sets, or a hub, in this order. The problems are counted
/// whichever it is.
/// </summary>
internal static class BenchmarkFiles
{
    /// <summary>The environment variable that names the local folder of data sets; without it that is <c>data</c>, here or in a folder above.</summary>
    public const string FolderVariable = "RLVR_DATA";

    private const string DefaultFolder = "data";

    /// <summary>Loads a benchmark.</summary>
    /// <param name="benchmark">Which.</param>
    /// <param name="path">A file, or a folder with the file in it, that was named for it; null looks for it.</param>
    /// <param name="fields">Other names of the fields; null takes the benchmark's.</param>
    /// <param name="observer">Watches a download.</param>
    /// <param name="cancellation">Stops a download.</param>
    /// <exception cref="RlvrException">The file is nowhere, cannot be read, or has another number of problems.</exception>
    public static IReadOnlyList<Problem> Load(Benchmark benchmark, string? path, ProblemFields? fields, IPullObserver? observer, CancellationToken cancellation)
    {
        string[] files = path is not null ? Named(benchmark, path) : Local(benchmark) ?? FromHub(benchmark, observer, cancellation);
        IReadOnlyList<Problem> problems = ProblemReader.Read(files, benchmark.Name, fields ?? benchmark.Fields);
        if (problems.Count != benchmark.Count)
        {
            string place = files.Length == 1 ? files[0] : $"{files[0]} and {files.Length - 1} more files";
            throw new RlvrException($"{place}: error: found {problems.Count} problems, expected the {benchmark.Count} of {benchmark.Title}. "
                + $"{(files.Length == 1 ? $"To use it as a set of its own, name the file alone: {files[0]}. " : "")}{LocalCopy(benchmark)}");
        }
        return [.. problems.Select(problem => problem.Source is null ? problem with { Source = benchmark.Name } : problem)];
    }

    private static string[] Named(Benchmark benchmark, string path)
    {
        string found = FileLocator.Find(path);
        if (!Directory.Exists(found)) return [found];
        return FilesIn(benchmark, found) ?? throw new RlvrException($"{path}: error: the folder has no file of {benchmark.Title}. "
            + $"Expected {benchmark.Split}.jsonl, {benchmark.Split}.json or {benchmark.Split}.parquet in it{(benchmark.Sources is [var source, ..] ? $", or {source.Files[0]}" : "")}. Or name the file.");
    }

    private static string[]? Local(Benchmark benchmark)
    {
        string? folder = Environment.GetEnvironmentVariable(FolderVariable);
        if (folder is { Length: > 0 } && !Directory.Exists(folder))
            throw new RlvrException($"{FolderVariable}={folder}: error: there is no such folder. Set it to the folder of your data sets, or unset it.");
        string root = folder is { Length: > 0 } ? folder : FileLocator.Find(DefaultFolder);
        IEnumerable<string> folders = [benchmark.Name, benchmark.Folder ?? benchmark.Name, .. benchmark.Sources.SelectMany(source => new[] { source.Repository, Path.GetFileName(source.Repository) })];
        return folders.Distinct().Select(name => FilesIn(benchmark, Path.Combine(root, name))).FirstOrDefault(files => files is not null)
            ?? Existing(DataFile.Extensions.Select(extension => Path.Combine(root, benchmark.Name + extension)));
    }

    // test.jsonl as the released evaluation has it, or a copy of what a hub has.
    private static string[]? FilesIn(Benchmark benchmark, string folder) =>
        Existing(DataFile.Extensions.Select(extension => Path.Combine(folder, benchmark.Split + extension)))
            ?? benchmark.Sources.Select(source => source.Files.Select(file => Path.Combine(folder, file)).ToArray()).FirstOrDefault(files => files.All(File.Exists));

    private static string[]? Existing(IEnumerable<string> files) => files.FirstOrDefault(File.Exists) is { } file ? [file] : null;

    private static string[] FromHub(Benchmark benchmark, IPullObserver? observer, CancellationToken cancellation)
    {
        RlvrException? first = null;
        foreach (BenchmarkSource source in benchmark.Sources)
        {
            try
            {
                return [.. source.Files.SelectMany(file => HubFiles.Locate($"{source.Repository}:{file}", observer, cancellation))];
            }
            catch (RlvrException error)
            {
                first ??= error;
            }
        }
        throw new RlvrException($"{benchmark.Name}: error: {benchmark.Title} is not on this machine and could not be fetched. {first!.Message} {LocalCopy(benchmark)}", first);
    }

    private static string LocalCopy(Benchmark benchmark) =>
        $"A copy of yours: {benchmark.Name}=PATH, or {Path.Combine(Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } folder ? folder : DefaultFolder, benchmark.Folder ?? benchmark.Name, benchmark.Split + ".jsonl")}.";
}

using System.Text.RegularExpressions;
using Rlvr.Data.Reading;
using Rlvr.Hub;
using Rlvr.MicroMath;

namespace Rlvr.Data;

/// <summary>
/// Problems by name: a suite of the micro-maths world, a benchmark, a file, a data set of a hub. Behind a file, a data set or a
/// benchmark may stand which fields hold what: <c>my.parquet?text=question&amp;answer=final_answer</c>.
/// </summary>
public static partial class ProblemSets
{
    /// <summary>What may stand before the name of a suite of the micro-maths world.</summary>
    public const string MicroPrefix = "micro:";

    // Names of files that say nothing without their folder.
    private static readonly string[] SplitNames = ["test", "train", "validation", "dev", "data"];

    /// <summary>Loads problems.</summary>
    /// <param name="name">
    /// A suite of the micro-maths world (<c>micro500</c>, <c>micro:rl-pool</c>; see <see cref="MicroSuites.Names"/>), a benchmark
    /// (<c>math500</c>; see <see cref="Benchmarks.All"/>) or one with a local copy (<c>math500=data/test.jsonl</c>), the path of a .jsonl, .json or
    /// .parquet file, or a hub's data set (<c>owner/name</c>, <c>owner/name@revision:path/in/it.parquet</c>).
    /// </param>
    /// <param name="observer">Watches a download.</param>
    /// <param name="cancellation">Stops a download; what has come is kept.</param>
    /// <exception cref="RlvrException">There is no such set, its file cannot be read, or a benchmark's number of problems is wrong.</exception>
    public static IReadOnlyList<Problem> Load(string name, IPullObserver? observer = null, CancellationToken cancellation = default)
    {
        bool prefixed = name.StartsWith(MicroPrefix, StringComparison.Ordinal);
        string suite = prefixed ? name[MicroPrefix.Length..] : name;
        if (MicroSuites.Names.Contains(suite)) return [.. MicroSuites.Get(suite).Select(FromMicro)];
        if (!prefixed)
        {
            (Benchmark? benchmark, string? location, string? assignments) = Split(name);
            ProblemFields? fields = assignments is null ? null : ProblemFields.Parse(assignments, name);
            if (benchmark is not null) return BenchmarkFiles.Load(benchmark, location, fields, observer, cancellation);
            if (location is not null && Locate(location, observer, cancellation) is { } paths) return ProblemReader.Read(paths, Short(location), fields ?? new());
        }
        if (Benchmarks.Groups.TryGetValue(name, out IReadOnlyList<string>? members))
            throw new RlvrException($"'{name}' is a group of sets: {string.Join(", ", members)}. Expected one set of problems here.");
        IEnumerable<string> known = [.. MicroSuites.Names, .. Benchmarks.All.Select(b => b.Name)];
        throw new RlvrException($"there is no set of problems '{name}'.{Suggestion.DidYouMean(suite.Split('=', '?')[0], known)}"
            + $" Expected one of {string.Join(", ", known)}, a .jsonl, .json or .parquet file, or a hub's data set (owner/name).");
    }

    /// <summary>The short name of a set, for tables: a file without its folder and extension, a suite without its prefix, a benchmark without its path.</summary>
    public static string ShortName(string name)
    {
        if (name.StartsWith(MicroPrefix, StringComparison.Ordinal)) return name[MicroPrefix.Length..];
        (Benchmark? benchmark, string? location, _) = Split(name);
        if (benchmark is not null || location is null) return benchmark?.Name ?? name;
        return Short(location);
    }

    // NAME, NAME=PATH or PATH, and what stands behind a question mark. A file that really has such a name comes first.
    private static (Benchmark? Benchmark, string? Location, string? Assignments) Split(string name)
    {
        if (File.Exists(name)) return (null, name, null);
        int mark = name.IndexOf('?', StringComparison.Ordinal);
        (string location, string? assignments) = mark < 0 ? (name, null) : (name[..mark], name[(mark + 1)..]);
        int equals = location.IndexOf('=', StringComparison.Ordinal);
        if (Benchmarks.Find(equals < 0 ? location : location[..equals]) is { } benchmark)
            return (benchmark, equals < 0 || equals + 1 == location.Length ? null : location[(equals + 1)..], assignments);
        return (null, location.Length == 0 ? null : location, assignments);
    }

    private static IReadOnlyList<string>? Locate(string location, IPullObserver? observer, CancellationToken cancellation)
    {
        string path = FileLocator.Find(location);
        if (Directory.Exists(path)) throw new RlvrException($"{location}: error: this is a folder. Expected a file of problems; name one in it.");
        if (File.Exists(path)) return [path];
        if (IsHubId(location, out _)) return HubFiles.Locate(location, observer, cancellation);
        return DataFile.HasExtension(location) && !location.Contains('=', StringComparison.Ordinal) ? [path] : null;
    }

    private static string Short(string location)
    {
        if (IsHubId(location, out string name)) return name;
        if (!DataFile.HasExtension(location)) return location;
        string file = Path.GetFileNameWithoutExtension(location);
        return SplitNames.Contains(file) && Path.GetFileName(Path.GetDirectoryName(location)) is { Length: > 0 } folder ? folder : file;
    }

    // owner/name.jsonl is a file.
    private static bool IsHubId(string location, out string name)
    {
        Match match = HubId().Match(location);
        name = match.Groups["name"].Value;
        return match.Success && !DataFile.HasExtension(name);
    }

    internal static Problem FromMicro(MicroProblem problem) => new(problem.Id, problem.Text, problem.Answer, problem.Subject, Source: "micro-math") { Solution = problem.Solution };

    [GeneratedRegex(@"^[A-Za-z0-9][\w.-]*/(?<name>[A-Za-z0-9][\w.-]*)(@[\w./-]+)?(:[\w./ *-]+)?$")]
    private static partial Regex HubId();
}

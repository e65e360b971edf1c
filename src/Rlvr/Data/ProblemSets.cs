using Rlvr.MicroMath;

namespace Rlvr.Data;

/// <summary>Problems by name: the suites of the micro-maths world, or a file.</summary>
public static class ProblemSets
{
    /// <summary>What may stand before the name of a suite of the micro-maths world.</summary>
    public const string MicroPrefix = "micro:";

    /// <summary>Loads problems.</summary>
    /// <param name="name">
    /// A suite of the micro-maths world (<c>micro500</c>, <c>micro:rl-pool</c>; see <see cref="MicroSuites.Names"/>), or the path of a .jsonl file.
    /// </param>
    /// <exception cref="RlvrException">There is no such set, or its file cannot be read.</exception>
    public static IReadOnlyList<Problem> Load(string name)
    {
        bool prefixed = name.StartsWith(MicroPrefix, StringComparison.Ordinal);
        string suite = prefixed ? name[MicroPrefix.Length..] : name;
        if (MicroSuites.Names.Contains(suite)) return [.. MicroSuites.Get(suite).Select(FromMicro)];
        if (!prefixed && (name.EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase) || File.Exists(name))) return ProblemReader.Read(name);
        throw new RlvrException($"there is no set of problems '{name}'.{Suggestion.DidYouMean(suite, MicroSuites.Names)}"
            + $" Expected one of {string.Join(", ", MicroSuites.Names)}, or a .jsonl file.");
    }

    /// <summary>The short name of a set, for tables: a file without its folder and extension, a suite without its prefix.</summary>
    public static string ShortName(string name) =>
        name.StartsWith(MicroPrefix, StringComparison.Ordinal) ? name[MicroPrefix.Length..]
        : name.EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase) ? Path.GetFileNameWithoutExtension(name) : name;

    private static Problem FromMicro(MicroProblem problem) => new(problem.Id, problem.Text, problem.Answer, problem.Subject, Source: "micro-math");
}

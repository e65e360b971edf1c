using Rlvr.Data;

namespace Rlvr.Experiments;

/// <summary>How many problems sets have, as far as that is known without asking a hub.</summary>
public sealed class ProblemSizes
{
    private readonly Dictionary<string, int> known = [];
    private readonly List<string> missing = [];

    /// <summary>Sets that were asked for and are not on this machine; they count as empty.</summary>
    public IReadOnlyList<string> Missing => missing;

    /// <summary>The number of problems of a set.</summary>
    /// <param name="set">Its name, as recipes have it.</param>
    /// <exception cref="RlvrException">It is here and cannot be read, or there is no such set.</exception>
    public int Of(string set)
    {
        if (known.TryGetValue(set, out int size)) return size;
        if (Benchmarks.Find(set.Split('=', '?')[0]) is { } benchmark) size = benchmark.Count;
        else if (!IsHere(set)) missing.Add(set);
        else size = ProblemSets.Load(set).Count;
        return known[set] = size;
    }

    /// <summary>Whether a set that is no benchmark is a file of this machine or comes with this library.</summary>
    internal static bool IsHere(string set) => set.Split('?')[0] is var path && (!path.Contains('/', StringComparison.Ordinal) || File.Exists(FileLocator.Find(path)));
}

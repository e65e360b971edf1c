namespace Rlvr.Experiments;

/// <summary>Finds the experiments that a user names.</summary>
public static class ExperimentNames
{
    /// <summary>The word for all of them.</summary>
    public const string All = "all";

    /// <summary>The experiments of some names, each once, in the paper's order.</summary>
    /// <param name="names">Ids in any case, or <c>all</c>.</param>
    /// <param name="known">The experiments there are.</param>
    /// <exception cref="ExperimentException">There is no experiment of a name.</exception>
    public static IReadOnlyList<Experiment> Find(IReadOnlyList<string> names, IReadOnlyList<Experiment> known)
    {
        foreach (string name in names)
        {
            if (Same(name, All) || known.Any(e => Same(e.Id, name))) continue;
            throw new ExperimentException($"there is no experiment '{name}'.{Suggestion.DidYouMean(name, [.. known.Select(e => e.Id), All])} Expected one of {string.Join(", ", known.Select(e => e.Id))}, or all; 'rlvr reproduce --list' says what each is.");
        }
        return [.. known.Where(e => names.Any(n => Same(n, All) || Same(n, e.Id)))];
    }

    private static bool Same(string a, string b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);
}

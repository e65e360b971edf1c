namespace Rlvr;

/// <summary>Finds what a mistyped name was probably meant to be, for "Did you mean ...?" in messages.</summary>
public static class Suggestion
{
    /// <summary>
    /// The candidate nearest to <paramref name="name"/>, or null when none is near: few edits away, or sharing its words
    /// (<c>kl_coeff</c> is near <c>kl</c>).
    /// </summary>
    public static string? Nearest(string name, IEnumerable<string> candidates)
    {
        string? best = null;
        var bestScore = double.PositiveInfinity;
        foreach (var candidate in candidates)
        {
            var distance = EditDistance(name.ToLowerInvariant(), candidate.ToLowerInvariant());
            var near = distance <= int.Max(1, int.Max(name.Length, candidate.Length) / 3);
            // Equal words beat a chance similarity of letters only when the letters are far apart.
            var score = near ? distance : SharesWords(name, candidate) ? 100 + distance : double.PositiveInfinity;
            if (score < bestScore)
                (best, bestScore) = (candidate, score);
        }
        return best;
    }

    /// <summary><c> Did you mean 'x'?</c> with a space before it, or nothing when no candidate is near.</summary>
    public static string DidYouMean(string name, IEnumerable<string> candidates) =>
        Nearest(name, candidates) is { } nearest ? $" Did you mean '{nearest}'?" : "";

    private static bool SharesWords(string name, string candidate)
    {
        char[] separators = ['_', '-', '.', ' '];
        var words = name.Split(separators, StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var others = candidate.Split(separators, StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return words.Count > 0 && others.Count > 0 && (words.IsSubsetOf(others) || others.IsSubsetOf(words));
    }

    /// <summary>Insertions, deletions, substitutions and swaps of neighbours that turn one text into the other.</summary>
    internal static int EditDistance(string a, string b)
    {
        var d = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
            d[i, 0] = i;
        for (var j = 0; j <= b.Length; j++)
            d[0, j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var change = d[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                d[i, j] = int.Min(change, int.Min(d[i - 1, j], d[i, j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    d[i, j] = int.Min(d[i, j], d[i - 2, j - 2] + 1);
            }
        }
        return d[a.Length, b.Length];
    }
}

using System.Security.Cryptography;
using System.Text.Json;
using Rlvr.Data;
using Rlvr.Runs;

namespace Rlvr.Experiments;

/// <summary>Tells sets of problems apart by what is in them: a file, or the world that a set is drawn from, may change while its name stays.</summary>
internal sealed class ProblemFingerprint
{
    private readonly Dictionary<string, string> known = [];

    /// <summary>A short hash of all problems of some sets.</summary>
    /// <param name="sets">Their names, as recipes have them. Benchmarks are counted where they are loaded, and hubs are not asked: both count by name.</param>
    /// <exception cref="RlvrException">There is no set of a name.</exception>
    public string Of(IEnumerable<string> sets) => Hash(string.Join('\n', sets.Select(One)));

    private string One(string set)
    {
        if (known.TryGetValue(set, out string? hash)) return hash;
        bool elsewhere = Benchmarks.Find(set.Split('=', '?')[0]) is not null || !ProblemSizes.IsHere(set);
        return known[set] = elsewhere ? set : Hash(JsonSerializer.Serialize(ProblemSets.Load(set), RunJson.Line));
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)))[..16];
}

using Rlvr.Experiments.Measures;

namespace Rlvr.Experiments.Catalog;

/// <summary>Findings that several experiments share.</summary>
internal static class Findings
{
    /// <summary>
    /// The same claims greedily and, where anything of it is measured, at temperature 0.6: the two need not agree.
    /// </summary>
    public static IReadOnlyList<Finding> ByDecoding(Func<Decoding, IReadOnlyList<Finding>> findings) =>
    [
        .. findings(Decoding.Greedy).Select(f => f with { Claim = $"{f.Claim} (greedy)" }),
        .. findings(Decoding.Sampled).Where(f => f.Agreement != Agreement.NotMeasured).Select(f => f with { Claim = $"{f.Claim} (temperature 0.6)" }),
    ];

    /// <summary>A paragraph that depends on a finding; empty where it has another outcome.</summary>
    public static string If(bool condition, string text) => condition ? text + "\n\n" : "";
}

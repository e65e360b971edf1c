namespace Rlvr.Algorithms.Advantages;

/// <summary>
/// An advantage estimator by row: from scores to one advantage per row, the same for all its response tokens. One of your own is a
/// function of this shape.
/// </summary>
/// <param name="scores">Total reward of each row; NaN for one that could not be scored.</param>
/// <param name="groups">Group of each row: any numbers, in any order.</param>
/// <param name="lengths">Response tokens of each row.</param>
public delegate double[] AdvantageEstimator(ReadOnlySpan<double> scores, ReadOnlySpan<int> groups, ReadOnlySpan<int> lengths);

/// <summary>The estimators that need no critic, by the names of a recipe's <c>loss.advantage</c>.</summary>
public static class AdvantageEstimators
{
    private static readonly SortedDictionary<string, AdvantageEstimator> Known = new(StringComparer.Ordinal)
    {
        ["grpo"] = (scores, groups, _) => Grpo.Compute(scores, groups),
        ["dr_grpo"] = (scores, groups, _) => DrGrpo.Compute(scores, groups),
        ["lite_ppo"] = (scores, groups, _) => LitePpo.Compute(scores, groups),
        ["grpo_passk"] = (scores, groups, _) => GrpoPassK.Compute(scores, groups),
        ["rloo"] = (scores, groups, _) => Rloo.Compute(scores, groups),
        ["opo"] = Opo.Compute,
        ["gpg"] = (scores, groups, _) => GroupPolicyGradient.Compute(scores, groups),
        ["reinforce_plus_plus"] = (scores, _, lengths) => ReinforcePlusPlus.Compute(scores, lengths),
        ["reinforce_plus_plus_baseline"] = ReinforcePlusPlusBaseline.Compute,
    };

    /// <summary>All names.</summary>
    public static IEnumerable<string> Names => Known.Keys;

    /// <summary>The estimator of a recipe's <c>loss.advantage</c>.</summary>
    /// <exception cref="RlvrException">The name is unknown.</exception>
    public static AdvantageEstimator Parse(string name) => Known.TryGetValue(name, out AdvantageEstimator? estimator)
        ? estimator
        : throw new RlvrException($"loss.advantage: unknown estimator '{name}'; expected one of {string.Join(", ", Names)}.{Suggestion.DidYouMean(name, Names)}");
}

namespace Rlvr.Algorithms.Advantages;

/// <summary>
/// The advantage estimators by the names of a recipe's <c>loss.advantage</c>. One of your own implements <see cref="IAdvantageEstimator"/> and is
/// given to the trainer as it is.
/// </summary>
public static class AdvantageEstimators
{
    private static readonly AlgorithmCatalog<IAdvantageEstimator> Known = new("estimator", "loss.advantage", "loss.advantage_parameters", new Dictionary<string, Type>
    {
        ["grpo"] = typeof(Grpo),
        ["dr_grpo"] = typeof(DrGrpo),
        ["lite_ppo"] = typeof(LitePpo),
        ["grpo_passk"] = typeof(GrpoPassK),
        ["rloo"] = typeof(Rloo),
        ["opo"] = typeof(Opo),
        ["gpg"] = typeof(GroupPolicyGradient),
        ["reinforce_plus_plus"] = typeof(ReinforcePlusPlus),
        ["reinforce_plus_plus_baseline"] = typeof(ReinforcePlusPlusBaseline),
        ["remax"] = typeof(ReMax),
        ["gae"] = typeof(Gae),
        ["optimal_token_baseline"] = typeof(OptimalTokenBaseline),
    });

    /// <summary>All names.</summary>
    public static IReadOnlyCollection<string> Names => Known.Names;

    /// <summary>The parameters of an estimator with their defaults, as a recipe would write them.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    public static IReadOnlyList<string> Parameters(string name) => Known.Parameters(name);

    /// <summary>The estimator of a recipe's <c>loss.advantage</c> and <c>loss.advantage_parameters</c>.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="parameters">Parameters as <c>name=value</c>; those that are left out have their defaults.</param>
    /// <exception cref="RlvrException">A name is unknown, or a value cannot be used.</exception>
    public static IAdvantageEstimator Parse(string name, IReadOnlyList<string>? parameters = null) => Known.Create(name, parameters ?? []);
}

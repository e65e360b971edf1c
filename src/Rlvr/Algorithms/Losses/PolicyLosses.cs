namespace Rlvr.Algorithms.Losses;

/// <summary>The policy losses by name. One of your own implements <see cref="IPolicyLoss"/> and is given to the trainer as it is.</summary>
public static class PolicyLosses
{
    // clipLow and clipHigh are null where the recipe leaves the loss its own default.
    private static readonly SortedDictionary<string, Func<double?, double?, IPolicyLoss>> Known = new(StringComparer.Ordinal)
    {
        ["clipped"] = (low, high) => new ClippedPolicy(low ?? 0.2, high ?? 0.2),
        ["dual_clip"] = (low, high) => new DualClip(low ?? 0.2, high ?? 0.2),
        ["gspo"] = (low, high) => new Gspo(low ?? 3e-4, high ?? 4e-4),
        ["sapo"] = (_, _) => new Sapo(),
        ["policy_gradient"] = (_, _) => new PolicyGradient(),
        ["cispo"] = (low, high) => new Cispo(low ?? 10, high ?? 0.2),
        ["gmpo"] = (low, high) => new GeometricMean(low ?? 0.4, high ?? 0.4),
        ["clip_cov"] = (low, high) => new ClipCov(low ?? 0.2, high ?? 0.2),
        ["kl_cov"] = (_, _) => new KlCov(),
        ["vespo"] = (_, _) => new Vespo(),
    };

    /// <summary>All names.</summary>
    public static IEnumerable<string> Names => Known.Keys;

    /// <summary>A policy loss by name.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="clipLow">Lower clip range; null for the loss's own default.</param>
    /// <param name="clipHigh">Upper clip range; null for the loss's own default.</param>
    /// <exception cref="RlvrException">The name is unknown.</exception>
    public static IPolicyLoss Parse(string name, double? clipLow = null, double? clipHigh = null) => Known.TryGetValue(name, out Func<double?, double?, IPolicyLoss>? create)
        ? create(clipLow, clipHigh)
        : throw new RlvrException($"loss.policy_loss: unknown policy loss '{name}'; expected one of {string.Join(", ", Names)}.{Suggestion.DidYouMean(name, Names)}");
}

namespace Rlvr.Algorithms.Losses;

/// <summary>
/// The policy losses by the names of a recipe's <c>loss.policy_loss</c>. One of your own implements <see cref="IPolicyLoss"/> and is given to the
/// trainer as it is.
/// </summary>
public static class PolicyLosses
{
    private static readonly AlgorithmCatalog<IPolicyLoss> Known = new("policy loss", "loss.policy_loss", "loss.policy_parameters", new Dictionary<string, Type>
    {
        ["clipped"] = typeof(ClippedPolicy),
        ["dual_clip"] = typeof(DualClip),
        ["gspo"] = typeof(Gspo),
        ["sapo"] = typeof(Sapo),
        ["policy_gradient"] = typeof(PolicyGradient),
        ["cispo"] = typeof(Cispo),
        ["gmpo"] = typeof(GeometricMean),
        ["clip_cov"] = typeof(ClipCov),
        ["kl_cov"] = typeof(KlCov),
        ["vespo"] = typeof(Vespo),
    });

    /// <summary>The losses whose range is PPO's, 0.2 on both sides: <c>loss.clip_low</c> and <c>loss.clip_high</c> are theirs. Others have ranges of another kind, as parameters.</summary>
    private static readonly string[] WithPpoRange = ["clipped", "dual_clip", "clip_cov"];

    /// <summary>All names.</summary>
    public static IReadOnlyCollection<string> Names => Known.Names;

    /// <summary>Whether a loss takes PPO's range of the ratio, <c>loss.clip_low</c> and <c>loss.clip_high</c>.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    public static bool HasPpoRange(string name) => WithPpoRange.Contains(name);

    /// <summary>The parameters of a loss with their defaults, as a recipe would write them.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    public static IReadOnlyList<string> Parameters(string name) => Known.Parameters(name);

    /// <summary>A policy loss by name.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="parameters">Parameters as <c>name=value</c>; those that are left out have their defaults.</param>
    /// <param name="clipLow">Range below 1 of a loss that takes PPO's.</param>
    /// <param name="clipHigh">Range above 1 of a loss that takes PPO's.</param>
    /// <exception cref="RlvrException">A name is unknown, or a value cannot be used.</exception>
    public static IPolicyLoss Parse(string name, IReadOnlyList<string>? parameters = null, double clipLow = 0.2, double clipHigh = 0.2) =>
        Known.Create(name, parameters ?? [], HasPpoRange(name) ? new Dictionary<string, double> { ["clip_low"] = clipLow, ["clip_high"] = clipHigh } : null);
}

using static TorchSharp.torch;

namespace Rlvr.Algorithms.Losses;

/// <summary>Estimators of the KL divergence from the policy to the reference, from the sampled token alone.</summary>
public enum KlEstimator
{
    /// <summary>lp - ref: unbiased, can be negative.</summary>
    K1,

    /// <summary>|lp - ref|.</summary>
    Abs,

    /// <summary>(lp - ref)^2 / 2: biased, low variance.</summary>
    K2,

    /// <summary>r - log r - 1 with r = exp(ref - lp), clamped to [-10, 10]: never negative, low variance.</summary>
    K3,
}

/// <summary>
/// Token-wise KL penalties (John Schulman, "Approximating KL Divergence", http://joschu.net/blog/kl-approx.html), as in the released
/// code of arXiv 2504.20571.
/// </summary>
public static class Kl
{
    /// <summary>Reads a recipe's <c>loss.kl_estimator</c>.</summary>
    /// <exception cref="RlvrException">The name is unknown.</exception>
    public static KlEstimator Parse(string name) => name switch
    {
        "k1" => KlEstimator.K1,
        "abs" => KlEstimator.Abs,
        "k2" => KlEstimator.K2,
        "k3" => KlEstimator.K3,
        _ => throw new RlvrException($"loss.kl_estimator: unknown estimator '{name}'; expected k1, abs, k2 or k3"),
    };

    /// <summary>The penalty of each token, in the shape of the log-probabilities.</summary>
    /// <param name="logProbs">Under the policy.</param>
    /// <param name="referenceLogProbs">Under the reference.</param>
    /// <param name="estimator">Which estimator. K3 has gradient 0 where it is clamped.</param>
    public static Tensor Penalty(Tensor logProbs, Tensor referenceLogProbs, KlEstimator estimator)
    {
        using var scope = NewDisposeScope();
        Tensor penalty = estimator switch
        {
            KlEstimator.K1 => logProbs - referenceLogProbs,
            KlEstimator.Abs => (logProbs - referenceLogProbs).abs(),
            KlEstimator.K2 => (logProbs - referenceLogProbs).square() * 0.5,
            KlEstimator.K3 => K3(referenceLogProbs - logProbs),
            _ => throw new ArgumentOutOfRangeException(nameof(estimator), estimator, "not a KL estimator"),
        };
        return penalty.MoveToOuterDisposeScope();
    }

    private static Tensor K3(Tensor logRatio)
    {
        // Beyond 20 on either side the result is clamped anyway; without this its gradient would be 0 * infinity where exp overflows.
        Tensor bounded = logRatio.clamp(-20, 20);
        return (bounded.exp() - bounded - 1).clamp(-10, 10);
    }
}

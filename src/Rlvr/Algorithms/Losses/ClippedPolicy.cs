using static TorchSharp.torch;

namespace Rlvr.Algorithms.Losses;

/// <summary>
/// The clipped surrogate of PPO (Schulman et al., arXiv 1707.06347, equation 7): max(-A r, -A clip(r, 1 - low, 1 + high)) with
/// r = exp(lp - lp_old). No dual clip and no bound on lp - lp_old, as in the released code of arXiv 2504.20571. A wider upper
/// range is DAPO's clip-higher (arXiv 2503.14476).
/// </summary>
public static class ClippedPolicy
{
    /// <summary>The loss of each token, and what its metrics need.</summary>
    /// <param name="logProbs">Of the response tokens under the policy.</param>
    /// <param name="oldLogProbs">Under the policy that is the ratio's denominator; <c>logProbs.detach()</c> for the first update of a step.</param>
    /// <param name="advantages">Broadcast to the tokens.</param>
    /// <param name="clipLow">The ratio's clip range below 1.</param>
    /// <param name="clipHigh">The ratio's clip range above 1.</param>
    public static TokenLosses Compute(Tensor logProbs, Tensor oldLogProbs, Tensor advantages, double clipLow = 0.2, double clipHigh = 0.2)
    {
        using var scope = NewDisposeScope();
        Tensor ratio = (logProbs - oldLogProbs).exp();
        Tensor negative = advantages.neg();
        Tensor plain = negative * ratio;
        Tensor clipped = negative * ratio.clamp(1 - clipLow, 1 + clipHigh);
        return new TokenLosses(
            maximum(plain, clipped).MoveToOuterDisposeScope(),
            ratio.detach().MoveToOuterDisposeScope(),
            clipped.detach().gt(plain.detach()).MoveToOuterDisposeScope());
    }
}

/// <summary>A policy loss before aggregation, every tensor in the shape of the tokens.</summary>
/// <param name="Losses">The loss of each token, with gradient.</param>
/// <param name="Ratios">exp(lp - lp_old), detached.</param>
/// <param name="Clipped">Boolean: the clipped branch is the loss.</param>
public sealed record TokenLosses(Tensor Losses, Tensor Ratios, Tensor Clipped);

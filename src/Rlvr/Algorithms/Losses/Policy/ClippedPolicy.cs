using static TorchSharp.torch;

namespace Rlvr.Algorithms.Losses;

/// <summary>
/// The clipped surrogate of PPO (Schulman et al., arXiv 1707.06347, equation 7): max(-A r, -A clip(r, 1 - low, 1 + high)) with
/// r = exp(lp - lp_old). No dual clip and no bound on lp - lp_old, as in the released code of arXiv 2504.20571. A wider upper
/// range is DAPO's clip-higher (arXiv 2503.14476).
/// </summary>
/// <param name="ClipLow">The ratio's clip range below 1.</param>
/// <param name="ClipHigh">The ratio's clip range above 1.</param>
/// <param name="Level">Ratios of tokens, or of whole responses.</param>
public sealed record ClippedPolicy(double ClipLow = 0.2, double ClipHigh = 0.2, RatioLevel Level = RatioLevel.Token) : IPolicyLoss
{
    /// <inheritdoc/>
    public TokenLosses Compute(PolicyLossInputs inputs)
    {
        using var scope = NewDisposeScope();
        Tensor ratio = inputs.LogRatios(Level).exp();
        Tensor plain = inputs.Advantages.neg() * ratio;
        Tensor clipped = inputs.Advantages.neg() * ratio.clamp(1 - ClipLow, 1 + ClipHigh);
        return new TokenLosses(inputs.Weighted(maximum(plain, clipped)), ratio, clipped.gt(plain)).Keep();
    }
}

using System.ComponentModel.DataAnnotations;
using static TorchSharp.torch;

namespace Rlvr.Algorithms.Losses;

/// <summary>
/// PPO with a second clip (arXiv 1912.09729): for negative advantages the loss is at most -A c, so that a token whose probability
/// grew enormously does not dominate the batch. lp - lp_old is kept within +-20.
/// </summary>
/// <param name="ClipLow">The ratio's clip range below 1.</param>
/// <param name="ClipHigh">The ratio's clip range above 1.</param>
/// <param name="Bound">c: the largest ratio that counts where the advantage is negative; more than 1 + ClipHigh.</param>
public sealed record DualClip(double ClipLow = 0.2, double ClipHigh = 0.2, [Range(1.0, double.PositiveInfinity)] double Bound = 3) : IPolicyLoss
{
    /// <inheritdoc/>
    public TokenLosses Compute(PolicyLossInputs inputs)
    {
        using var scope = NewDisposeScope();
        Tensor ratio = inputs.LogRatios(RatioLevel.Token).clamp(-20, 20).exp();
        Tensor negative = inputs.Advantages.neg();
        Tensor plain = negative * ratio, clipped = negative * ratio.clamp(1 - ClipLow, 1 + ClipHigh);
        Tensor single = maximum(plain, clipped);
        Tensor both = where(inputs.Advantages.lt(0), minimum(single, negative * Bound), single);
        return new TokenLosses(inputs.Weighted(both), ratio, clipped.gt(plain)).Keep();
    }
}

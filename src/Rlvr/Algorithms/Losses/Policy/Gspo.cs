using System.ComponentModel.DataAnnotations;
using static TorchSharp.torch;

namespace Rlvr.Algorithms.Losses;

/// <summary>
/// Group sequence policy optimisation (arXiv 2507.18071): the ratio of a whole response, s = exp(mean over its tokens of lp - lp_old), is
/// clipped, since the reward belongs to the response. The token form: s is a constant times exp(lp - sg(lp)), so that each token has its own
/// gradient. The clip ranges are much smaller than PPO's.
/// </summary>
/// <param name="ClipLow">The ratio's clip range below 1.</param>
/// <param name="ClipHigh">The ratio's clip range above 1.</param>
public sealed record Gspo([Range(0.0, 1.0)] double ClipLow = 3e-4, [Range(0.0, double.PositiveInfinity)] double ClipHigh = 4e-4) : IPolicyLoss
{
    /// <inheritdoc/>
    public AggregationMode? Aggregation => AggregationMode.SequenceMean;

    /// <inheritdoc/>
    public TokenLosses Compute(PolicyLossInputs inputs)
    {
        using var scope = NewDisposeScope();
        Tensor sequence = inputs.LogRatios(RatioLevel.Sequence).detach();
        Tensor ratio = (inputs.LogProbs - inputs.LogProbs.detach() + sequence).clamp(max: 10).exp();
        Tensor negative = inputs.Advantages.neg();
        Tensor plain = negative * ratio, clipped = negative * ratio.clamp(1 - ClipLow, 1 + ClipHigh);
        return new TokenLosses(inputs.Weighted(maximum(plain, clipped)), ratio, clipped.gt(plain)).Keep();
    }
}

using System.ComponentModel.DataAnnotations;
using static TorchSharp.torch;

namespace Rlvr.Algorithms.Losses;

/// <summary>
/// CISPO (MiniMax-M1, arXiv 2506.13585): -sg(clip(r, 1 - low, 1 + high)) A lp. The ratio is a clipped constant weight, so that no token loses
/// its gradient, as the rare reflective ones do under PPO's clip. The lower bound is off by default.
/// </summary>
/// <param name="ClipLow">Range of the weight below 1; 10 is off.</param>
/// <param name="ClipHigh">Range of the weight above 1.</param>
/// <param name="Level">Ratios of tokens, or of whole responses.</param>
public sealed record Cispo(
    [Range(0.0, double.PositiveInfinity)] double ClipLow = 10, [Range(0.0, double.PositiveInfinity)] double ClipHigh = 0.2, RatioLevel Level = RatioLevel.Token) : IPolicyLoss
{
    /// <inheritdoc/>
    public TokenLosses Compute(PolicyLossInputs inputs)
    {
        using var scope = NewDisposeScope();
        Tensor ratio = inputs.LogRatios(Level).detach().clamp(-20, 20).exp();
        Tensor clipped = ratio.clamp(1 - ClipLow, 1 + ClipHigh);
        return new TokenLosses(inputs.Weighted(clipped.neg() * inputs.Advantages * inputs.LogProbs), ratio, ratio.ne(clipped)).Keep();
    }
}

using System.ComponentModel.DataAnnotations;
using static TorchSharp.torch;

namespace Rlvr.Algorithms.Losses;

/// <summary>
/// Soft adaptive policy optimisation (arXiv 2511.20347): a smooth gate instead of a clip, -A sigmoid(tau (r - 1)) 4 / tau, with a steeper
/// gate for tokens that are not to be reinforced.
/// </summary>
/// <param name="TauPositive">Steepness where A > 0.</param>
/// <param name="TauNegative">Steepness elsewhere.</param>
/// <param name="Level">Ratios of tokens, or of whole responses.</param>
public sealed record Sapo(
    [Range(0.0, double.PositiveInfinity, MinimumIsExclusive = true)] double TauPositive = 1,
    [Range(0.0, double.PositiveInfinity, MinimumIsExclusive = true)] double TauNegative = 1.05,
    RatioLevel Level = RatioLevel.Token) : IPolicyLoss
{
    /// <inheritdoc/>
    public AggregationMode? Aggregation => AggregationMode.SequenceMean;

    /// <inheritdoc/>
    public TokenLosses Compute(PolicyLossInputs inputs)
    {
        using var scope = NewDisposeScope();
        Tensor ratio = inputs.LogRatios(Level).clamp(-20, 20).exp();
        Tensor positive = inputs.Advantages.gt(0).to(ratio.dtype);
        Tensor tau = positive * (TauPositive - TauNegative) + TauNegative;
        Tensor gate = (tau * (ratio - 1)).sigmoid() * 4 / tau;
        return new TokenLosses(inputs.Weighted(inputs.Advantages.neg() * gate), ratio, zeros_like(ratio).gt(0)).Keep();
    }
}

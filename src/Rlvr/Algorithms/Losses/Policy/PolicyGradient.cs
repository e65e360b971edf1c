using static TorchSharp.torch;

namespace Rlvr.Algorithms.Losses;

/// <summary>
/// The plain policy gradient, -A lp (Williams, 1992; GPG, arXiv 2504.02546): no ratio, no clip. Only right for the first update of a step,
/// or with the sampler's importance ratios.
/// </summary>
public sealed record PolicyGradient : IPolicyLoss
{
    /// <inheritdoc/>
    public TokenLosses Compute(PolicyLossInputs inputs)
    {
        using var scope = NewDisposeScope();
        Tensor ratio = inputs.LogRatios(RatioLevel.Token).detach().exp();
        return new TokenLosses(inputs.Weighted(inputs.Advantages.neg() * inputs.LogProbs), ratio, zeros_like(ratio).gt(0)).Keep();
    }
}

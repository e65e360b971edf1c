using System.ComponentModel.DataAnnotations;
using static TorchSharp.torch;

namespace Rlvr.Algorithms.Losses;

/// <summary>
/// Geometric-mean policy optimisation (GMPO, arXiv 2507.20673): the loss of a response is -mean(A) exp(mean of its clipped lp - lp_old), the
/// clip on the logarithms and pessimistic by the advantage's sign. Less sensitive to single extreme tokens than an arithmetic mean.
/// </summary>
/// <param name="ClipLow">Range of lp - lp_old below 0.</param>
/// <param name="ClipHigh">Range of lp - lp_old above 0.</param>
public sealed record GeometricMean(
    [Range(0.0, double.PositiveInfinity)] double ClipLow = 0.4, [Range(0.0, double.PositiveInfinity)] double ClipHigh = 0.4) : IPolicyLoss
{
    /// <inheritdoc/>
    public AggregationMode? Aggregation => AggregationMode.SequenceMean;

    /// <inheritdoc/>
    public TokenLosses Compute(PolicyLossInputs inputs)
    {
        using var scope = NewDisposeScope();
        TokenLayout layout = inputs.Layout;
        Tensor logRatio = inputs.LogRatios(RatioLevel.Token), sign = inputs.Advantages.sign();
        Tensor clamped = logRatio.clamp(-ClipLow, ClipHigh);
        Tensor pessimistic = sign * minimum(sign * logRatio, sign * clamped);
        Tensor lengths = layout.Lengths(logRatio) + 1e-8;
        Tensor rows = layout.RowSums(inputs.Advantages.expand_as(logRatio)).neg() / lengths * (layout.RowSums(pessimistic) / lengths).exp();
        // The sampler's ratios enter as the row's geometric mean, too.
        if (inputs.SamplerRatios is { } ratios) rows *= (layout.RowSums((ratios.expand_as(logRatio) + 1e-10).log()) / lengths).exp();
        // One loss per row: the same at each of its tokens, whose row mean gives it back.
        Tensor losses = layout.ToTokens(rows).expand_as(logRatio);
        if (inputs.Factors is { } factors) losses *= factors;
        return new TokenLosses(losses, logRatio.detach().exp(), logRatio.ne(clamped)).Keep();
    }
}

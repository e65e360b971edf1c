using System.ComponentModel.DataAnnotations;
using static TorchSharp.torch;

namespace Rlvr.Algorithms.Losses;

/// <summary>
/// Clip-Cov (The Entropy Mechanism of RL, arXiv 2505.22617): the clipped surrogate, with the gradient taken from a few randomly chosen
/// tokens among those whose covariance of advantage and log-probability lies between two bounds.
/// </summary>
/// <param name="ClipLow">The ratio's clip range below 1.</param>
/// <param name="ClipHigh">The ratio's clip range above 1.</param>
/// <param name="Share">Share of the micro-batch's tokens that is taken out, at least one.</param>
/// <param name="LowerBound">Least covariance of a candidate.</param>
/// <param name="UpperBound">Largest covariance of a candidate.</param>
public sealed record ClipCov(double ClipLow = 0.2, double ClipHigh = 0.2, [Range(0.0, 1.0)] double Share = 2e-4, double LowerBound = 1, double UpperBound = 5) : IPolicyLoss
{
    /// <summary>
    /// The order in which candidates are taken, given their number and the inputs' seed; candidates are numbered as they lie in memory.
    /// </summary>
    public Func<int, ulong, IReadOnlyList<int>> Order { get; init; } = (count, seed) => CounterRandom.Permutation(count, seed, 0);

    /// <inheritdoc/>
    public bool ComparesTokens => true;

    /// <inheritdoc/>
    public TokenLosses Compute(PolicyLossInputs inputs)
    {
        using var scope = NewDisposeScope();
        Tensor ratio = inputs.LogRatios(RatioLevel.Token).exp();
        Tensor plain = inputs.Advantages.neg() * ratio, clipped = inputs.Advantages.neg() * ratio.clamp(1 - ClipLow, 1 + ClipHigh);
        Tensor valid = inputs.Layout.Ones(ratio).gt(0).expand_as(ratio);
        Tensor covariance = KlCov.Covariance(inputs, valid);
        Tensor candidates = covariance.gt(LowerBound).logical_and(covariance.lt(UpperBound)).logical_and(valid).logical_and(clipped.gt(plain).logical_not());
        long[] positions = candidates.flatten().nonzero().flatten().cpu().data<long>().ToArray();
        int count = int.Min(positions.Length, int.Max(1, (int)(Share * valid.sum().item<long>())));
        Tensor kept = ones_like(covariance).flatten();
        if (count > 0)
        {
            long[] chosen = [.. Order(positions.Length, inputs.Seed).Take(count).Select(i => positions[i])];
            kept.index_fill_(0, tensor(chosen, device: kept.device), 0);
        }
        kept = kept.reshape(ratio.shape);
        return new TokenLosses(inputs.Weighted(maximum(plain, clipped) * kept), ratio, kept.eq(0)).Keep();
    }
}

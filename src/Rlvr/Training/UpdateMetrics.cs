using Rlvr.Algorithms.Losses;
using static TorchSharp.torch;

namespace Rlvr.Training;

/// <summary>Metrics of a step's updates: means over its mini-batches.</summary>
/// <param name="Actor">Loss, its terms, ratio and clip fraction.</param>
/// <param name="RatioMax">Largest ratio of a token to its old probability.</param>
/// <param name="GradientNorm">Before clipping.</param>
/// <param name="SamplerDifference">Mean absolute difference of the sampler's and the trainer's log-probabilities, first update.</param>
/// <param name="SamplerDifferenceMax">The largest of them.</param>
public sealed record UpdateMetrics(ActorMetrics Actor, double RatioMax, double GradientNorm, double SamplerDifference, double SamplerDifferenceMax)
{
    /// <summary>A step that did not update the policy: no number exists.</summary>
    public static UpdateMetrics None { get; } = new(
        new ActorMetrics(double.NaN, double.NaN, double.NaN, double.NaN, double.NaN, double.NaN, double.NaN), double.NaN, double.NaN, double.NaN, double.NaN);
}

/// <summary>Collects how the trainer's log-probabilities differ from the sampler's and from the old ones.</summary>
internal sealed class SamplerDifferences
{
    private double sum;
    private long count;

    public bool CompareSampler { get; set; }

    public double Mean => count == 0 ? 0 : sum / count;

    public double Max { get; private set; }

    public double RatioMax { get; private set; } = 1;

    public void Add(Tensor logProbs, Tensor? old, Tensor sampler)
    {
        using var scope = NewDisposeScope();
        if (CompareSampler)
        {
            Tensor difference = logProbs.sub(sampler).abs_();
            sum += difference.sum().item<float>();
            count += difference.numel();
            Max = double.Max(Max, difference.max().item<float>());
        }
        if (old is not null) RatioMax = double.Max(RatioMax, logProbs.sub(old).max().exp().item<float>());
    }
}

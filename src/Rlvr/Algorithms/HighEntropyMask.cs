using static TorchSharp.torch;

namespace Rlvr.Algorithms;

/// <summary>
/// Trains only on the tokens where the policy hesitates ("Beyond the 80/20 Rule", arXiv 2506.01939): 1 where the entropy reaches the batch's
/// quantile, else 0. A factor of the policy loss.
/// </summary>
public static class HighEntropyMask
{
    /// <summary>The mask, in the shape and type of the entropies; 0 outside the layout.</summary>
    /// <param name="entropies">Of each token.</param>
    /// <param name="layout">Which entries are response tokens.</param>
    /// <param name="share">Share of the tokens to keep: 0.2 keeps a fifth. 1 keeps all.</param>
    public static Tensor Compute(Tensor entropies, TokenLayout layout, double share)
    {
        if (share is < 0 or > 1) throw new ArgumentOutOfRangeException(nameof(share), share, "the share of tokens to keep lies between 0 and 1");
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        Tensor valid = layout.Ones(entropies).gt(0);
        Tensor kept = entropies.detach().masked_select(valid).to(ScalarType.Float32);
        if (kept.numel() == 0) return zeros_like(entropies).MoveToOuterDisposeScope();
        double threshold = Quantile(kept, 1 - share);
        return entropies.ge(threshold).logical_and(valid).to(entropies.dtype).MoveToOuterDisposeScope();
    }

    /// <summary>Linear interpolation between the two nearest order statistics, in single precision as in the reference.</summary>
    private static double Quantile(Tensor values, double quantile)
    {
        // torch.quantile refuses more than 16 million values; sorting does not.
        float[] sorted = values.cpu().data<float>().ToArray();
        Array.Sort(sorted);
        double rank = quantile * (sorted.Length - 1);
        int below = (int)double.Floor(rank), above = int.Min(below + 1, sorted.Length - 1);
        return (float)(sorted[below] + (rank - below) * ((double)sorted[above] - sorted[below]));
    }
}

using static TorchSharp.torch;

namespace Rlvr.Algorithms;

/// <summary>
/// Leaves out bad responses that the policy has already moved away from (DeepSeek-V3.2, arXiv 2512.02556): a row stays if its advantage is
/// not negative or the mean of lp_sampler - lp over its tokens is at most a threshold. A factor of the policy loss.
/// </summary>
public static class OffPolicyMask
{
    /// <summary>1 or 0 for each token, broadcasting over its row, without gradient.</summary>
    /// <param name="advantages">Of each token or row.</param>
    /// <param name="logProbs">Under the policy.</param>
    /// <param name="samplerLogProbs">Of the sampler.</param>
    /// <param name="layout">Where the rows lie.</param>
    /// <param name="threshold">Largest mean log-ratio that stays.</param>
    public static Tensor Compute(Tensor advantages, Tensor logProbs, Tensor samplerLogProbs, TokenLayout layout, double threshold)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        Tensor distance = layout.ToTokens(layout.RowSums(samplerLogProbs - logProbs) / layout.Lengths(logProbs).clamp(min: 1));
        return advantages.ge(0).logical_or(distance.le(threshold)).to(logProbs.dtype).MoveToOuterDisposeScope();
    }
}

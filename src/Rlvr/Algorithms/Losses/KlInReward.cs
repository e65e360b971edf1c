using static TorchSharp.torch;

namespace Rlvr.Algorithms.Losses;

/// <summary>
/// KL as part of the reward instead of the loss: r_t - beta KL_t at every response token, from log-probabilities without gradient.
/// The released code of arXiv 2504.20571 does so exactly when its KL loss is off; here the two are independent switches.
/// </summary>
public static class KlInReward
{
    /// <summary>Token rewards with the penalty, [B, T], and the batch's KL for the metrics: mean over rows of each row's token mean.</summary>
    /// <param name="scores">Token rewards, [B, T].</param>
    /// <param name="logProbs">Under the policy that sampled, [B, T].</param>
    /// <param name="referenceLogProbs">Under the reference, [B, T].</param>
    /// <param name="mask">Response tokens, [B, T].</param>
    /// <param name="beta">Coefficient.</param>
    /// <param name="estimator">The token-wise estimator.</param>
    public static (Tensor Rewards, Tensor Kl) Compute(
        Tensor scores, Tensor logProbs, Tensor referenceLogProbs, Tensor mask, double beta, KlEstimator estimator = KlEstimator.K1)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        Tensor weights = mask.to(scores.dtype);
        Tensor kl = Kl.Penalty(logProbs, referenceLogProbs, estimator) * weights;
        Tensor rowMeans = kl.sum(-1) / weights.sum(-1);
        return ((scores - kl * beta).MoveToOuterDisposeScope(), rowMeans.mean().MoveToOuterDisposeScope());
    }
}

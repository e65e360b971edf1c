using System.ComponentModel.DataAnnotations;
using static TorchSharp.torch;

namespace Rlvr.Algorithms.Losses;

/// <summary>
/// KL-Cov (The Entropy Mechanism of RL, arXiv 2505.22617): -A r, plus coefficient |lp - lp_old| on the few tokens whose log-probability and
/// advantage vary together most, (A - mean A) (lp - mean lp): those collapse the entropy.
/// </summary>
/// <param name="Share">Share of the micro-batch's tokens that is penalised, at least one.</param>
/// <param name="Coefficient">Of the penalty.</param>
public sealed record KlCov([Range(0.0, 1.0)] double Share = 2e-4, [Range(0.0, double.PositiveInfinity)] double Coefficient = 1) : IPolicyLoss
{
    /// <inheritdoc/>
    public bool ComparesTokens => true;

    /// <inheritdoc/>
    public TokenLosses Compute(PolicyLossInputs inputs)
    {
        using var scope = NewDisposeScope();
        Tensor logRatio = inputs.LogRatios(RatioLevel.Token), ratio = logRatio.exp();
        Tensor valid = inputs.Layout.Ones(logRatio).gt(0).expand_as(logRatio);
        Tensor covariance = Covariance(inputs, valid).masked_fill(valid.logical_not(), double.NegativeInfinity);
        long count = valid.sum().item<long>();
        Tensor penalised = zeros_like(covariance).flatten();
        if (count > 0)
        {
            Tensor chosen = covariance.flatten().topk((int)long.Max(1, (long)(count * Share))).indexes;
            penalised.index_fill_(0, chosen, 1);
        }
        penalised = penalised.reshape(logRatio.shape);
        Tensor losses = inputs.Advantages.neg() * ratio + logRatio.abs() * penalised * Coefficient;
        return new TokenLosses(inputs.Weighted(losses), ratio, penalised.gt(0)).Keep();
    }

    /// <summary>(A - mean A) (lp - mean lp), means over the response tokens, without gradient.</summary>
    internal static Tensor Covariance(PolicyLossInputs inputs, Tensor valid)
    {
        Tensor logProbs = inputs.LogProbs.detach(), advantages = inputs.Advantages.detach().expand_as(logProbs);
        return (advantages - advantages.masked_select(valid).mean()) * (logProbs - logProbs.masked_select(valid).mean());
    }
}

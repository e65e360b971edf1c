using static TorchSharp.torch;

namespace Rlvr.Algorithms;

/// <summary>
/// Leaves out tokens or whole responses for which trainer and sampler disagree too much, judged by an estimate of their divergence from
/// x = lp_trainer - lp_sampler: k1 = -x, k2 = x^2 / 2, k3 = exp(x) - 1 - x. A factor of the policy loss; the tokens left out should not count
/// in its mean either.
/// </summary>
/// <param name="Estimator">1, 2 or 3.</param>
/// <param name="Level">What is judged, and left out.</param>
/// <param name="Upper">Largest value that stays; for k1 the bound of the ratio, whose logarithm is compared.</param>
/// <param name="Lower">k1 only: the ratio's lower bound; null for 1 / Upper.</param>
public sealed record SamplerRejection(int Estimator, RejectionLevel Level, double Upper, double? Lower = null)
{
    /// <summary>1 where a response token stays, 0 elsewhere; [N] or [B, T].</summary>
    /// <param name="logProbs">Of the trainer.</param>
    /// <param name="samplerLogProbs">Of the sampler.</param>
    /// <param name="layout">Where the rows lie.</param>
    /// <exception cref="ArgumentOutOfRangeException">The estimator is none of k1, k2, k3.</exception>
    public Tensor Mask(Tensor logProbs, Tensor samplerLogProbs, TokenLayout layout)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        Tensor x = (logProbs - samplerLogProbs).clamp(-20, 20);
        Tensor divergence = Estimator switch
        {
            1 => x.neg(),
            2 => x.square() * 0.5,
            3 => x.exp() - 1 - x,
            _ => throw new ArgumentOutOfRangeException(nameof(logProbs), Estimator, "the estimator is k1, k2 or k3"),
        };
        Tensor statistic = Level switch
        {
            RejectionLevel.SequenceSum => layout.ToTokens(layout.RowSums(divergence)),
            RejectionLevel.SequenceMean => layout.ToTokens(layout.RowSums(divergence) / layout.Lengths(divergence).clamp(min: 1)),
            // Of the tokens over the bound none may be in the row.
            RejectionLevel.SequenceMax => layout.ToTokens(layout.RowSums(divergence.gt(Upper).to(divergence.dtype))) * (2 * Upper),
            _ => divergence,
        };
        Tensor stays = Estimator == 1
            ? statistic.ge(double.Log(Lower ?? 1 / Upper)).logical_and(statistic.le(double.Log(Upper)))
            : statistic.le(Upper);
        return (stays.to(x.dtype) * layout.Ones(x)).MoveToOuterDisposeScope();
    }
}

/// <summary>What a rejection looks at.</summary>
public enum RejectionLevel
{
    /// <summary>Each token's divergence.</summary>
    Token,

    /// <summary>The sum over a response.</summary>
    SequenceSum,

    /// <summary>The mean over a response.</summary>
    SequenceMean,

    /// <summary>The largest of a response; k2 and k3 only.</summary>
    SequenceMax,
}

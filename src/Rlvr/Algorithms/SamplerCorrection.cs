using static TorchSharp.torch;

namespace Rlvr.Algorithms;

/// <summary>
/// Corrects for a sampler whose probabilities differ from the trainer's (other kernels, other precision, older weights): the importance ratio
/// exp(lp_trainer - lp_sampler), bounded (truncated importance sampling). Multiplies the token's policy loss; without gradient.
/// </summary>
/// <param name="Level">Ratio of each token, or of whole responses (the product over their tokens).</param>
/// <param name="Mode">What happens to ratios outside the bounds.</param>
/// <param name="Lower">Lower bound; 0 for none.</param>
/// <param name="Upper">Upper bound.</param>
/// <param name="Normalize">Divides by the mean over the tokens (token level) or rows (sequence level) of the batch.</param>
public sealed record SamplerCorrection(
    CorrectionLevel Level = CorrectionLevel.Token, CorrectionMode Mode = CorrectionMode.Truncate, double Lower = 0, double Upper = 2, bool Normalize = false)
{
    /// <summary>The factor of each token, [N] or [B, T] (sequence level, padded: [B, 1]).</summary>
    /// <param name="logProbs">Of the trainer.</param>
    /// <param name="samplerLogProbs">Of the sampler, for the same tokens.</param>
    /// <param name="layout">Where the rows lie.</param>
    public Tensor Ratios(Tensor logProbs, Tensor samplerLogProbs, TokenLayout layout)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        Tensor log = logProbs - samplerLogProbs;
        if (layout.Mask is { } mask) log *= mask.to(log.dtype);
        if (Level == CorrectionLevel.Sequence) log = layout.ToTokens(layout.RowSums(log));
        Tensor ratios = log.exp();
        ratios = Mode == CorrectionMode.Truncate
            ? ratios.clamp(Lower, Upper)
            : ratios.masked_fill(ratios.lt(Lower).logical_or(ratios.gt(Upper)), 0);
        if (Normalize) ratios /= Mean(ratios.expand_as(logProbs), layout);
        return ratios.MoveToOuterDisposeScope();
    }

    private Tensor Mean(Tensor ratios, TokenLayout layout)
    {
        Tensor lengths = layout.Lengths(ratios), sums = layout.RowSums(ratios);
        if (Level == CorrectionLevel.Token) return sums.sum() / lengths.sum();
        // Rows without tokens do not count.
        return (sums / lengths.clamp(min: 1)).sum() / lengths.gt(0).sum();
    }
}

/// <summary>Whether a correction looks at tokens or at whole responses.</summary>
public enum CorrectionLevel
{
    /// <summary>Each token's own ratio: little variance, some bias.</summary>
    Token,

    /// <summary>The product over the response: unbiased, much variance.</summary>
    Sequence,
}

/// <summary>What happens to ratios outside the bounds.</summary>
public enum CorrectionMode
{
    /// <summary>They become the bound.</summary>
    Truncate,

    /// <summary>They become 0: the token or response is left out.</summary>
    Mask,
}

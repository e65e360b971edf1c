using static TorchSharp.torch;

namespace Rlvr.Algorithms.Losses;

/// <summary>
/// A policy loss: a pure function from log-probabilities and advantages to one loss per token. Its settings are its own properties, so
/// a new one is one small record that the trainer need not know.
/// </summary>
public interface IPolicyLoss
{
    /// <summary>The only aggregation that the loss makes sense with, or null where the recipe chooses.</summary>
    AggregationMode? Aggregation => null;

    /// <summary>
    /// Whether a token's loss depends on tokens of other rows. Then the inputs are always a whole micro-batch; otherwise they can be some of its
    /// rows, as memory allows.
    /// </summary>
    bool ComparesTokens => false;

    /// <summary>The loss of each token, already multiplied by the inputs' factors (<see cref="PolicyLossInputs.Weighted"/>).</summary>
    TokenLosses Compute(PolicyLossInputs inputs);
}

/// <summary>What a policy loss sees of a micro-batch. All tensors have the shape of the tokens, [N] or [B, T], or broadcast to it.</summary>
/// <param name="LogProbs">Under the policy, with gradient.</param>
/// <param name="OldLogProbs">Under the policy the step started from.</param>
/// <param name="Advantages">Without gradient.</param>
/// <param name="Layout">Which entries are response tokens, and of which row.</param>
public sealed record PolicyLossInputs(Tensor LogProbs, Tensor OldLogProbs, Tensor Advantages, TokenLayout Layout)
{
    /// <summary>Factor of each token's loss, such as a mask of high-entropy tokens; null for 1.</summary>
    public Tensor? Factors { get; init; }

    /// <summary>Importance ratio of trainer to sampler (<see cref="SamplerCorrection"/>); null for 1.</summary>
    public Tensor? SamplerRatios { get; init; }

    /// <summary>Decides random choices, together with the token's position: a pure function of (seed, step, micro-batch).</summary>
    public ulong Seed { get; init; }

    /// <summary>lp - lp_old of each token, or the mean over its row.</summary>
    public Tensor LogRatios(RatioLevel level)
    {
        Tensor ratios = LogProbs - OldLogProbs;
        if (level == RatioLevel.Token) return ratios;
        return Layout.ToTokens(Layout.RowSums(ratios) / Layout.Lengths(ratios).clamp(min: 1)).expand_as(ratios);
    }

    /// <summary>Losses times the factors and the sampler's importance ratios.</summary>
    public Tensor Weighted(Tensor losses)
    {
        if (SamplerRatios is not null) losses *= SamplerRatios;
        if (Factors is not null) losses *= Factors;
        return losses;
    }
}

/// <summary>Whether importance ratios are those of tokens or of whole responses.</summary>
public enum RatioLevel
{
    /// <summary>exp(lp - lp_old) of each token.</summary>
    Token,

    /// <summary>exp of the row's mean of lp - lp_old (GSPO, arXiv 2507.18071).</summary>
    Sequence,
}

/// <summary>A policy loss before aggregation, every tensor in the shape of the tokens.</summary>
/// <param name="Losses">The loss of each token, with gradient.</param>
/// <param name="Ratios">exp(lp - lp_old), detached.</param>
/// <param name="Clipped">Boolean: clipping decided the token's loss.</param>
public sealed record TokenLosses(Tensor Losses, Tensor Ratios, Tensor Clipped)
{
    /// <summary>Hands the result to the outer dispose scope, without the ratios' and clips' graph.</summary>
    internal TokenLosses Keep() =>
        new(Losses.MoveToOuterDisposeScope(), Ratios.detach().MoveToOuterDisposeScope(), Clipped.detach().MoveToOuterDisposeScope());
}

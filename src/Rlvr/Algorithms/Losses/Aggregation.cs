using static TorchSharp.torch;

namespace Rlvr.Algorithms.Losses;

/// <summary>How token losses become one number.</summary>
public enum AggregationMode
{
    /// <summary>
    /// Token mean inside each micro-batch, times its share of the mini-batch's rows: the released code of arXiv 2504.20571. A token's
    /// weight depends on its micro-batch.
    /// </summary>
    MicroBatch,

    /// <summary>One token mean over the mini-batch (DAPO, arXiv 2503.14476): every token weighs the same.</summary>
    Token,

    /// <summary>Sum over each row's tokens, mean over rows.</summary>
    SequenceSum,

    /// <summary>Mean over each row's tokens, mean over rows: the original GRPO. Tokens of short responses weigh more.</summary>
    SequenceMean,

    /// <summary>Sum over each row's tokens divided by a constant, such as the longest response allowed; mean over rows: Dr. GRPO (arXiv 2503.20783).</summary>
    SequenceConstant,
}

/// <summary>
/// Aggregation as weights: every mode is a sum of token losses times weights that do not depend on the losses. Weights already contain a
/// micro-batch's share, so the micro-batches of a mini-batch simply add up, gradients and metrics alike.
/// </summary>
public static class Aggregation
{
    /// <summary>Reads a recipe's <c>loss.aggregation</c>.</summary>
    /// <exception cref="RlvrException">The name is unknown.</exception>
    public static AggregationMode Parse(string name) => name switch
    {
        "micro_batch" => AggregationMode.MicroBatch,
        "token" => AggregationMode.Token,
        "sequence_sum" => AggregationMode.SequenceSum,
        "sequence_mean" => AggregationMode.SequenceMean,
        "sequence_constant" => AggregationMode.SequenceConstant,
        _ => throw new RlvrException($"loss.aggregation: unknown mode '{name}'; expected micro_batch, token, sequence_sum, sequence_mean or sequence_constant"),
    };

    /// <summary>The weight of each token of one micro-batch, in the shape and type of <paramref name="like"/>; 0 outside the mask.</summary>
    /// <param name="mode">The mode.</param>
    /// <param name="layout">The micro-batch's tokens.</param>
    /// <param name="like">A tensor over the tokens, such as the log-probabilities.</param>
    /// <param name="miniBatchRows">Rows of the whole mini-batch (those that have tokens).</param>
    /// <param name="miniBatchTokens">Response tokens of the whole mini-batch.</param>
    /// <param name="constant">The divisor of <see cref="AggregationMode.SequenceConstant"/>.</param>
    public static Tensor Weights(AggregationMode mode, TokenLayout layout, Tensor like, long miniBatchRows, long miniBatchTokens, double constant = 1)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        Tensor ones = layout.Ones(like);
        Tensor weights = mode switch
        {
            AggregationMode.MicroBatch => ones / ones.sum() * ((double)layout.Rows / miniBatchRows),
            AggregationMode.Token => ones / miniBatchTokens,
            AggregationMode.SequenceSum => ones / miniBatchRows,
            AggregationMode.SequenceMean => ones / layout.ToTokens(layout.Lengths(like).clamp(min: 1)) / miniBatchRows,
            AggregationMode.SequenceConstant => ones / (miniBatchRows * constant),
            _ => throw new ArgumentOutOfRangeException(nameof(mode), mode, "not an aggregation mode"),
        };
        return weights.MoveToOuterDisposeScope();
    }
}

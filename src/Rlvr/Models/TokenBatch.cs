using Rlvr.Tensors;
using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>A flat list of the tokens that a model is to compute, and for each token of some continuations the one that predicts it.</summary>
public abstract class TokenBatch
{
    private protected TokenBatch(long[] tokens, long[] positions, long[] predictors, long[] targets, Device device)
    {
        MaxPosition = positions.Length == 0 ? 0 : positions.Max();
        Tokens = tensor(tokens, device: device);
        Positions = tensor(positions, device: device);
        Predictors = tensor(predictors, device: device);
        Targets = tensor(targets, device: device);
    }

    /// <summary>[N] int64: all inputs.</summary>
    public Tensor Tokens { get; }

    /// <summary>[N] int64: their positions.</summary>
    public Tensor Positions { get; }

    /// <summary>The largest position.</summary>
    public long MaxPosition { get; }

    /// <summary>[M] int64: for each token of the continuations the flat index of the input that predicts it.</summary>
    public Tensor Predictors { get; }

    /// <summary>[M] int64: the tokens of the continuations.</summary>
    public Tensor Targets { get; }

    /// <summary>Which inputs see which. Segments that others see come first, in the list and in their places.</summary>
    internal abstract AttentionSegment[] Segments();
}

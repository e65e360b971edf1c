using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Models;

/// <content>On the CPU by kernels of this library, forward and backward, with what decoding computed for an update.</content>
public sealed partial class Transformer
{
    /// <summary>The hidden states of a batch for a loss, with the way back to the parameters that is the fastest here.</summary>
    /// <param name="batch">The batch, on the model's device.</param>
    /// <param name="recompute">Compute the layers again in the backward pass, which takes less memory and a forward pass more.</param>
    /// <returns>What it keeps belongs to the current dispose scope.</returns>
    public IHiddenPass HiddenForLoss(TokenBatch batch, bool recompute = false)
    {
        if (!TrainsByKernels) return recompute ? HiddenRecomputed(Rows(batch)) : new GraphHidden(Hidden(batch));
        using IDisposable noGrad = no_grad();
        ICpuLayers kernels = Kernels(batch, recompute ? LayerMemory.Inputs : LayerMemory.Everything);
        return new CpuHidden(kernels, kernels.Forward(Embed(batch.Tokens)), gradient => AddToEmbedding(batch.Tokens, gradient));
    }

    /// <summary>Whether <see cref="HiddenForLoss"/> does without autograd; it then takes trees.</summary>
    internal bool TrainsByKernels => !shares && MappedBytes == 0 && CpuKernels.Suit(this);

    /// <summary>The hidden states of a decoding step on the CPU.</summary>
    /// <param name="tokens">[N].</param>
    /// <param name="at">Where they go in the cache, by token.</param>
    /// <param name="cache">The cache, with room for them.</param>
    /// <returns>[N, hidden] in the compute type, after the final norm.</returns>
    internal Tensor DecodeOnCpu(long[] tokens, DecodedToken[] at, CpuKvCache cache)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        long[] positions = [.. at.Select(t => (long)cache.PrefixLength + t.Index)];
        (Tensor Cosine, Tensor Sine) rotation = rope.At(tensor(positions), positions.Max());
        Tensor x = Embed(tensor(tokens));
        ActivationTape? tape = cache.Recorded is null ? null : cache.Tape;
        return (ComputeType == ScalarType.Float32
            ? new CpuDecoding<SingleElement>(Config, Joined(), cache, at).Run(x, rotation, finalNorm, tape)
            : new CpuDecoding<HalfElement>(Config, Joined(), cache, at).Run(x, rotation, finalNorm, tape)).MoveToOuterDisposeScope();
    }

    private ICpuLayers Kernels(TokenBatch batch, LayerMemory keep) => Kernels(rope.At(batch.Positions, batch.MaxPosition), batch.Segments(), keep);

    private ICpuLayers Kernels((Tensor Cosine, Tensor Sine) rotation, AttentionSegment[] segments, LayerMemory keep, KeptPass? recorded = null, int[]? places = null) => ComputeType == ScalarType.Float32
        ? new CpuLayers<SingleElement>(Config, Joined(), finalNorm, rotation, segments, keep, recorded, places)
        : new CpuLayers<HalfElement>(Config, Joined(), finalNorm, rotation, segments, keep, recorded, places);

    /// <summary>Runs prompts through the model and records what the way back needs.</summary>
    /// <param name="batch">The prompts; nothing behind them.</param>
    /// <param name="tape">Takes it; rows were taken for the batch.</param>
    /// <returns>[N, hidden], after the final norm; and keys and values by layer, [N, Hkv, D] each. They belong to the current dispose scope.</returns>
    internal (Tensor Hidden, IReadOnlyList<(Tensor Key, Tensor Value)> Layers) RecordPrompts(SharedPrefixBatch batch, ActivationTape tape)
    {
        using IDisposable noGrad = no_grad();
        ICpuLayers pass = Kernels(batch, LayerMemory.Everything);
        Tensor hidden = pass.Forward(Embed(batch.Tokens));
        tape.Write(pass.Kept);
        return (hidden, [.. pass.Kept.Layers.Select(layer => (Part(layer, Config.Heads), Part(layer, Config.Heads + Config.KeyValueHeads)))]);

        Tensor Part(KeptLayer layer, int head) => layer.Inside!.QueryKeyValue.narrow(1, head * Config.HeadDim, Config.KeyValueHeads * Config.HeadDim).reshape(-1, Config.KeyValueHeads, Config.HeadDim);
    }

    /// <summary>The hidden states of what was recorded, for a loss, with the way back to the parameters.</summary>
    /// <param name="tape">What was recorded with the parameters as they are; the way back writes over it.</param>
    /// <param name="segments">Which tokens saw which.</param>
    /// <param name="places">The row of each token of the segments. Other rows are not gone back through.</param>
    /// <returns>What it keeps belongs to the current dispose scope.</returns>
    internal IHiddenPass HiddenOfTape(ActivationTape tape, AttentionSegment[] segments, int[] places)
    {
        using IDisposable noGrad = no_grad();
        KeptPass recorded = tape.InUse();
        (Tensor Cosine, Tensor Sine) rotation = rope.At(tensor(tape.Positions.ToArray()), tape.Positions.Max());
        Tensor values = empty(tape.Count, Config.HiddenSize), tokens = tensor(tape.Tokens.ToArray());
        LayerOps<SingleElement>.NormAgain(recorded.Sum, recorded.Inverse, finalNorm, values);
        return new CpuHidden(Kernels(rotation, segments, LayerMemory.Everything, recorded, places), values, gradient => AddToEmbedding(tokens, gradient));
    }
}

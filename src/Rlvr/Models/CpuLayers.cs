using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>The layers of a model over a batch on the CPU, whatever the compute type.</summary>
internal interface ICpuLayers
{
    /// <summary>Runs the layers and the final norm.</summary>
    /// <param name="x">[N, hidden] float32: the tokens' embeddings, overwritten.</param>
    /// <returns>[N, hidden] float32. What is kept belongs to the current dispose scope.</returns>
    Tensor Forward(Tensor x);

    /// <summary>What <see cref="Forward"/> kept.</summary>
    KeptPass Kept { get; }

    /// <summary>The way back, once: adds to the gradients of all parameters.</summary>
    /// <param name="gradient">[N, hidden] float32: of what <see cref="Forward"/> gave.</param>
    /// <returns>[N, hidden] float32: the gradient of the embeddings.</returns>
    Tensor Backward(Tensor gradient);
}

/// <summary>
/// The layers of a <see cref="Transformer"/> over a batch on the CPU, forward and backward by hand: four matrix products a layer, attention by segments, and one kernel between them
/// for what would be several passes over memory. The same operations and gradients as autograd's, to rounding.
/// </summary>
/// <typeparam name="T">The compute type.</typeparam>
/// <param name="config">The architecture.</param>
/// <param name="layers">The layers, up to date.</param>
/// <param name="finalNorm">[hidden] float32.</param>
/// <param name="rotation">[N, 1, D] float32 each.</param>
/// <param name="segments">Which tokens see which.</param>
/// <param name="keep">What the forward pass keeps.</param>
/// <param name="recorded">What a forward pass has kept already, of which only the way back is to go; null for none.</param>
/// <param name="places">Where each token of the segments stands in that; tokens that stand in none have no gradient. Null where each has its own place.</param>
internal sealed class CpuLayers<T>(
    ModelConfig config, JoinedLayers layers, Tensor finalNorm, (Tensor Cosine, Tensor Sine) rotation, AttentionSegment[] segments, LayerMemory keep, KeptPass? recorded = null, int[]? places = null)
    : ICpuLayers where T : IVectorElement
{
    private readonly int tokens = recorded is null ? segments.Sum(s => s.Count) : (int)recorded.Sum.size(0), keyHeads = config.KeyValueHeads, heads = config.Heads;
    private readonly bool someStandInNone = recorded is not null && segments.Sum(s => s.Count) < recorded.Sum.size(0);
    private readonly SegmentAttention<T> attention = new(segments, config.Heads, config.KeyValueHeads, config.HeadDim, places);
    private readonly KeptLayer[] kept = recorded?.Layers ?? new KeptLayer[keep == LayerMemory.Nothing ? 0 : config.Layers];
    private (Tensor Sum, Tensor Inverse) last = recorded is null ? default : (recorded.Sum, recorded.Inverse); // of the final norm

    private static ScalarType Type => LayerOps<T>.Type;

    private double Epsilon => config.RmsNormEps;

    /// <inheritdoc/>
    public KeptPass Kept => new(kept, last.Sum, last.Inverse);

    /// <inheritdoc/>
    public Tensor Forward(Tensor x)
    {
        using IDisposable noGrad = no_grad();
        using Tensor h = empty(tokens, config.HiddenSize, dtype: Type);
        Tensor? delta = null;
        for (int layer = 0; layer < config.Layers; layer++)
        {
            using DisposeScope scope = NewDisposeScope();
            LayerParts parts = layers.Parts[layer];
            Tensor input = keep == LayerMemory.Nothing || delta is null ? x : empty_like(x);
            Tensor? inverse = keep == LayerMemory.Nothing ? null : empty(tokens);
            LayerOps<T>.AddNorm(x, delta, parts.InputNorm, input, inverse, h, Epsilon);
            delta?.Dispose();
            if (keep == LayerMemory.Inputs && layer > 0) x.Dispose();
            KeptInside inside = Compute(layer, input, h, keep != LayerMemory.Nothing);
            Tensor gated = empty(tokens, config.IntermediateSize, dtype: Type);
            LayerOps<T>.Gate(inside.GateUp, gated);
            delta = parts.Down.Forward(gated).MoveToOuterDisposeScope();
            x = ReferenceEquals(inside.Middle, x) ? x : inside.Middle.MoveToOuterDisposeScope();
            if (keep == LayerMemory.Nothing) continue;
            if (layer > 0) input.MoveToOuterDisposeScope();
            kept[layer] = new KeptLayer(input, inverse!.MoveToOuterDisposeScope(), keep == LayerMemory.Everything ? inside.Kept() : null);
        }
        using (delta) x = keep == LayerMemory.Everything ? x.add(delta!, Numbers.One) : x.add_(delta!, Numbers.One);
        return Finish(x);
    }

    /// <inheritdoc/>
    public Tensor Backward(Tensor gradient)
    {
        using IDisposable noGrad = no_grad();
        Tensor stream = zeros(tokens, config.HiddenSize);
        LayerOps<SingleElement>.NormBackward(last.Sum, last.Inverse, finalNorm, gradient, stream, Gradient(finalNorm));
        last.Sum.Dispose();
        using Tensor h = empty(tokens, config.HiddenSize, dtype: Type);
        for (int layer = config.Layers - 1; layer >= 0; layer--)
        {
            using DisposeScope scope = NewDisposeScope();
            LayerParts parts = layers.Parts[layer];
            KeptLayer before = kept[layer];
            KeptInside inside = before.Inside ?? Again(layer, before, h);
            FeedForwardBackward(layer, parts, inside, h, stream);
            AttentionBackward(layer, parts, before, inside, h, stream);
            before.Dispose();
        }
        return stream;
    }

    /// <summary>From a layer's normalised input to what its gate takes; the residual stream is the input itself, written over, where nothing is kept.</summary>
    private KeptInside Compute(int layer, Tensor input, Tensor h, bool keeps)
    {
        LayerParts parts = layers.Parts[layer];
        int size = config.HeadDim;
        Tensor qkv = layers.QueryKeyValue(layer, h), attended = empty(tokens, heads * size, dtype: Type), logSums = empty(keeps ? tokens : 0, heads);
        Tensor? raw = null;
        if (parts.QNorm is { } queryNorm && parts.KNorm is { } keyNorm)
        {
            if (keeps) raw = qkv.narrow(1, 0, (heads + keyHeads) * size).clone();
            LayerOps<T>.NormHeads(qkv, 0, heads, queryNorm, Epsilon);
            LayerOps<T>.NormHeads(qkv, heads, keyHeads, keyNorm, Epsilon);
        }
        LayerOps<T>.Rotate(qkv, rotation.Cosine, rotation.Sine, heads + keyHeads, back: false);
        attention.Forward(TensorMemory.Start(qkv), TensorMemory.Start(attended), keeps ? TensorMemory.Start(logSums) : 0);
        Tensor middle = keeps ? empty_like(input) : input;
        Tensor? inverse = keeps ? empty(tokens) : null;
        using (Tensor delta = parts.O.Forward(attended)) LayerOps<T>.AddNorm(input, delta, parts.PostNorm, middle, inverse, h, Epsilon);
        return new KeptInside(qkv, raw, attended, logSums, middle, inverse, layers.GateUp(layer, h));
    }

    private KeptInside Again(int layer, KeptLayer before, Tensor h)
    {
        LayerOps<T>.NormAgain(before.Input, before.Inverse, layers.Parts[layer].InputNorm, h);
        return Compute(layer, before.Input, h, keeps: true);
    }

    private Tensor Finish(Tensor x)
    {
        Tensor result = empty(tokens, config.HiddenSize);
        Tensor? inverse = keep == LayerMemory.Nothing ? null : empty(tokens);
        LayerOps<SingleElement>.AddNorm(x, null, finalNorm, x, inverse, result, Epsilon);
        if (inverse is not null) last = (x, inverse);
        return result;
    }

    /// <summary>Adds the gradients of the gated layer's parameters, and that of its input to the stream's.</summary>
    private void FeedForwardBackward(int layer, LayerParts parts, KeptInside inside, Tensor h, Tensor stream)
    {
        using Tensor gated = empty(tokens, config.IntermediateSize, dtype: Type);
        LayerOps<T>.Gate(inside.GateUp, gated);
        using Tensor gatedGradient = Linear.Backward(Narrowed(stream), gated, parts.Down.Matrix, parts.Down);
        LayerOps<T>.GateBackward(inside.GateUp, gatedGradient); // where gate and up were, now their gradients are
        LayerOps<T>.NormAgain(inside.Middle, inside.Inverse!, parts.PostNorm, h);
        using Tensor normalised = Linear.Backward(inside.GateUp, h, layers.Weights!.GateUp[layer], parts.Gate, parts.Up);
        LayerOps<T>.NormBackward(inside.Middle, inside.Inverse!, parts.PostNorm, normalised, stream, Gradient(parts.PostNorm));
    }

    /// <summary>The same of attention.</summary>
    private void AttentionBackward(int layer, LayerParts parts, KeptLayer before, KeptInside inside, Tensor h, Tensor stream)
    {
        using Tensor attended = Linear.Backward(Narrowed(stream), inside.Attended, parts.O.Matrix, parts.O), qkv = someStandInNone ? zeros_like(inside.QueryKeyValue) : empty_like(inside.QueryKeyValue);
        attention.Backward(TensorMemory.Start(inside.QueryKeyValue), TensorMemory.Start(inside.Attended), inside.LogSums is null ? 0 : TensorMemory.Start(inside.LogSums), TensorMemory.Start(attended), TensorMemory.Start(qkv));
        LayerOps<T>.Rotate(qkv, rotation.Cosine, rotation.Sine, heads + keyHeads, back: true);
        if (inside.Raw is { } raw)
        {
            LayerOps<T>.NormHeadsBackward(raw, qkv, 0, heads, parts.QNorm!, Gradient(parts.QNorm!), Epsilon);
            LayerOps<T>.NormHeadsBackward(raw, qkv, heads, keyHeads, parts.KNorm!, Gradient(parts.KNorm!), Epsilon);
        }
        LayerOps<T>.NormAgain(before.Input, before.Inverse, parts.InputNorm, h);
        using Tensor normalised = Linear.Backward(qkv, h, layers.Weights!.QueryKeyValue[layer], parts.Q, parts.K, parts.V);
        LayerOps<T>.NormBackward(before.Input, before.Inverse, parts.InputNorm, normalised, stream, Gradient(parts.InputNorm));
    }

    /// <summary>Where a norm's gradient is added to: nowhere that lasts, if it needs none.</summary>
    private static Tensor Gradient(Tensor norm) => norm.requires_grad ? WeightGradient.Of(norm) : zeros_like(norm);

    private static Tensor Narrowed(Tensor stream) => stream.dtype == Type ? stream : stream.to(Type);
}

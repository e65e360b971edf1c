using Rlvr.Tensors;
using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>
/// Hidden states whose layers are computed again in the backward pass: of each layer only its input is kept, [N, hidden] in float32, in place of
/// everything between its products. The gradients are those of <see cref="Transformer.Hidden(TokenBatch)"/>, bit for bit, with two exceptions: the embedding's where it is
/// the output layer too, where the same numbers are added in another order, so that no second matrix of its size is made; and a CPU's in bfloat16 or of few tokens, where the
/// first pass takes the products that are fast without gradients (<see cref="SkinnyProduct"/>), whose sums have another order.
/// </summary>
public sealed class RecomputedHidden : IHiddenPass
{
    private readonly LayerCheckpoint layers;
    private readonly Action<Tensor> embed;

    internal RecomputedHidden(LayerCheckpoint layers, Action<Tensor> embed)
    {
        this.layers = layers;
        this.embed = embed;
    }

    /// <summary>[N, hidden], after the final norm: a leaf, in which a loss leaves its gradient.</summary>
    public Tensor Values => layers.Output;

    /// <summary>Takes the gradient of <see cref="Values"/> through the layers, once, and adds to those of all parameters.</summary>
    /// <exception cref="InvalidOperationException">There is no gradient yet.</exception>
    public void Backward() => embed(layers.Backward());
}

using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>Hidden states by <see cref="ICpuLayers"/>.</summary>
internal sealed class CpuHidden : IHiddenPass
{
    private readonly ICpuLayers layers;
    private readonly Action<Tensor> embed;

    /// <summary>Runs the forward pass; what it keeps belongs to the current dispose scope.</summary>
    /// <param name="layers">The layers.</param>
    /// <param name="x">[N, hidden]: the embeddings, taken over.</param>
    /// <param name="embed">Takes their gradient.</param>
    public CpuHidden(ICpuLayers layers, Tensor x, Action<Tensor> embed)
    {
        (this.layers, this.embed) = (layers, embed);
        Values = layers.Forward(x).requires_grad_();
    }

    /// <inheritdoc/>
    public Tensor Values { get; }

    /// <inheritdoc/>
    public void Backward()
    {
        Tensor of = Values.grad ?? throw new InvalidOperationException("the hidden states have no gradient: call backward on a loss that depends on them first");
        using Tensor contiguous = of.contiguous(), gradient = layers.Backward(contiguous);
        embed(gradient);
    }
}

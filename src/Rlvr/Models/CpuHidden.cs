using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>Hidden states by <see cref="ICpuLayers"/>.</summary>
/// <param name="layers">The layers, their forward pass done.</param>
/// <param name="values">[N, hidden]: what it gave.</param>
/// <param name="embed">Takes the gradient of the embeddings.</param>
internal sealed class CpuHidden(ICpuLayers layers, Tensor values, Action<Tensor> embed) : IHiddenPass
{
    /// <inheritdoc/>
    public Tensor Values { get; } = values.requires_grad_();

    /// <inheritdoc/>
    public void Backward()
    {
        Tensor of = Values.grad ?? throw new InvalidOperationException("the hidden states have no gradient: call backward on a loss that depends on them first");
        using Tensor contiguous = of.contiguous(), gradient = layers.Backward(contiguous);
        embed(gradient);
    }
}

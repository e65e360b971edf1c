using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>The hidden states of a batch that a loss is computed from, and the way back from them to the parameters, whoever goes it: autograd, layers that are computed again, or kernels.</summary>
public interface IHiddenPass
{
    /// <summary>[N, hidden], after the final norm. A loss computed from them leaves its gradient here, by its own backward pass.</summary>
    Tensor Values { get; }

    /// <summary>After that of the loss, once: adds to the gradients of all parameters.</summary>
    void Backward();
}

/// <summary>Hidden states with their history: autograd has gone the way already when the loss's backward pass is over.</summary>
/// <param name="values">[N, hidden].</param>
internal sealed class GraphHidden(Tensor values) : IHiddenPass
{
    public Tensor Values => values;

    public void Backward() { }
}

using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>The gate of the feed-forward layer (arXiv 2002.05202): silu(gate) * up.</summary>
public static class SwiGlu
{
    /// <summary>Applies the gate.</summary>
    /// <param name="gate">[N, mlp]; overwritten where gradients are off.</param>
    /// <param name="up">[N, mlp].</param>
    public static Tensor Apply(Tensor gate, Tensor up) =>
        is_grad_enabled() ? nn.functional.silu(gate).mul(up) : gate.silu_().mul_(up); // in place where nothing is kept for a backward pass
}

using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>Keeps every layer's keys and values on their way to another attention: what a prefill is for.</summary>
/// <param name="inner">What attends.</param>
public sealed class CapturingAttention(IAttention inner) : IAttention
{
    /// <summary>The keys and values of each layer, [N, Hkv, D] each. They belong to the dispose scope around the pass.</summary>
    public List<(Tensor Key, Tensor Value)> Captured { get; } = [];

    /// <inheritdoc/>
    public Tensor Attend(int layer, Tensor query, Tensor key, Tensor value)
    {
        // A layer's own scope ends with it; what is kept longer belongs to the one around the pass.
        Captured.Add((key.MoveToOuterDisposeScope(), value.MoveToOuterDisposeScope()));
        return inner.Attend(layer, query, key, value);
    }
}

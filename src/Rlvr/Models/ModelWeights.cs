using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>
/// The parameters of a model by their Hugging Face names. Owns its tensors (no dispose scope does) until they are taken out with
/// <see cref="Take"/>.
/// </summary>
public sealed class ModelWeights : IDisposable
{
    private readonly OrderedDictionary<string, Tensor> _tensors = new(StringComparer.Ordinal);

    /// <summary>The tensors that were not taken, in the order of <see cref="ModelConfig.ParameterShapes"/>.</summary>
    public IReadOnlyDictionary<string, Tensor> Tensors => _tensors;

    /// <summary>One tensor, which stays with this object.</summary>
    /// <exception cref="KeyNotFoundException">There is no such tensor (any more).</exception>
    public Tensor this[string name] => _tensors[name];

    /// <summary>Adds a tensor, which from now on belongs to this object.</summary>
    public void Add(string name, Tensor tensor) => _tensors.Add(name, tensor.DetachFromDisposeScope());

    /// <summary>Removes a tensor and gives it to the caller, who disposes of it (or makes a parameter of it).</summary>
    /// <exception cref="KeyNotFoundException">There is no such tensor (any more).</exception>
    public Tensor Take(string name) => _tensors.Remove(name, out Tensor? tensor) ? tensor : throw new KeyNotFoundException($"no tensor '{name}'");

    /// <summary>Frees the tensors that were not taken.</summary>
    public void Dispose()
    {
        foreach (Tensor tensor in _tensors.Values) tensor.Dispose();
        _tensors.Clear();
    }
}

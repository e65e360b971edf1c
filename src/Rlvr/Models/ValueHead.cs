using Rlvr.Tensors;
using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>
/// A critic's output layer: one number for each hidden state, v = w h + b. It starts at 0, as if nothing were expected: hidden states are
/// normalised, so random weights would begin with guesses as large as the reward.
/// </summary>
public sealed class ValueHead : IDisposable
{
    /// <summary>The file beside the body's weights that holds the layer.</summary>
    public const string FileName = "value_head.safetensors";

    /// <summary>Creates a layer of zeros.</summary>
    /// <param name="hiddenSize">Width of the hidden states.</param>
    /// <param name="device">Where to put it.</param>
    public ValueHead(int hiddenSize, Device device)
    {
        Weight = zeros(1, hiddenSize, device: device).DetachFromDisposeScope();
        Bias = zeros(1, device: device).DetachFromDisposeScope();
    }

    /// <summary>[1, hidden].</summary>
    public Tensor Weight { get; }

    /// <summary>[1].</summary>
    public Tensor Bias { get; }

    /// <summary>Weight and bias by their names in files.</summary>
    public IEnumerable<(string Name, Tensor Value)> Parameters => [("score.weight", Weight), ("score.bias", Bias)];

    /// <summary>The values of hidden states: [..., hidden] to [...].</summary>
    public Tensor Values(Tensor hidden) => nn.functional.linear(hidden, Weight, Bias).squeeze(-1);

    /// <summary>Writes the layer into a folder.</summary>
    public void Save(string folder) => SafeTensorsWriter.Write(Path.Combine(folder, FileName), Parameters, ScalarType.Float32);

    /// <summary>Reads the layer of a folder.</summary>
    /// <exception cref="RlvrException">The folder has none, or it has another width.</exception>
    public void Read(string folder)
    {
        using SafeTensorsFile file = new(Path.Combine(folder, FileName));
        foreach ((string name, Tensor value) in Parameters) file.CopyTo(name, value);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Weight.Dispose();
        Bias.Dispose();
    }
}

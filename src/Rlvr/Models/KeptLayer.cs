using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>What the forward pass of a model's layers keeps for the way back.</summary>
/// <param name="Layers">Of each layer.</param>
/// <param name="Sum">[N, hidden] float32: the residual stream before the final norm.</param>
/// <param name="Inverse">[N]: 1 / rms of it.</param>
internal sealed record KeptPass(KeptLayer[] Layers, Tensor Sum, Tensor Inverse);

/// <summary>What a layer keeps.</summary>
/// <param name="Input">[N, hidden] float32: the residual stream before it.</param>
/// <param name="Inverse">[N]: 1 / rms of it.</param>
/// <param name="Inside">What it computed; null where that is computed again.</param>
internal sealed record KeptLayer(Tensor Input, Tensor Inverse, KeptInside? Inside)
{
    public void Dispose()
    {
        Input.Dispose();
        Inverse.Dispose();
        Inside?.Dispose();
    }
}

/// <summary>What a layer computes between its input and its gate.</summary>
/// <param name="QueryKeyValue">[N, (Hq + 2 Hkv) D], rotated.</param>
/// <param name="Raw">[N, (Hq + Hkv) D]: queries and keys before they were normalised; null where they are not.</param>
/// <param name="Attended">[N, Hq D].</param>
/// <param name="LogSums">[N, Hq]; null where the way back sums again.</param>
/// <param name="Middle">[N, hidden] float32: the residual stream after attention.</param>
/// <param name="Inverse">[N]: 1 / rms of it; null where nothing is kept.</param>
/// <param name="GateUp">[N, 2 mlp].</param>
internal sealed record KeptInside(Tensor QueryKeyValue, Tensor? Raw, Tensor Attended, Tensor? LogSums, Tensor Middle, Tensor? Inverse, Tensor GateUp)
{
    private IEnumerable<Tensor> All => new[] { QueryKeyValue, Raw, Attended, LogSums, Middle, Inverse, GateUp }.OfType<Tensor>();

    /// <summary>Moves all out of the layer's scope, save the stream, which was moved already.</summary>
    public KeptInside Kept()
    {
        foreach (Tensor tensor in All.Where(t => !ReferenceEquals(t, Middle))) tensor.MoveToOuterDisposeScope();
        return this;
    }

    public void Dispose()
    {
        foreach (Tensor tensor in All) tensor.Dispose();
    }
}

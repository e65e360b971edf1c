using System.Runtime.Intrinsics;
using TorchSharp;

namespace Rlvr.Models;

/// <summary>Which models this library computes with kernels of its own: decoding (<see cref="CpuDecoding{T}"/>) and whole batches, forward and backward (<see cref="CpuLayers{T}"/>).</summary>
internal static class CpuKernels
{
    /// <summary>Whether they compute a model: it is on the CPU, and rows are computed eight numbers at a time.</summary>
    public static bool Suit(Transformer model) => model.Device.type == DeviceType.CPU && Suit(model.Config);

    /// <summary>Whether they compute a model of these sizes on the CPU.</summary>
    public static bool Suit(ModelConfig config) => Vector256.IsHardwareAccelerated && config.HiddenSize % 8 == 0 && config.IntermediateSize % 8 == 0;
}

using System.Runtime.Intrinsics.X86;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tensors;

/// <summary>Chooses the element type of matrix products and attention for a recipe's <c>compute.precision</c>.</summary>
public static class ComputePrecision
{
    /// <summary>
    /// Narrowest model that <c>auto</c> computes in bfloat16: in smaller ones the conversions take what the products save (bench), and their
    /// log-probabilities should be as exact as can be had.
    /// </summary>
    public const int LeastWidth = 512;

    /// <summary>Chooses.</summary>
    /// <param name="name"><c>fp32</c>, <c>bf16</c>, or <c>auto</c>: bf16 where the hardware has instructions for it and the model is not tiny.</param>
    /// <param name="device">Where it is computed.</param>
    /// <param name="width">The model's hidden size.</param>
    /// <exception cref="RlvrException">The name is unknown.</exception>
    public static ScalarType Choose(string name, Device device, int width) => Choose(name, device.type == DeviceType.CUDA, width);

    /// <summary>Chooses, without a device.</summary>
    internal static ScalarType Choose(string name, bool onGpu, int width) => name switch
    {
        "fp32" => ScalarType.Float32,
        "bf16" => ScalarType.BFloat16,
        "auto" => width >= LeastWidth && (onGpu || CpuHasBFloat16) ? ScalarType.BFloat16 : ScalarType.Float32,
        _ => throw new RlvrException($"compute.precision: unknown precision '{name}'; expected auto, fp32 or bf16."),
    };

    /// <summary>Its short name: <c>fp32</c> or <c>bf16</c>.</summary>
    public static string NameOf(ScalarType type) => type == ScalarType.BFloat16 ? "bf16" : "fp32";

    /// <summary>Whether this processor multiplies bfloat16 matrices in hardware: AVX-512 BF16 (leaf 7, subleaf 1, EAX bit 5) or AMX BF16 (leaf 7, EDX bit 22).</summary>
    public static bool CpuHasBFloat16 { get; } = X86Base.IsSupported && Avx512F.IsSupported
        && (((X86Base.CpuId(7, 1).Eax >> 5) & 1) == 1 || ((X86Base.CpuId(7, 0).Edx >> 22) & 1) == 1);
}

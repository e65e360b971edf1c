using static TorchSharp.torch;

namespace Rlvr.Tensors;

/// <summary>Chooses the device of a recipe's <c>compute.device</c>.</summary>
public static class ComputeDevice
{
    /// <summary>Chooses.</summary>
    /// <param name="name"><c>auto</c> (CUDA if there is one), <c>cpu</c> or <c>cuda</c>.</param>
    /// <exception cref="RlvrException">CUDA was asked for and is not there, or the name is unknown.</exception>
    public static Device Choose(string name)
    {
        NativeRuntime.Initialize();
        bool available = name != "cpu" && cuda.is_available();
        return name switch
        {
            "cpu" => CPU,
            "auto" => available ? CUDA : CPU,
            "cuda" => available ? CUDA
                : throw new RlvrException("compute.device is 'cuda', but libtorch finds no CUDA device. Run 'rlvr doctor'; RLVR_LIBTORCH can name a PyTorch installation with CUDA."),
            _ => throw new RlvrException($"compute.device: unknown device '{name}'; expected auto, cpu or cuda."),
        };
    }
}

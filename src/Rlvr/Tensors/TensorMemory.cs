using static TorchSharp.torch;

namespace Rlvr.Tensors;

/// <summary>Where a tensor's numbers lie, for kernels of this library.</summary>
internal static unsafe class TensorMemory
{
    /// <summary>The address of the first number.</summary>
    /// <param name="tensor">On the CPU, contiguous, of any size (a span of its bytes would end at 2 GB); it must live as long as the address is used.</param>
    public static nint Start(Tensor tensor)
    {
        long count = tensor.numel();
        if (count == 0) return 0;
        using Tensor? first = count * tensor.element_size() > int.MaxValue ? tensor.view(-1).narrow(0, 0, 1) : null;
        fixed (byte* address = (first ?? tensor).bytes) return (nint)address;
    }
}

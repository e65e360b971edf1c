using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tensors;

/// <summary>
/// Numbers for tensor operations that live for ever. TorchSharp makes a temporary <see cref="Scalar"/> of a plain number, also of the factor 1 inside <c>x.add(y)</c>, and keeps only its native
/// handle during the call: where another thread's garbage collection comes just before, the native code reads freed memory, and mostly throws ("Expected false to be true"). So what may run while
/// other threads allocate (rewards are scored while the rest decodes) takes numbers from here, or makes one with <c>ToScalar</c> that it disposes of after the call.
/// </summary>
internal static class Numbers
{
    /// <summary>1: the factor of <c>x.add(y)</c>.</summary>
    public static Scalar One { get; } = 1.ToScalar();

    /// <summary>0.</summary>
    public static Scalar Zero { get; } = 0.ToScalar();

    /// <summary>The score of what is hidden.</summary>
    public static Scalar MinusInfinity { get; } = float.NegativeInfinity.ToScalar();

    /// <summary>True.</summary>
    public static Scalar True { get; } = true.ToScalar();

    /// <summary>False.</summary>
    public static Scalar False { get; } = false.ToScalar();

    /// <summary>0, 1, ..., count - 1.</summary>
    public static Tensor Range(long count, ScalarType type = ScalarType.Int64, Device? device = null)
    {
        using Scalar stop = count.ToScalar();
        return arange(Zero, stop, One, type, device);
    }
}

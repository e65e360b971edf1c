using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tensors;

/// <summary>
/// Block-wise quantisation to eight bits (arXiv 2110.02861, section 2.1): each block of 256 numbers is divided by its largest magnitude, and each of
/// them becomes the nearest number of a <see cref="DynamicMap"/>.
/// </summary>
/// <remarks>
/// The error is at most half the distance of the two map numbers around a value: 0.0071 of the block's largest magnitude with a sign, 0.0036 without.
/// Without a sign a number that is not 0 does not become 0 but the smallest of the map: a second moment divides, and one of 0 would let its
/// parameter leap. (The reference implementation rounds it to 0.)
/// </remarks>
internal sealed class BlockQuantizer : IDisposable
{
    /// <summary>Numbers that share a scale.</summary>
    public const int BlockSize = 256;

    /// <summary>Smallest scale that is divided by; a block of zeros has 0.</summary>
    private const double Tiny = 1e-38;

    private readonly Tensor map, bounds;
    private readonly BlockCodes? kernel; // on the CPU

    /// <summary>Prepares the map.</summary>
    /// <param name="signed">Whether numbers have a sign.</param>
    /// <param name="device">Where the numbers are.</param>
    /// <param name="plainly">Without a kernel, for a test.</param>
    public BlockQuantizer(bool signed, Device device, bool plainly = false)
    {
        float[] numbers = signed ? DynamicMap.Signed : DynamicMap.Unsigned;
        float[] between = [.. numbers.Zip(numbers.Skip(1), (low, high) => (low + high) / 2)];
        if (!signed) between[0] = 0; // everything above 0 is at least the smallest number
        Zero = (byte)Array.IndexOf(numbers, 0f);
        map = tensor(numbers, device: device).DetachFromDisposeScope();
        bounds = tensor(between, device: device).DetachFromDisposeScope();
        kernel = device.type == DeviceType.CPU && !plainly ? new BlockCodes(numbers, between) : null;
    }

    /// <summary>The code of 0.</summary>
    public byte Zero { get; }

    /// <summary>Blocks of a tensor; the last may be shorter.</summary>
    public static long Blocks(long elements) => (elements + BlockSize - 1) / BlockSize;

    /// <summary>Quantises.</summary>
    /// <param name="values">[n], float32.</param>
    /// <returns>[n] uint8 codes and [blocks] float32 scales.</returns>
    public (Tensor Codes, Tensor Scales) Quantize(Tensor values)
    {
        long count = values.numel();
        if (kernel is not null && values.is_contiguous()) return Quantize(kernel, values, count);
        Tensor blocks = Padded(values, count).view(-1, BlockSize);
        Tensor scales = blocks.abs().amax([1]);
        using Scalar tiny = Tiny.ToScalar();
        Tensor shares = blocks.div(scales.clamp_min(tiny).unsqueeze(1));
        // The number of bounds below a share is the index of the nearest number.
        Tensor codes = bucketize(shares, bounds, outInt32: true).to(ScalarType.Byte);
        return (codes.view(-1).narrow(0, 0, count), scales);
    }

    /// <summary>The numbers that codes and scales stand for.</summary>
    /// <param name="codes">[n] uint8.</param>
    /// <param name="scales">[blocks] float32.</param>
    /// <returns>[n] float32.</returns>
    public Tensor Dequantize(Tensor codes, Tensor scales)
    {
        long count = codes.numel();
        if (kernel is not null && codes.is_contiguous() && scales.is_contiguous()) return Dequantize(kernel, codes, scales, count);
        Tensor shares = Padded(map.index_select(0, codes.to(ScalarType.Int32)), count).view(-1, BlockSize);
        return shares.mul(scales.unsqueeze(1)).view(-1).narrow(0, 0, count);
    }

    private static unsafe (Tensor Codes, Tensor Scales) Quantize(BlockCodes kernel, Tensor values, long count)
    {
        Tensor codes = empty(count, dtype: ScalarType.Byte), scales = empty(Blocks(count));
        kernel.Quantize((float*)TensorMemory.Start(values), (byte*)TensorMemory.Start(codes), (float*)TensorMemory.Start(scales), count, (float)Tiny);
        return (codes, scales);
    }

    private static unsafe Tensor Dequantize(BlockCodes kernel, Tensor codes, Tensor scales, long count)
    {
        Tensor values = empty(count);
        kernel.Dequantize((byte*)TensorMemory.Start(codes), (float*)TensorMemory.Start(scales), (float*)TensorMemory.Start(values), count);
        return values;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        map.Dispose();
        bounds.Dispose();
    }

    private static Tensor Padded(Tensor values, long count) =>
        count % BlockSize == 0 ? values : nn.functional.pad(values, [0, BlockSize - (count % BlockSize)]);
}

using System.Runtime.Intrinsics;

namespace Rlvr.Tensors;

/// <summary>
/// <see cref="BlockQuantizer"/> on the CPU: the same codes and numbers, without a binary search for each. The upper half of a number's bits says which bounds can lie below it, all but the
/// last one or two of which surely do.
/// </summary>
internal sealed unsafe class BlockCodes
{
    private const int Block = BlockQuantizer.BlockSize;

    private readonly float[] map;
    private readonly float[] bounds = new float[256]; // the last one is above all
    private readonly byte[] least = new byte[1 << 16]; // by the upper half of a number's bits: the code of the least number with it

    /// <summary>Prepares the tables.</summary>
    /// <param name="map">The 256 numbers, ascending.</param>
    /// <param name="bounds">The 255 bounds between them.</param>
    public BlockCodes(float[] map, float[] bounds)
    {
        this.map = map;
        bounds.CopyTo(this.bounds, 0);
        this.bounds[255] = float.PositiveInfinity;
        for (int upper = 0; upper < least.Length; upper++)
        {
            bool negative = upper >= 1 << 15;
            float number = BitConverter.Int32BitsToSingle((upper << 16) | (negative ? 0xffff : 0)); // of negative numbers the largest bits are the least
            int code = 0;
            while (code < 255 && !(bounds[code] >= number)) code++;
            least[upper] = (byte)code; // the last one for what is no number
        }
    }

    /// <summary>Quantises.</summary>
    /// <param name="values">[count].</param>
    /// <param name="codes">[count]: written.</param>
    /// <param name="scales">[blocks]: written.</param>
    /// <param name="count">How many.</param>
    /// <param name="tiny">Smallest scale that is divided by.</param>
    public void Quantize(float* values, byte* codes, float* scales, long count, float tiny) => ByBlock(count, (block, first, length) =>
    {
        float* from = values + first;
        byte* to = codes + first;
        float scale = Largest(from, length), by = float.Max(scale, tiny);
        scales[block] = scale;
        fixed (float* above = bounds)
        fixed (byte* start = least)
        {
            for (int i = 0; i < length; i++)
            {
                float share = from[i] / by;
                int code = start[BitConverter.SingleToUInt32Bits(share) >> 16];
                while (above[code] < share) code++;
                to[i] = (byte)code;
            }
        }
    });

    /// <summary>The way back.</summary>
    /// <param name="codes">[count].</param>
    /// <param name="scales">[blocks].</param>
    /// <param name="values">[count]: written.</param>
    /// <param name="count">How many.</param>
    public void Dequantize(byte* codes, float* scales, float* values, long count) => ByBlock(count, (block, first, length) =>
    {
        byte* from = codes + first;
        float* to = values + first;
        float scale = scales[block];
        fixed (float* numbers = map)
            for (int i = 0; i < length; i++) to[i] = numbers[from[i]] * scale;
    });

    private static void ByBlock(long count, Action<long, long, int> body)
    {
        int blocks = (int)BlockQuantizer.Blocks(count);
        RowParallel.Run(blocks, RowParallel.Threads(8 * count), (_, start, some) =>
        {
            for (long block = start; block < start + some; block++) body(block, block * Block, (int)long.Min(Block, count - (block * Block)));
        });
    }

    /// <summary>The largest magnitude; none where there is one that is no number.</summary>
    private static float Largest(float* values, int count)
    {
        Vector256<float> most = default;
        int i = 0;
        for (; i + 8 <= count; i += 8) most = Vector256.Max(most, Vector256.Abs(Vector256.Load(values + i)));
        float largest = 0;
        for (int lane = 0; lane < 8; lane++) largest = float.Max(largest, most[lane]);
        for (; i < count; i++) largest = float.Max(largest, float.Abs(values[i]));
        return largest;
    }
}

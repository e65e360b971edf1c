using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Rlvr.Tensors;

/// <summary>Rows to columns, eight by eight where the processor can.</summary>
internal static unsafe class Transposition
{
    /// <summary>Writes the transpose.</summary>
    /// <param name="from">[rows, columns].</param>
    /// <param name="fromStride">Between rows of it.</param>
    /// <param name="to">[columns, rows].</param>
    /// <param name="toStride">Between rows of it.</param>
    /// <param name="rows">Any number.</param>
    /// <param name="columns">Any number.</param>
    public static void Write(float* from, long fromStride, float* to, long toStride, int rows, int columns)
    {
        int row = 0;
        for (; Avx.IsSupported && row + 8 <= rows; row += 8)
        {
            int column = 0;
            for (; column + 8 <= columns; column += 8) Eight(from + (row * fromStride) + column, fromStride, to + (column * toStride) + row, toStride);
            Plainly(from + (row * fromStride) + column, fromStride, to + (column * toStride) + row, toStride, 8, columns - column);
        }
        Plainly(from + (row * fromStride), fromStride, to + row, toStride, rows - row, columns);
    }

    private static void Plainly(float* from, long fromStride, float* to, long toStride, int rows, int columns)
    {
        for (int row = 0; row < rows; row++)
            for (int column = 0; column < columns; column++) to[(column * toStride) + row] = from[(row * fromStride) + column];
    }

    private static void Eight(float* from, long fromStride, float* to, long toStride)
    {
        Vector256<float> a = Avx.LoadVector256(from), b = Avx.LoadVector256(from + fromStride), c = Avx.LoadVector256(from + (2 * fromStride)), d = Avx.LoadVector256(from + (3 * fromStride));
        from += 4 * fromStride;
        Vector256<float> e = Avx.LoadVector256(from), f = Avx.LoadVector256(from + fromStride), g = Avx.LoadVector256(from + (2 * fromStride)), h = Avx.LoadVector256(from + (3 * fromStride));
        (a, b, c, d) = Four(a, b, c, d);
        (e, f, g, h) = Four(e, f, g, h);
        Avx.Permute2x128(a, e, 0x20).Store(to);
        Avx.Permute2x128(b, f, 0x20).Store(to + toStride);
        Avx.Permute2x128(c, g, 0x20).Store(to + (2 * toStride));
        Avx.Permute2x128(d, h, 0x20).Store(to + (3 * toStride));
        to += 4 * toStride;
        Avx.Permute2x128(a, e, 0x31).Store(to);
        Avx.Permute2x128(b, f, 0x31).Store(to + toStride);
        Avx.Permute2x128(c, g, 0x31).Store(to + (2 * toStride));
        Avx.Permute2x128(d, h, 0x31).Store(to + (3 * toStride));
    }

    /// <summary>Four by four in each half.</summary>
    private static (Vector256<float>, Vector256<float>, Vector256<float>, Vector256<float>) Four(Vector256<float> a, Vector256<float> b, Vector256<float> c, Vector256<float> d)
    {
        Vector256<float> lower = Avx.UnpackLow(a, b), upper = Avx.UnpackHigh(a, b), lowerNext = Avx.UnpackLow(c, d), upperNext = Avx.UnpackHigh(c, d);
        return (Avx.Shuffle(lower, lowerNext, 0x44), Avx.Shuffle(lower, lowerNext, 0xEE), Avx.Shuffle(upper, upperNext, 0x44), Avx.Shuffle(upper, upperNext, 0xEE));
    }
}

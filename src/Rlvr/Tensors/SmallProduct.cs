using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rlvr.Tensors;

/// <summary>
/// C = A B or C += A B of small float32 matrices that lie in the cache: what attention consists of. A may be transposed, by its strides. A library's product of such a
/// size takes as long for the call and for bringing the matrices into its own layout as for the arithmetic. The sum of an element is taken in the order of the inner dimension.
/// </summary>
internal static unsafe class SmallProduct
{
    /// <summary>A matrix whose elements are read one by one.</summary>
    /// <param name="Start">Its first element.</param>
    /// <param name="Row">From one row to the next.</param>
    /// <param name="Inner">From one column to the next.</param>
    public readonly record struct Left(nint Start, long Row, long Inner)
    {
        /// <summary>A matrix by rows.</summary>
        public static Left ByRows(float* start, long stride) => new((nint)start, stride, 1);

        /// <summary>The transpose of a matrix by rows.</summary>
        public static Left Transposed(float* start, long stride) => new((nint)start, 1, stride);
    }

    /// <summary>Multiplies.</summary>
    /// <param name="a">[rows, inner].</param>
    /// <param name="b">[inner, columns], by rows.</param>
    /// <param name="bStride">Between rows of b.</param>
    /// <param name="c">[rows, columns], by rows.</param>
    /// <param name="cStride">Between rows of c.</param>
    /// <param name="rows">Rows of a and c.</param>
    /// <param name="columns">Columns of b and c: a multiple of 8.</param>
    /// <param name="inner">Columns of a, rows of b.</param>
    /// <param name="adds">Whether to add to what is in c.</param>
    public static void Multiply(Left a, float* b, long bStride, float* c, long cStride, int rows, int columns, int inner, bool adds) =>
        Multiply(a, b, bStride, c, cStride, rows, columns, inner, adds, Vector512.IsHardwareAccelerated);

    /// <summary>The same with registers of sixteen numbers or without, whatever the processor has: for a test.</summary>
    internal static void Multiply(Left a, float* b, long bStride, float* c, long cStride, int rows, int columns, int inner, bool adds, bool wide)
    {
        int column = 0;
        if (wide)
            for (; column + (2 * SixteenFloats.Count) <= columns; column += 2 * SixteenFloats.Count) Panel<SixteenFloats, Two>(a, b + column, bStride, c + column, cStride, rows, inner, adds);
        for (; column + (2 * EightFloats.Count) <= columns; column += 2 * EightFloats.Count) Panel<EightFloats, Two>(a, b + column, bStride, c + column, cStride, rows, inner, adds);
        if (column < columns) Panel<EightFloats, One>(a, b + column, bStride, c + column, cStride, rows, inner, adds);
    }

    /// <summary>All rows of one or two registers' columns, six at a time: twelve sums stay in registers.</summary>
    private static void Panel<TVector, TWide>(Left a, float* b, long bStride, float* c, long cStride, int rows, int inner, bool adds)
        where TVector : struct, IFloatVector<TVector> where TWide : struct, INumber
    {
        float* start = (float*)a.Start;
        int row = 0;
        for (; row + 6 <= rows; row += 6) Tile<TVector, TWide, Six>(start + (row * a.Row), a.Row, a.Inner, b, bStride, c + (row * cStride), cStride, inner, adds);
        start += row * a.Row;
        c += row * cStride;
        switch (rows - row)
        {
            case 1: Tile<TVector, TWide, One>(start, a.Row, a.Inner, b, bStride, c, cStride, inner, adds); break;
            case 2: Tile<TVector, TWide, Two>(start, a.Row, a.Inner, b, bStride, c, cStride, inner, adds); break;
            case 3: Tile<TVector, TWide, Three>(start, a.Row, a.Inner, b, bStride, c, cStride, inner, adds); break;
            case 4: Tile<TVector, TWide, Four>(start, a.Row, a.Inner, b, bStride, c, cStride, inner, adds); break;
            case 5: Tile<TVector, TWide, Five>(start, a.Row, a.Inner, b, bStride, c, cStride, inner, adds); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile<TVector, TWide, TRows>(float* a, long row, long step, float* b, long bStride, float* c, long cStride, int inner, bool adds)
        where TVector : struct, IFloatVector<TVector> where TWide : struct, INumber where TRows : struct, INumber
    {
        TVector a0 = default, a1 = default, b0 = default, b1 = default, c0 = default, c1 = default, d0 = default, d1 = default, e0 = default, e1 = default, f0 = default, f1 = default;
        if (adds)
        {
            Get<TVector, TWide>(c, ref a0, ref a1);
            if (TRows.Value > 1) Get<TVector, TWide>(c + cStride, ref b0, ref b1);
            if (TRows.Value > 2) Get<TVector, TWide>(c + (2 * cStride), ref c0, ref c1);
            if (TRows.Value > 3) Get<TVector, TWide>(c + (3 * cStride), ref d0, ref d1);
            if (TRows.Value > 4) Get<TVector, TWide>(c + (4 * cStride), ref e0, ref e1);
            if (TRows.Value > 5) Get<TVector, TWide>(c + (5 * cStride), ref f0, ref f1);
        }
        long second = 2 * row;
        float* lower = a + (3 * row);
        for (int i = 0; i < inner; i++, a += step, lower += step, b += bStride)
        {
            TVector u = TVector.Load(b), v = TWide.Value > 1 ? TVector.Load(b + TVector.Count) : default, x = TVector.Fill(a[0]);
            a0 = TVector.MultiplyAdd(x, u, a0);
            if (TWide.Value > 1) a1 = TVector.MultiplyAdd(x, v, a1);
            if (TRows.Value > 1)
            {
                x = TVector.Fill(a[row]);
                b0 = TVector.MultiplyAdd(x, u, b0);
                if (TWide.Value > 1) b1 = TVector.MultiplyAdd(x, v, b1);
            }
            if (TRows.Value > 2)
            {
                x = TVector.Fill(a[second]);
                c0 = TVector.MultiplyAdd(x, u, c0);
                if (TWide.Value > 1) c1 = TVector.MultiplyAdd(x, v, c1);
            }
            if (TRows.Value > 3)
            {
                x = TVector.Fill(lower[0]);
                d0 = TVector.MultiplyAdd(x, u, d0);
                if (TWide.Value > 1) d1 = TVector.MultiplyAdd(x, v, d1);
            }
            if (TRows.Value > 4)
            {
                x = TVector.Fill(lower[row]);
                e0 = TVector.MultiplyAdd(x, u, e0);
                if (TWide.Value > 1) e1 = TVector.MultiplyAdd(x, v, e1);
            }
            if (TRows.Value > 5)
            {
                x = TVector.Fill(lower[second]);
                f0 = TVector.MultiplyAdd(x, u, f0);
                if (TWide.Value > 1) f1 = TVector.MultiplyAdd(x, v, f1);
            }
        }
        Put<TVector, TWide>(c, a0, a1);
        if (TRows.Value > 1) Put<TVector, TWide>(c + cStride, b0, b1);
        if (TRows.Value > 2) Put<TVector, TWide>(c + (2 * cStride), c0, c1);
        if (TRows.Value > 3) Put<TVector, TWide>(c + (3 * cStride), d0, d1);
        if (TRows.Value > 4) Put<TVector, TWide>(c + (4 * cStride), e0, e1);
        if (TRows.Value > 5) Put<TVector, TWide>(c + (5 * cStride), f0, f1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Get<TVector, TWide>(float* from, ref TVector first, ref TVector second) where TVector : struct, IFloatVector<TVector> where TWide : struct, INumber
    {
        first = TVector.Load(from);
        if (TWide.Value > 1) second = TVector.Load(from + TVector.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put<TVector, TWide>(float* to, TVector first, TVector second) where TVector : struct, IFloatVector<TVector> where TWide : struct, INumber
    {
        first.Store(to);
        if (TWide.Value > 1) second.Store(to + TVector.Count);
    }

    private interface INumber
    {
        static abstract int Value { get; }
    }

    private readonly struct One : INumber { public static int Value => 1; }

    private readonly struct Two : INumber { public static int Value => 2; }

    private readonly struct Three : INumber { public static int Value => 3; }

    private readonly struct Four : INumber { public static int Value => 4; }

    private readonly struct Five : INumber { public static int Value => 5; }

    private readonly struct Six : INumber { public static int Value => 6; }
}

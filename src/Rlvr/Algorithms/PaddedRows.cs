using static TorchSharp.torch;

namespace Rlvr.Algorithms;

/// <summary>Rows of different lengths to and from a padded tensor [B, T], in double precision on the CPU, as advantage estimators use it.</summary>
public static class PaddedRows
{
    /// <summary>The rows, with 0 after their ends.</summary>
    /// <param name="rows">A number for each token of each row.</param>
    public static Tensor Pad(IReadOnlyList<double[]> rows) => Pad(rows.Count, Width(rows.Select(r => r.Length)), (row, flat) => rows[row].CopyTo(flat));

    /// <summary>The same from single precision.</summary>
    public static Tensor Pad(IReadOnlyList<float[]> rows) => Pad(rows.Count, Width(rows.Select(r => r.Length)), (row, flat) =>
    {
        for (int t = 0; t < rows[row].Length; t++) flat[t] = rows[row][t];
    });

    /// <summary>1 at the tokens of each row, 0 after its end.</summary>
    public static Tensor Mask(IReadOnlyList<int> lengths) => Pad(lengths.Count, Width(lengths), (row, flat) => flat[..lengths[row]].Fill(1));

    /// <summary>The first tokens of each row.</summary>
    /// <param name="values">[B, T] of any type.</param>
    /// <param name="lengths">How many of each row.</param>
    public static double[][] Unpad(Tensor values, IReadOnlyList<int> lengths)
    {
        using var scope = NewDisposeScope();
        int width = (int)values.shape[1];
        double[] flat = values.detach().to(float64).cpu().contiguous().data<double>().ToArray();
        return [.. lengths.Select((length, row) => flat.AsSpan(row * width, length).ToArray())];
    }

    private delegate void Fill(int row, Span<double> flat);

    private static Tensor Pad(int rows, int width, Fill fill)
    {
        double[] flat = new double[rows * width];
        for (int row = 0; row < rows; row++) fill(row, flat.AsSpan(row * width, width));
        return tensor(flat).reshape(rows, width);
    }

    private static int Width(IEnumerable<int> lengths) => lengths.DefaultIfEmpty(0).Max();
}

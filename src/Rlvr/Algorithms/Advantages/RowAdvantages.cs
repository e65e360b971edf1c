using Rlvr.Tensors;
using static TorchSharp.torch;

namespace Rlvr.Algorithms.Advantages;

/// <summary>From one advantage per row to one per token, and what estimators by row share.</summary>
public static class RowAdvantages
{
    /// <summary>Padded layout: the row's advantage times the mask [B, T], in the mask's type (single precision for a Boolean mask).</summary>
    public static Tensor ToPadded(ReadOnlySpan<double> advantages, Tensor mask)
    {
        using var scope = NewDisposeScope();
        ScalarType type = mask.dtype is ScalarType.Float64 or ScalarType.Float32 ? mask.dtype : ScalarType.Float32;
        Tensor column = tensor(advantages.ToArray()).to(type).to(mask.device).unsqueeze(-1);
        return (column * mask).MoveToOuterDisposeScope();
    }

    /// <summary>Packed layout: the row's advantage at each of its tokens, [sum of lengths], single precision.</summary>
    public static Tensor ToPacked(ReadOnlySpan<double> advantages, IReadOnlyList<int> lengths, Device? device = null)
    {
        float[] tokens = new float[lengths.Sum()];
        int next = 0;
        for (int row = 0; row < lengths.Count; row++)
        {
            Array.Fill(tokens, (float)advantages[row], next, lengths[row]);
            next += lengths[row];
        }
        return tensor(tokens, device: device);
    }

    /// <summary>Rows that could not be scored, NaN, move nothing. In place.</summary>
    internal static double[] ZeroWhereUnscored(double[] advantages)
    {
        for (int row = 0; row < advantages.Length; row++)
            if (double.IsNaN(advantages[row])) advantages[row] = 0;
        return advantages;
    }

    /// <summary>Mean 0 and variance 1 over all response tokens, where a row counts as often as it has tokens. In place.</summary>
    /// <exception cref="RlvrException">The batch has fewer than two response tokens.</exception>
    internal static double[] Whiten(double[] advantages, ReadOnlySpan<int> lengths)
    {
        double tokens = 0, sum = 0, squares = 0;
        for (int row = 0; row < advantages.Length; row++) (tokens, sum) = (tokens + lengths[row], sum + advantages[row] * lengths[row]);
        if (tokens < 2) throw new RlvrException($"whitening needs at least two response tokens, the batch has {tokens}");
        double mean = sum / tokens;
        for (int row = 0; row < advantages.Length; row++) squares += lengths[row] * (advantages[row] - mean) * (advantages[row] - mean);
        double scale = 1 / double.Sqrt(squares / (tokens - 1) + Masked.WhitenEpsilon);
        for (int row = 0; row < advantages.Length; row++) advantages[row] = (advantages[row] - mean) * scale;
        return advantages;
    }
}

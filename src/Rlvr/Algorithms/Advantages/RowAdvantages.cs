using static TorchSharp.torch;

namespace Rlvr.Algorithms.Advantages;

/// <summary>From one advantage per row to one per token.</summary>
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
}

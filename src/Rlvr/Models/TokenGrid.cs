using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>Lays the tokens of rows of different lengths, one row after the other, into a grid of as many columns as the longest has tokens, and back.</summary>
internal sealed class TokenGrid
{
    private readonly Tensor? tokenOf, cellOf; // [R * T] and [N] int64; null where every row is full

    /// <param name="counts">Tokens of each row, at least 1.</param>
    /// <param name="width">T, the most of them.</param>
    /// <param name="device">Where.</param>
    public TokenGrid(IReadOnlyList<int> counts, int width, Device device)
    {
        Width = width;
        if (counts.All(c => c == width)) return;
        long[] tokens = new long[counts.Count * width], cells = new long[counts.Sum()];
        for (int row = 0, next = 0; row < counts.Count; next += counts[row++])
        {
            for (int column = 0; column < width; column++)
            {
                int token = next + int.Min(column, counts[row] - 1); // an empty cell repeats the row's last token: what is computed for it is not read
                tokens[(row * width) + column] = token;
                cells[token] = (row * width) + int.Min(column, counts[row] - 1);
            }
        }
        (tokenOf, cellOf) = (tensor(tokens, device: device), tensor(cells, device: device));
    }

    /// <summary>Columns.</summary>
    public int Width { get; }

    /// <summary>[N, ...] to [R * T, ...].</summary>
    public Tensor Spread(Tensor tokens) => tokenOf is null ? tokens : tokens.index_select(0, tokenOf);

    /// <summary>[R * T, ...] to [N, ...].</summary>
    public Tensor Gather(Tensor cells) => cellOf is null ? cells : cells.index_select(0, cellOf);
}

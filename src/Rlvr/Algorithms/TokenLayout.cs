using static TorchSharp.torch;

namespace Rlvr.Algorithms;

/// <summary>
/// How the response tokens of a batch lie in a tensor, so that the same loss code serves both layouts:
/// <b>padded</b>, [B, T] with a mask, or <b>packed</b>, [N] with the row number of each token and no padding.
/// </summary>
public sealed class TokenLayout
{
    private readonly Tensor? rowOfToken; // [N] int64, packed only

    private TokenLayout(Tensor? mask, Tensor? rowOfToken, long rows)
    {
        Mask = mask;
        this.rowOfToken = rowOfToken;
        Rows = rows;
    }

    /// <summary>The mask [B, T] in the type of the values, or null where every entry is a response token.</summary>
    public Tensor? Mask { get; }

    /// <summary>Number of rows B, empty ones included.</summary>
    public long Rows { get; }

    /// <summary>The padded layout with a mask [B, T] (Boolean or 0/1).</summary>
    public static TokenLayout Padded(Tensor mask) => new(mask, null, mask.shape[0]);

    /// <summary>The packed layout: row number, from 0, of each token, [N] int64.</summary>
    public static TokenLayout Packed(Tensor rowOfToken, long rows) => new(null, rowOfToken, rows);

    /// <summary>The packed layout of consecutive rows with these numbers of tokens.</summary>
    public static TokenLayout Packed(IReadOnlyList<int> lengths, Device? device = null)
    {
        long[] rowOfToken = new long[lengths.Sum()];
        int next = 0;
        for (int row = 0; row < lengths.Count; row++)
        {
            Array.Fill(rowOfToken, row, next, lengths[row]);
            next += lengths[row];
        }
        return Packed(tensor(rowOfToken, device: device), lengths.Count);
    }

    /// <summary>Everything is a response token of one row: for losses that do not look at rows.</summary>
    internal static TokenLayout OneRow(Tensor like) => like.dim() == 1
        ? Packed(zeros(like.shape, dtype: ScalarType.Int64, device: like.device), 1)
        : Padded(ones_like(like, requires_grad: false));

    /// <summary>1 at response tokens in the shape and type of <paramref name="like"/>.</summary>
    public Tensor Ones(Tensor like) => Mask is null ? ones_like(like, requires_grad: false) : Mask.to(like.dtype);

    /// <summary>Sum over each row's response tokens: [B].</summary>
    public Tensor RowSums(Tensor values) => rowOfToken is null
        ? (values * Mask!.to(values.dtype)).sum(-1)
        : zeros(Rows, dtype: values.dtype, device: values.device).index_add(0, rowOfToken, values, 1);

    /// <summary>Number of response tokens of each row, in the type of <paramref name="like"/>: [B].</summary>
    public Tensor Lengths(Tensor like) => rowOfToken is null
        ? Mask!.to(like.dtype).sum(-1)
        : RowSums(ones_like(like, requires_grad: false));

    /// <summary>One value per row [B] to a tensor that broadcasts over the tokens: [B, 1] or [N].</summary>
    public Tensor ToTokens(Tensor rowValues) => rowOfToken is null ? rowValues.unsqueeze(-1) : rowValues.index_select(0, rowOfToken);
}

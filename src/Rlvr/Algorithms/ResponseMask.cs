using static TorchSharp.torch;

namespace Rlvr.Algorithms;

/// <summary>Which tokens of padded responses count.</summary>
public static class ResponseMask
{
    /// <summary>1 up to and including the first end token of each row, 0 after it; int64 [B, T]. A row without one counts wholly.</summary>
    /// <param name="responses">Token ids, int64 [B, T].</param>
    /// <param name="endTokens">The ids that end a response.</param>
    public static Tensor UpToEnd(Tensor responses, IReadOnlyCollection<long> endTokens)
    {
        using var scope = NewDisposeScope();
        Tensor isEnd = zeros_like(responses);
        foreach (long id in endTokens) isEnd = isEnd.logical_or(responses.eq(id));
        Tensor ends = isEnd.to(ScalarType.Int64);
        // Number of end tokens strictly before a position.
        return (ends.cumsum(-1) - ends).eq(0).to(ScalarType.Int64).MoveToOuterDisposeScope();
    }
}

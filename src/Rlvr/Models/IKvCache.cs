using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>Keys and values of the rows being decoded, and the step that makes each a token longer.</summary>
public interface IKvCache : IDisposable
{
    /// <summary>Keeps one prompt for all rows, before the first of them.</summary>
    /// <param name="captured">Its keys and values by layer, [P, Hkv, D].</param>
    void SetSharedPrefix(IReadOnlyList<(Tensor Key, Tensor Value)> captured);

    /// <summary>Makes room for some rows at once, where they would otherwise enter one by one.</summary>
    /// <param name="count">Rows that will be in use.</param>
    /// <param name="length">Tokens of the longest of them.</param>
    void Reserve(int count, int length);

    /// <summary>Adds a row, after the last.</summary>
    /// <param name="prompt">Keys and values by layer, [P, Hkv, D], copied; null where all rows share a prefix.</param>
    void Add(IReadOnlyList<(Tensor Key, Tensor Value)>? prompt);

    /// <summary>Adds copies of rows, after the last.</summary>
    /// <param name="parents">Which; one may be there several times.</param>
    void Fork(IReadOnlyList<int> parents);

    /// <summary>Removes a row: the last row takes its number.</summary>
    /// <returns>The number of the row that moved, or -1 if the removed one was the last.</returns>
    int Remove(int row);

    /// <summary>A decoding step: each row in use gets some tokens, one after the other; afterwards it is longer by as many.</summary>
    /// <param name="model">The model.</param>
    /// <param name="tokens">[N]: the rows', one row after the other.</param>
    /// <param name="counts">Tokens of each row, at least 1.</param>
    /// <returns>[N, hidden]: the hidden states before the output layer. They belong to the current dispose scope.</returns>
    Tensor Decode(Transformer model, long[] tokens, IReadOnlyList<int> counts);

    /// <summary>Takes the last tokens of a row back.</summary>
    /// <param name="row">The row.</param>
    /// <param name="count">Tokens; what they leave in memory is overwritten by the next ones and seen by none before.</param>
    void Drop(int row, int count);
}

using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Training;

/// <summary>A number of the update is NaN or infinite. Thrown before the optimiser would have spread it into the parameters.</summary>
/// <param name="term">What is not finite.</param>
/// <param name="value">Its value.</param>
/// <param name="rows">The step's rollouts (by number) that it was computed from.</param>
public sealed class NonFiniteException(string term, double value, IReadOnlyList<int> rows)
    : RlvrException($"{term} is {value}, computed from {rows.Count} rollout(s)")
{
    /// <summary>What is not finite.</summary>
    public string Term { get; } = term;

    /// <summary>The rollouts it was computed from.</summary>
    public IReadOnlyList<int> Rows { get; } = rows;

    /// <summary>Names the rows that have a number that is not finite, or all where it came from elsewhere.</summary>
    /// <param name="term">What is not finite.</param>
    /// <param name="value">Its value.</param>
    /// <param name="rows">The rollouts of the computation.</param>
    /// <param name="lengths">Their numbers of tokens.</param>
    /// <param name="numbers">A number for each token, [sum of lengths].</param>
    internal static NonFiniteException Of(string term, double value, int[] rows, int[] lengths, Tensor numbers)
    {
        using DisposeScope scope = NewDisposeScope();
        bool[] finite = numbers.detach().isfinite().cpu().data<bool>().ToArray();
        int offset = 0;
        List<int> guilty = [];
        for (int i = 0; i < rows.Length; offset += lengths[i++])
            if (finite.AsSpan(offset, lengths[i]).Contains(false)) guilty.Add(rows[i]);
        return new NonFiniteException(term, value, guilty.Count > 0 ? guilty : rows);
    }
}

using Rlvr.Tensors;

namespace Rlvr.Algorithms.Advantages;

/// <summary>
/// REINFORCE++ with baseline (arXiv 2501.03262): the score minus its group's mean, then whitened over all response tokens of the batch,
/// where a row counts as often as it has tokens. A group of one keeps its score before whitening.
/// </summary>
public static class ReinforcePlusPlusBaseline
{
    /// <summary>One advantage per row, the same for all its response tokens.</summary>
    /// <param name="scores">Total reward of each row.</param>
    /// <param name="groups">Group of each row: any numbers, in any order.</param>
    /// <param name="lengths">Response tokens of each row.</param>
    /// <exception cref="RlvrException">The batch has fewer than two response tokens.</exception>
    public static double[] Compute(ReadOnlySpan<double> scores, ReadOnlySpan<int> groups, ReadOnlySpan<int> lengths)
    {
        double[] advantages = DrGrpo.Compute(scores, groups);
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

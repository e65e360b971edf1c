namespace Rlvr.Algorithms;

/// <summary>
/// DAPO's dynamic sampling (arXiv 2503.14476, section 3.2): groups whose rollouts all got the same score teach nothing. A step that leaves
/// them out, and samples on until it is full, keeps its gradient's size.
/// </summary>
public static class DynamicSampling
{
    /// <summary>For each row: whether the scores of its group differ.</summary>
    /// <param name="scores">Total reward of each row; NaN for one that could not be scored.</param>
    /// <param name="groups">Group of each row: any numbers, in any order.</param>
    public static bool[] Informative(ReadOnlySpan<double> scores, ReadOnlySpan<int> groups)
    {
        GroupStatistics group = GroupStatistics.Of(scores, groups);
        bool[] informative = new bool[scores.Length];
        for (int row = 0; row < scores.Length; row++) informative[row] = group.Deviations[row] > 0;
        return informative;
    }
}

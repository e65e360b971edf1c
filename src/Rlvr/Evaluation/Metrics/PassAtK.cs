namespace Rlvr.Evaluation;

/// <summary>The chance that at least one of k responses is right.</summary>
public static class PassAtK
{
    /// <summary>
    /// The unbiased estimate of pass@k for one problem, 1 - C(n - c, k) / C(n, k): the share of all k-subsets of the n responses that hold a
    /// right one (Chen et al., arXiv 2107.03374, equation 1).
    /// </summary>
    /// <param name="samples">n, the number of responses.</param>
    /// <param name="correct">c, how many of them are right.</param>
    /// <param name="k">Size of the subsets, 1 to n.</param>
    /// <exception cref="ArgumentOutOfRangeException">Not 0 &lt;= c &lt;= n, or not 1 &lt;= k &lt;= n.</exception>
    public static double Estimate(int samples, int correct, int k)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(correct);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(correct, samples);
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(k, samples);
        // C(n - c, k) / C(n, k) as a product of c factors, each at most 1: no large numbers. A factor is 0 once wrong responses run out.
        double none = 1;
        for (int i = samples - correct + 1; i <= samples; i++) none *= double.Max(0, 1 - ((double)k / i));
        return 1 - none;
    }

    /// <summary>The mean estimate over problems.</summary>
    /// <param name="correct">Right responses of each problem.</param>
    /// <param name="samples">Responses of each problem.</param>
    /// <param name="k">Size of the subsets.</param>
    public static double Mean(IReadOnlyCollection<int> correct, int samples, int k) => correct.Average(c => Estimate(samples, c, k));
}

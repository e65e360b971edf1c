namespace Rlvr.Evaluation;

/// <summary>How far chance alone moves a mean over problems.</summary>
public static class StandardErrors
{
    /// <summary>The 97.5% quantile of the normal distribution: 95% lie within so many standard errors on both sides.</summary>
    public const double Z = 1.959963984540054;

    /// <summary>
    /// The standard error of a mean over problems, s / √n with s² = Σ(x − mean)² / (n − 1). A problem's several responses count as one value,
    /// their mean: the error is clustered by problem. NaN for a single problem, whose spread nobody knows.
    /// </summary>
    /// <param name="values">One value a problem.</param>
    public static double OfMean(IReadOnlyCollection<double> values)
    {
        double mean = values.Average();
        return double.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Count - 1) / values.Count);
    }

    /// <summary>The 97.5% quantile of Student's t distribution, within 0.002 of the true value.</summary>
    /// <param name="freedom">Degrees of freedom, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="freedom"/> is below 1.</exception>
    public static double StudentT(int freedom)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(freedom, 1);
        ReadOnlySpan<double> few = [12.7062, 4.3027, 3.1824, 2.7764, 2.5706];
        if (freedom <= few.Length) return few[freedom - 1];
        // Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.5.
        double z = Z, z3 = z * z * z, z5 = z3 * z * z, z7 = z5 * z * z, v = freedom;
        return z + ((z3 + z) / (4 * v)) + (((5 * z5) + (16 * z3) + (3 * z)) / (96 * v * v)) + (((3 * z7) + (19 * z5) + (17 * z3) - (15 * z)) / (384 * v * v * v));
    }
}

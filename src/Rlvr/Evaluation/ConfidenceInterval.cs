namespace Rlvr.Evaluation;

/// <summary>An interval that holds the true accuracy with 95% confidence, were the suite's problems drawn anew.</summary>
/// <param name="Low">Lower end, 0 to 1.</param>
/// <param name="High">Upper end, 0 to 1.</param>
public readonly record struct ConfidenceInterval(double Low, double High)
{
    private const double Z = 1.959963984540054; // 97.5% quantile of the normal distribution

    /// <summary>
    /// Wilson's score interval for the number of independent responses that the observed spread between problems is worth. Responses to
    /// one problem resemble each other: 8 samples of 30 problems are no 240 independent ones. With one response a problem the number
    /// is that of the problems.
    /// </summary>
    /// <param name="accuracies">The mean accuracy of each problem, 0 to 1.</param>
    /// <param name="samples">Responses of each problem.</param>
    public static ConfidenceInterval ClusteredByProblem(IReadOnlyCollection<double> accuracies, int samples)
    {
        int problems = accuracies.Count;
        double mean = accuracies.Average();
        double variance = accuracies.Sum(a => (a - mean) * (a - mean)) / problems / problems; // of the mean, over problems
        double bernoulli = mean * (1 - mean);
        // Never worth more than all responses, nor less than the problems (each is at least one).
        double n = variance > 0 ? double.Clamp(bernoulli / variance, problems, (double)problems * samples) : problems;
        double centre = (mean + (Z * Z / (2 * n))) / (1 + (Z * Z / n));
        double half = Z * double.Sqrt((bernoulli / n) + (Z * Z / (4 * n * n))) / (1 + (Z * Z / n));
        // At 0 and 1 the ends are exact; rounding would put the accuracy itself outside.
        return new ConfidenceInterval(mean <= 0 ? 0 : double.Max(0, centre - half), mean >= 1 ? 1 : double.Min(1, centre + half));
    }
}

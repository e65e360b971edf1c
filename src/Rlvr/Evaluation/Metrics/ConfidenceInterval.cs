namespace Rlvr.Evaluation;

/// <summary>An interval that holds the true value with 95% confidence, were the suite's problems drawn anew.</summary>
/// <param name="Low">Lower end.</param>
/// <param name="High">Upper end.</param>
public readonly record struct ConfidenceInterval(double Low, double High)
{
    /// <summary>
    /// Wilson's score interval (1927) for the number of independent responses that the observed spread between problems is worth. Responses
    /// to one problem resemble each other: 8 samples of 30 problems are no 240 independent ones. With one response a problem the
    /// number is that of the problems; with several, the spread is estimated, and Student's t takes the place of the normal quantile.
    /// </summary>
    /// <param name="accuracies">The mean accuracy of each problem, 0 to 1.</param>
    /// <param name="samples">Responses of each problem.</param>
    public static ConfidenceInterval ClusteredByProblem(IReadOnlyCollection<double> accuracies, int samples)
    {
        int problems = accuracies.Count;
        double mean = accuracies.Average(), error = StandardErrors.OfMean(accuracies);
        double bernoulli = mean * (1 - mean);
        // Never worth more than all responses, nor less than the problems (each is at least one).
        double n = error > 0 ? double.Clamp(bernoulli / (error * error), problems, (double)problems * samples) : problems;
        double z = samples > 1 && problems > 1 ? StandardErrors.StudentT(problems - 1) : StandardErrors.Z;
        double centre = (mean + (z * z / (2 * n))) / (1 + (z * z / n));
        double half = z * double.Sqrt((bernoulli / n) + (z * z / (4 * n * n))) / (1 + (z * z / n));
        // At 0 and 1 the ends are exact; rounding would put the accuracy itself outside.
        return new ConfidenceInterval(mean <= 0 ? 0 : double.Max(0, centre - half), mean >= 1 ? 1 : double.Min(1, centre + half));
    }
}

namespace Rlvr.Evaluation;

/// <summary>The mean of paired differences of accuracy, and how sure it is.</summary>
/// <param name="Mean">The mean over problems, -1 to 1.</param>
/// <param name="StandardError">Its standard error, clustered by problem; NaN for a single problem.</param>
/// <param name="Interval">95% confidence interval.</param>
/// <param name="P">Two-sided p of the paired test: how often chance alone gives a difference this large.</param>
public readonly record struct PairedDifference(double Mean, double StandardError, ConfidenceInterval Interval, double P)
{
    /// <summary>From this p on a difference is within what chance gives.</summary>
    public const double Level = 0.05;

    /// <summary>Whether chance alone hardly explains the difference: p is below 0.05.</summary>
    public bool IsMoreThanNoise => P < Level;

    /// <summary>
    /// Compares two evaluations of the same problems. The interval is the mean ± t standard errors after half a problem with the smallest
    /// possible difference was added on either side and one without a difference, so that it is never a point: for one sample a problem that
    /// is the interval of Agresti and Min (2005).
    /// </summary>
    /// <param name="before">Right responses to each problem, and of how many.</param>
    /// <param name="after">The same of the other evaluation, in the same order.</param>
    public static PairedDifference Of(IReadOnlyList<(int Correct, int Samples)> before, IReadOnlyList<(int Correct, int Samples)> after)
    {
        double[] differences = Differences(before, after);
        int samples = before[0].Samples, others = after[0].Samples;
        // In units of 1 / (samples * others), which the test divides by what is common.
        double p = PairedTest.Exact([.. before.Select((b, i) => (after[i].Correct * samples) - (b.Correct * others))]);
        return new PairedDifference(differences.Average(), StandardErrors.OfMean(differences), Adjusted(differences, samples, others).Interval, p);
    }

    /// <summary>The mean of several suites' differences, each suite counting the same.</summary>
    /// <param name="suites">Before and after, of each suite.</param>
    public static PairedDifference OfSuites(IReadOnlyList<(IReadOnlyList<(int Correct, int Samples)> Before, IReadOnlyList<(int Correct, int Samples)> After)> suites)
    {
        if (suites.Count == 1) return Of(suites[0].Before, suites[0].After);
        List<double> weighted = [];
        double mean = 0, variance = 0, centre = 0, spread = 0;
        foreach ((IReadOnlyList<(int Correct, int Samples)> before, IReadOnlyList<(int Correct, int Samples)> after) in suites)
        {
            double[] differences = Differences(before, after);
            mean += differences.Average() / suites.Count;
            variance += double.Pow(StandardErrors.OfMean(differences) / suites.Count, 2);
            (double m, double e, _) = Adjusted(differences, before[0].Samples, after[0].Samples);
            centre += m / suites.Count;
            spread += double.Pow(e / suites.Count, 2);
            weighted.AddRange(differences.Select(d => d / differences.Length / suites.Count));
        }
        double half = StandardErrors.Z * double.Sqrt(spread);
        return new PairedDifference(mean, double.Sqrt(variance), new ConfidenceInterval(double.Max(-1, centre - half), double.Min(1, centre + half)), PairedTest.Sampled(weighted));
    }

    private static double[] Differences(IReadOnlyList<(int Correct, int Samples)> before, IReadOnlyList<(int Correct, int Samples)> after) =>
        [.. before.Select((b, i) => ((double)after[i].Correct / after[i].Samples) - ((double)b.Correct / b.Samples))];

    private static (double Mean, double Error, ConfidenceInterval Interval) Adjusted(double[] differences, int samples, int others)
    {
        double n = differences.Length + 2, unit = 1.0 / int.Max(samples, others);
        double mean = differences.Sum() / n;
        double error = double.Sqrt((((differences.Sum(d => d * d) + (unit * unit)) / n) - (mean * mean)) / n);
        double q = samples == 1 && others == 1 || differences.Length == 1 ? StandardErrors.Z : StandardErrors.StudentT(differences.Length - 1);
        return (mean, error, new ConfidenceInterval(double.Max(-1, mean - (q * error)), double.Min(1, mean + (q * error))));
    }
}

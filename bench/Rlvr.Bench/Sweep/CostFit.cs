namespace Rlvr.Bench;

/// <summary>Fits the factors of the cost model: least squares of the relative error, none below 1, because nothing is faster than what was measured of the machine.</summary>
internal static class CostFit
{
    private const double Stiffness = 1e-3; // holds a factor that the measurements say nothing of near 1

    /// <param name="terms">By measurement: seconds of each term at the machine's speed.</param>
    /// <param name="seconds">What was measured.</param>
    public static double[] Solve(IReadOnlyList<double[]> terms, IReadOnlyList<double> seconds)
    {
        int count = terms[0].Length;
        double[][] rows = [.. terms.Select((row, i) => row.Select(term => term / seconds[i]).ToArray())];
        double[] factors = [.. Enumerable.Repeat(1.0, count)];
        // One factor after the other, the others held: convex, and a few thousand rounds are nothing.
        for (int round = 0; round < 20_000; round++)
        {
            for (int j = 0; j < count; j++)
            {
                double up = Stiffness, down = Stiffness;
                foreach (double[] row in rows)
                {
                    double others = 0;
                    for (int k = 0; k < count; k++) if (k != j) others += factors[k] * row[k];
                    up += row[j] * (1 - others);
                    down += row[j] * row[j];
                }
                factors[j] = double.Max(1, up / down);
            }
        }
        return factors;
    }
}

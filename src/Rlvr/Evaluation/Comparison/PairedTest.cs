namespace Rlvr.Evaluation;

/// <summary>Whether paired differences are more than noise.</summary>
public static class PairedTest
{
    /// <summary>Random sign flips where there are too many to count; the smallest p is then 1 / (this + 1).</summary>
    public const int Flips = 9_999;

    // Of exact counting: about a second, and 32 MB.
    private const long MaxSteps = 1L << 28, MaxSum = 1L << 22;

    /// <summary>
    /// Two-sided p of the exact paired permutation test (Fisher, 1935): if it made no difference which of the two is which, every difference might as
    /// well have the other sign; p is the share of all 2^n choices of signs whose sum is at least as far from 0. For differences of -1, 0 and
    /// 1 it is the exact test of McNemar, 2 · P(X ≤ min(b, c)) with X binomial (b + c, 1/2), at most 1.
    /// </summary>
    /// <param name="differences">One a problem, in whole units.</param>
    public static double Exact(IReadOnlyCollection<int> differences)
    {
        int unit = differences.Aggregate(0, (divisor, d) => (int)Gcd(divisor, int.Abs(d)));
        if (unit == 0) return 1;
        int[] sizes = [.. differences.Where(d => d != 0).Select(d => int.Abs(d) / unit)];
        long total = sizes.Sum(s => (long)s), observed = long.Abs(differences.Sum(d => (long)d / unit));
        if (total > MaxSum || total * sizes.Length > MaxSteps) return Sampled([.. differences.Select(d => (double)d)]);
        // chance[w]: that those with a plus sign add up to w. Their sum less that of the others is 2 w - total.
        double[] chance = new double[total + 1];
        chance[0] = 1;
        long reach = 0;
        foreach (int size in sizes)
        {
            reach += size;
            for (long w = reach; w >= 0; w--) chance[w] = (chance[w] + (w >= size ? chance[w - size] : 0)) / 2;
        }
        double p = 0;
        for (long w = 0; w <= total; w++)
            if (long.Abs((2 * w) - total) >= observed) p += chance[w];
        return double.Min(1, p);
    }

    /// <summary>
    /// The same by <see cref="Flips"/> random choices of signs, always the same ones, for differences that are no whole units:
    /// p = (1 + those at least as far from 0) / (1 + all), never below the truth by construction.
    /// </summary>
    /// <param name="differences">One a problem.</param>
    public static double Sampled(IReadOnlyList<double> differences)
    {
        double observed = double.Abs(differences.Sum()) * (1 - 1e-12);
        if (observed == 0) return 1;
        int hits = 0;
        Parallel.For(0, Flips, flip =>
        {
            double sum = 0;
            for (int i = 0; i < differences.Count; i += 64)
            {
                ulong signs = CounterRandom.Bits(0, 0xF11B, (ulong)flip, (ulong)i);
                for (int j = i; j < int.Min(i + 64, differences.Count); j++, signs >>= 1) sum += (signs & 1) == 0 ? differences[j] : -differences[j];
            }
            if (double.Abs(sum) >= observed) Interlocked.Increment(ref hits);
        });
        return (1.0 + hits) / (1 + Flips);
    }

    private static long Gcd(long a, long b) => b == 0 ? a : Gcd(b, a % b);
}

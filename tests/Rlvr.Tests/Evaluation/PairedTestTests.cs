using CsCheck;
using Rlvr.Evaluation;

namespace Rlvr.Tests.Evaluation;

public sealed class PairedTestTests
{
    [Theory]
    // b right to wrong, c wrong to right: 2 * P(X <= min(b, c)), X binomial (b + c, 1/2), by hand.
    [InlineData(0, 0, 1)]
    [InlineData(3, 3, 1)]
    [InlineData(1, 5, 0.21875)] // 2 (1 + 6) / 64
    [InlineData(0, 6, 0.03125)] // 2 / 64
    [InlineData(2, 10, 0.03857421875)] // 2 (1 + 12 + 66) / 4096
    [InlineData(10, 2, 0.03857421875)]
    [InlineData(4, 5, 1)] // 2 (1 + 9 + 36 + 84 + 126) / 512
    public void For_one_response_a_problem_it_is_the_exact_test_of_McNemar(int worse, int better, double expected)
    {
        int[] differences = [.. Enumerable.Repeat(-1, worse), .. Enumerable.Repeat(0, 7), .. Enumerable.Repeat(1, better)];
        Assert.Equal(expected, PairedTest.Exact(differences), 1e-12);
        Assert.Equal(expected, PairedTest.Exact([.. differences.Select(d => 8 * d)]), 1e-12); // the unit does not matter
    }

    [Fact]
    public void It_counts_all_choices_of_signs() =>
        Gen.Int[-8, 8].Array[1, 11].Sample(differences =>
        {
            int hits = 0, observed = int.Abs(differences.Sum());
            for (int signs = 0; signs < 1 << differences.Length; signs++)
            {
                int sum = differences.Select((d, i) => (signs >> i & 1) == 0 ? d : -d).Sum();
                if (int.Abs(sum) >= observed) hits++;
            }
            Assert.Equal((double)hits / (1 << differences.Length), PairedTest.Exact(differences), 1e-12);
        });

    [Fact]
    public void Random_signs_come_near_it_and_are_always_the_same()
    {
        int[] differences = [.. Enumerable.Range(0, 60).Select(i => (i % 5) - 1 - (i % 3))];
        double exact = PairedTest.Exact(differences), sampled = PairedTest.Sampled([.. differences.Select(d => d / 7.0)]);
        Assert.Equal(exact, sampled, 0.015);
        Assert.Equal(sampled, PairedTest.Sampled([.. differences.Select(d => d / 7.0)]));
        Assert.Equal(1, PairedTest.Sampled([0.0, 0.0]));
    }

    [Fact]
    public void What_is_too_much_to_count_is_drawn()
    {
        int[] large = [.. Enumerable.Range(0, 40).Select(i => (i * 100_003 % 999_983) - 400_000)];
        Assert.InRange(PairedTest.Exact(large), 1.0 / (PairedTest.Flips + 1), 1);
        Assert.Equal(PairedTest.Sampled([.. large.Select(d => (double)d)]), PairedTest.Exact(large), 12);
    }

    [Fact]
    public void Where_there_is_no_difference_it_cries_wolf_at_most_as_often_as_it_says()
    {
        const int trials = 2000;
        int alarms = 0;
        for (int t = 0; t < trials; t++)
        {
            int[] differences = new int[30];
            for (int p = 0; p < differences.Length; p++)
            {
                double chance = CounterRandom.Uniform(3, (ulong)t, (ulong)p, 99);
                differences[p] = Right(t, p, 0, 8, chance) - Right(t, p, 1, 8, chance);
            }
            if (PairedTest.Exact(differences) < PairedDifference.Level) alarms++;
        }
        Assert.InRange((double)alarms / trials, 0.02, 0.055);
    }

    [Theory]
    [InlineData(40, 1, 0.945, 0.99)]
    [InlineData(200, 1, 0.935, 0.97)]
    [InlineData(30, 8, 0.93, 0.97)]
    public void The_interval_of_a_difference_covers_the_truth_about_as_often_as_it_says(int problems, int samples, double low, double high)
    {
        const int trials = 3000;
        int covered = 0;
        for (int t = 0; t < trials; t++)
        {
            // The second model gets 0.3 of what the first gets wrong; problems are evenly hard: a difference of 0.15 on average.
            (int, int)[] first = new (int, int)[problems], second = new (int, int)[problems];
            for (int p = 0; p < problems; p++)
            {
                double chance = CounterRandom.Uniform(3, (ulong)t, (ulong)p, 999);
                first[p] = (Right(t, p, 0, samples, chance), samples);
                second[p] = (Right(t, p, 1, samples, chance + (0.3 * (1 - chance))), samples);
            }
            ConfidenceInterval interval = PairedDifference.Of(first, second).Interval;
            if (interval.Low <= 0.15 && 0.15 <= interval.High) covered++;
        }
        Assert.InRange((double)covered / trials, low, high);
    }

    /// <summary>How many of a model's responses to a problem are right.</summary>
    private static int Right(int trial, int problem, int model, int samples, double chance)
    {
        int right = 0;
        for (int s = 0; s < samples; s++) right += CounterRandom.Uniform(3, (ulong)trial, (ulong)problem, (ulong)((100 * model) + s)) < chance ? 1 : 0;
        return right;
    }

    [Fact]
    public void A_difference_is_never_certain()
    {
        PairedDifference none = PairedDifference.Of([(1, 1), (0, 1), (1, 1)], [(1, 1), (0, 1), (1, 1)]);
        Assert.Equal((0, 1), (none.Mean, none.P));
        Assert.True(none.Interval.Low < -0.1 && none.Interval.High > 0.1);
        // Agresti and Min (2005): b = 2, c = 9 of 50: (c - b) / (n + 2) -+ z sqrt((b + c + 1) - (c - b)^2 / (n + 2)) / (n + 2)
        (int, int)[] before = [.. Enumerable.Range(0, 50).Select(i => (i < 2 ? 1 : i < 11 ? 0 : i % 2, 1))], after = [.. Enumerable.Range(0, 50).Select(i => (i < 2 ? 0 : i < 11 ? 1 : i % 2, 1))];
        PairedDifference some = PairedDifference.Of(before, after);
        double half = 1.959964 * double.Sqrt(12 - (49.0 / 52)) / 52;
        Assert.Equal(0.14, some.Mean, 12);
        Assert.Equal((7.0 / 52) - half, some.Interval.Low, 6);
        Assert.Equal((7.0 / 52) + half, some.Interval.High, 6);
    }

    [Fact]
    public void Suites_count_the_same_whatever_their_size()
    {
        (int, int)[] Half(int n, int right) => [.. Enumerable.Range(0, n).Select(i => (i < right ? 1 : 0, 1))];
        PairedDifference overall = PairedDifference.OfSuites([(Half(100, 20), Half(100, 40)), (Half(10, 5), Half(10, 5))]);
        Assert.Equal(0.1, overall.Mean, 12);
        Assert.True(overall.IsMoreThanNoise);
        Assert.InRange(overall.Mean, overall.Interval.Low, overall.Interval.High);
        Assert.False(PairedDifference.OfSuites([(Half(100, 20), Half(100, 22)), (Half(10, 5), Half(10, 4))]).IsMoreThanNoise);
    }
}

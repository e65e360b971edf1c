using Rlvr.Evaluation;

namespace Rlvr.Tests.Evaluation;

public sealed class ConfidenceIntervalTests
{
    [Fact]
    public void One_response_a_problem_gives_the_interval_of_Wilson()
    {
        // 15 of 50: (p + z^2/2n -+ z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n) = 0.19103, 0.43751 (Wilson 1927).
        ConfidenceInterval interval = ConfidenceInterval.ClusteredByProblem([.. Enumerable.Range(0, 50).Select(i => i < 15 ? 1.0 : 0.0)], 1);
        Assert.Equal(0.19103, interval.Low, 4);
        Assert.Equal(0.43751, interval.High, 4);
    }

    [Fact]
    public void Samples_that_always_agree_are_worth_one()
    {
        double[] accuracies = [.. Enumerable.Range(0, 30).Select(i => i % 3 == 0 ? 1.0 : 0.0)];
        ConfidenceInterval one = ConfidenceInterval.ClusteredByProblem(accuracies, 1), many = ConfidenceInterval.ClusteredByProblem(accuracies, 64);
        Assert.InRange((many.High - many.Low) / (one.High - one.Low), 1, 1.05);
    }

    [Fact]
    public void Samples_that_vary_within_problems_narrow_it()
    {
        double[] accuracies = [.. Enumerable.Range(0, 30).Select(i => i % 2 == 0 ? 0.45 : 0.55)];
        ConfidenceInterval one = ConfidenceInterval.ClusteredByProblem([.. accuracies.Select(a => double.Round(a))], 1), many = ConfidenceInterval.ClusteredByProblem(accuracies, 64);
        Assert.True(many.High - many.Low < 0.3 * (one.High - one.Low));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void At_the_ends_it_stays_inside_and_is_not_a_point(double accuracy)
    {
        ConfidenceInterval interval = ConfidenceInterval.ClusteredByProblem([accuracy, accuracy, accuracy], 1);
        Assert.InRange(interval.Low, 0, 1);
        Assert.InRange(interval.High, 0, 1);
        Assert.True(interval.High - interval.Low > 0.5);
        Assert.InRange(accuracy, interval.Low, interval.High);
    }

    /// <summary>
    /// Problems are drawn from a suite's world, each with a chance of its own, and answered several times; how often is the world's mean inside?
    /// </summary>
    [Theory]
    [InlineData(30, 1, "all alike", 0.92, 0.975)] // few problems, one response: Wilson
    [InlineData(200, 1, "all alike", 0.935, 0.97)]
    [InlineData(30, 8, "all alike", 0.94, 0.98)] // as good as 240 responses
    [InlineData(30, 8, "even", 0.93, 0.965)]
    [InlineData(30, 8, "hard or easy", 0.935, 0.97)] // as good as 30 responses
    [InlineData(40, 4, "even", 0.93, 0.965)]
    [InlineData(30, 64, "mostly hard", 0.91, 0.96)]
    public void It_covers_the_truth_about_as_often_as_it_says(int problems, int samples, string world, double low, double high)
    {
        const int trials = 4000;
        (Func<double, double> chanceOf, double truth) = world switch
        {
            "all alike" => ((Func<double, double>)(_ => 0.3), 0.3),
            "even" => (u => u, 0.5),
            "hard or easy" => (u => u < 0.4 ? 0.95 : 0.05, (0.4 * 0.95) + (0.6 * 0.05)),
            _ => (u => u * u * u, 0.25),
        };
        int covered = 0;
        for (int t = 0; t < trials; t++)
        {
            double[] accuracies = new double[problems];
            for (int p = 0; p < problems; p++)
            {
                double chance = chanceOf(CounterRandom.Uniform(1, (ulong)t, (ulong)p, 99));
                int right = 0;
                for (int s = 0; s < samples; s++) right += CounterRandom.Uniform(1, (ulong)t, (ulong)p, (ulong)s) < chance ? 1 : 0;
                accuracies[p] = (double)right / samples;
            }
            ConfidenceInterval interval = ConfidenceInterval.ClusteredByProblem(accuracies, samples);
            if (interval.Low <= truth && truth <= interval.High) covered++;
        }
        Assert.InRange((double)covered / trials, low, high);
    }

    [Fact]
    public void The_standard_error_is_the_spread_of_the_mean_over_repeated_suites()
    {
        const int trials = 3000, problems = 40, samples = 4;
        List<double> means = [], errors = [];
        for (int t = 0; t < trials; t++)
        {
            double[] accuracies = [.. Enumerable.Range(0, problems).Select(p =>
                Enumerable.Range(0, samples).Average(s => CounterRandom.Uniform(2, (ulong)t, (ulong)p, (ulong)s) < CounterRandom.Uniform(2, (ulong)t, (ulong)p, 99) ? 1.0 : 0.0))];
            means.Add(accuracies.Average());
            errors.Add(double.Pow(StandardErrors.OfMean(accuracies), 2));
        }
        double mean = means.Average(), spread = means.Sum(m => (m - mean) * (m - mean)) / (trials - 1);
        Assert.Equal(1, errors.Average() / spread, 0.07); // the estimate of the variance is unbiased
    }

    [Fact]
    public void The_standard_error_of_one_response_a_problem_is_binomial()
    {
        // 15 of 50: sqrt(0.3 * 0.7 / 49)
        Assert.Equal(double.Sqrt(0.3 * 0.7 / 49), StandardErrors.OfMean([.. Enumerable.Range(0, 50).Select(i => i < 15 ? 1.0 : 0.0)]), 12);
        Assert.Equal(double.NaN, StandardErrors.OfMean([1.0]));
    }

    [Fact]
    public void An_average_of_suites_has_their_errors_in_quadrature()
    {
        SuiteAverage average = SuiteAverage.Of([(0.5, 0.03), (0.1, 0.04)]);
        Assert.Equal(0.3, average.Accuracy, 12);
        Assert.Equal(0.025, average.StandardError, 12);
        Assert.Equal(0.3 - (1.96 * 0.025), average.Interval.Low, 4);
        Assert.Equal(1, SuiteAverage.Of([(1, 0.1)]).Interval.High);
    }

    [Theory]
    [InlineData(1, 12.7062)] // printed tables
    [InlineData(4, 2.7764)]
    [InlineData(5, 2.5706)]
    [InlineData(6, 2.4469)]
    [InlineData(10, 2.2281)]
    [InlineData(29, 2.0452)]
    [InlineData(499, 1.9647)]
    public void Quantiles_of_t_are_those_of_printed_tables(int freedom, double expected) => Assert.Equal(expected, StandardErrors.StudentT(freedom), 0.002);
}

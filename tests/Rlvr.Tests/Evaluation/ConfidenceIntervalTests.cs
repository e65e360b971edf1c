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
        Assert.Equal(one.Low, many.Low, 12);
        Assert.Equal(one.High, many.High, 12);
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

    [Fact]
    public void It_covers_the_truth_about_as_often_as_it_says()
    {
        // Problems of different difficulty, 4 samples each.
        const int trials = 2000, problems = 40, samples = 4;
        int covered = 0;
        for (int t = 0; t < trials; t++)
        {
            double[] accuracies = new double[problems];
            for (int p = 0; p < problems; p++)
            {
                double chance = CounterRandom.Uniform(1, (ulong)t, (ulong)p, 99);
                for (int s = 0; s < samples; s++) accuracies[p] += CounterRandom.Uniform(1, (ulong)t, (ulong)p, (ulong)s) < chance ? 1.0 / samples : 0;
            }
            ConfidenceInterval interval = ConfidenceInterval.ClusteredByProblem(accuracies, samples);
            if (interval.Low <= 0.5 && 0.5 <= interval.High) covered++;
        }
        Assert.InRange((double)covered / trials, 0.92, 0.975);
    }
}

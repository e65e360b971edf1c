using Rlvr.Experiments;
using Rlvr.Experiments.Measures;
using Rlvr.Runs;

namespace Rlvr.Tests.Experiments;

public sealed class MeasuresTests
{
    private static readonly ExperimentResults Results = new(ExperimentScale.Micro,
    [
        Run(2, [(0, 0, 0.3), (20, 0, 0.6), (40, 0, 0.8), (60, 0, 0.7), (0, 0.6, 0.32), (60, 0.6, 0.66)]),
        Run(1, [(0, 0, 0.3), (20, 0, 0.9), (40, 0, 0.5), (60, 0, 0.6), (0, 0.6, 0.34), (60, 0.6, 0.64)]),
    ], []);

    [Fact]
    public void Accuracy_after_is_the_last_steps_of_every_seed()
    {
        Assert.Equal([(1, 0.6, 60), (2, 0.7, 60)], Results.Accuracy(Entry.After("r"), "s").Values.Select(v => (v.Seed, v.Value, v.Step)));
        Assert.Equal([0.64, 0.66], Results.Accuracy(Entry.After("r"), "s", Decoding.Sampled).Values.Select(v => v.Value));
        Assert.False(Results.Accuracy(Entry.After("r"), "t").Exists);
        Assert.False(Results.Accuracy(Entry.None, "s").Exists);
    }

    [Fact]
    public void A_base_model_has_one_greedy_accuracy_and_a_sampled_one_a_seed()
    {
        Assert.Equal([0.3], Results.Accuracy(Entry.Before("r"), "s").Values.Select(v => v.Value));
        Assert.Equal([0.34, 0.32], Results.Accuracy(Entry.Before("r"), "s", Decoding.Sampled).Values.Select(v => v.Value));
    }

    [Fact]
    public void The_best_step_is_each_seeds_own_and_never_the_base()
    {
        Measurement best = Results.BySuite("r", "s");
        Assert.Equal([0.9, 0.8], best.Values.Select(v => v.Value));
        Assert.Equal("20, 40", BestStep.Steps(best));
        Assert.Equal(best.Values.Select(v => v.Value), Results.ByAverage("r", ["s"]).Values.Select(v => v.Value));
        Assert.Equal([0.9, 0.8], Results.AtSteps("r", "s", best).Values.Select(v => v.Value));
        Assert.False(Results.ByAverage("r", ["s", "t"]).Exists);
    }

    [Fact]
    public void Spread_and_error()
    {
        Measurement two = new([new(1, 0.6, 0.02), new(2, 0.7, 0.02)]);
        Assert.Equal(0.65, two.Mean, 12);
        Assert.Equal(double.Sqrt(0.005), two.Deviation, 12);
        Assert.Equal(double.Sqrt((0.0004 + 0.005) / 2), two.StandardError, 12);
        Assert.Equal("65.0 ± 7.1", Unit.Percent.Show(two));
        Measurement one = new([new(1, 0.6, 0.02)]);
        Assert.Equal(0.02, one.StandardError, 12);
        Assert.Equal("60.0", Unit.Percent.Show(one));
        Assert.Equal("", Unit.Percent.Show(Measurement.None));
        Assert.True(double.IsNaN(new Measurement([new(1, 0.6)]).StandardError));
    }

    [Fact]
    public void Averages_need_every_part_of_a_seed()
    {
        Measurement a = new([new(1, 0.2, 0.03), new(2, 0.4, 0.03)]), b = new([new(2, 0.8, 0.04)]);
        SeedValue only = Assert.Single(Measurement.Average([a, b]).Values);
        Assert.Equal((2, 0.6, 0.025), (only.Seed, double.Round(only.Value, 12), double.Round(only.Error, 12)));
    }

    [Fact]
    public void An_accuracy_of_none_or_all_has_an_error_too()
    {
        Assert.Equal(1.0 / 102, Accuracies.Error(new() { Step = 0, Suite = "s", Problems = 100, Accuracy = 0, StandardError = 0 }), 12);
        Assert.Equal(0.05, Accuracies.Error(new() { Step = 0, Suite = "s", Problems = 100, Accuracy = 0.5, StandardError = 0.05 }), 12);
        Assert.Equal(double.Sqrt(0.25 / 99), Accuracies.Error(new() { Step = 0, Suite = "s", Problems = 100, Accuracy = 0.5 }), 12);
    }

    [Fact]
    public void Saturation_is_a_mean_over_five_steps()
    {
        double[] accuracies = [0.5, 1, 0.6, 1, 1, 1, 1, 1, 1];
        TrainedRun run = new("r", 1, [.. accuracies.Select((a, i) => new StepMetrics(i + 1, [("train_accuracy", a)]))], [], 0);
        Assert.Equal(8, Assert.Single(Saturation.Step(new(ExperimentScale.Micro, [run], []), "r").Values).Step);
        Assert.False(Saturation.Step(new(ExperimentScale.Micro, [run with { Metrics = [.. run.Metrics.Take(7)] }], []), "r").Exists);
    }

    [Fact]
    public void A_curve_is_mean_least_and_greatest_by_step()
    {
        FigureSeries curve = Curves.Evaluations(Results, "x", "r", "s");
        Assert.Equal([0, 20, 40, 60], curve.Points.Select(p => p.X));
        Assert.Equal((20.0, 75.0, 60.0, 90.0), curve.Points[1]);
        Assert.Empty(Curves.Drawn(new ResultFigure("f", "", "", "", [Curves.Evaluations(Results, "x", "r", "t")])));
        Assert.Single(Curves.Drawn(new ResultFigure("f", "", "", "", [curve, Curves.Evaluations(Results, "x", "r", "t")])).Single().Series);
    }

    private static TrainedRun Run(int seed, (int Step, double Temperature, double Accuracy)[] evaluations) =>
        new("r", seed, [], [.. evaluations.Select(e => new EvaluationRecord { Step = e.Step, Suite = "s", Temperature = e.Temperature, Problems = 100, Accuracy = e.Accuracy, StandardError = 0.05 })], 1);
}

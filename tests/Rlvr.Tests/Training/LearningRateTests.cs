using Rlvr.Tests.Algorithms;
using Rlvr.Training;

namespace Rlvr.Tests.Training;

public class LearningRateTests
{
    [Fact]
    public void Equals_the_released_code()
    {
        foreach (GoldenCase c in Golden.Read("seed_lr_schedules.json"))
        {
            double rate = c.Number("base_lr");
            int warmup = c.Integer("num_warmup_steps");
            double[] expected = Golden.Flatten(c.Expected.GetProperty("lr_used"));
            for (int step = 0; step < c.Integer("steps"); step++)
            {
                double factor = c.Text("schedule") == "constant_with_warmup"
                    ? LearningRate.ReleasedConstant(step, warmup)
                    : LearningRate.Cosine(step, warmup, c.Integer("num_training_steps"), c.Number("min_lr_ratio"), c.Number("num_cycles"));
                Golden.Close(expected[step], rate * factor, $"{c.Name}: step {step}", atol: 1e-20);
            }
        }
    }

    [Theory]
    [InlineData("constant", 0, new[] { 1.0, 1, 1, 1, 1 })]
    [InlineData("released_constant", 0, new[] { 0.0, 1, 1, 1, 1 })]
    [InlineData("constant", 2, new[] { 0, 0.5, 1, 1, 1 })]
    [InlineData("released_constant", 2, new[] { 0, 0.5, 1, 1, 1 })]
    [InlineData("linear", 1, new[] { 0, 1, 0.8, 0.6, 0.4, 0.2, 0.2 })]
    [InlineData("linear", 0, new[] { 1, 0.84, 0.68, 0.52, 0.36, 0.2, 0.2 })]
    public void A_recipe_names_the_schedule(string schedule, int warmup, double[] factors)
    {
        var options = new OptimizerOptions { LearningRate = 2e-3, Schedule = schedule, WarmupSteps = warmup, MinimumRatio = 0.2 };

        for (int step = 0; step < factors.Length; step++)
            Assert.Equal(2e-3 * factors[step], LearningRate.At(options, step, 5), 1e-15);
    }

    [Fact]
    public void An_unknown_schedule_is_an_error_that_lists_the_known_ones()
    {
        var error = Assert.Throws<RlvrException>(() => LearningRate.At(new OptimizerOptions { Schedule = "cosin" }, 0, 5));

        Assert.Contains("'cosin'", error.Message);
        Assert.Contains("cosine", error.Message);
    }
}

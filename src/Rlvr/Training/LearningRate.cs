namespace Rlvr.Training;

/// <summary>
/// Learning-rate schedules as factors of the peak rate. A factor is a pure function of the update's number (from 0), so a resumed
/// run needs no schedule state.
/// </summary>
/// <remarks>
/// The released code of arXiv 2504.20571 steps its constant schedule once per rollout batch with min(1, step / max(1, warmup)).
/// <b>Without warm-up this makes its very first update with learning rate 0</b>: Adam's moments and step count advance, the weights
/// do not move. <see cref="ReleasedConstant"/> reproduces that; <see cref="Constant"/> is what one expects, the full rate from the
/// first update on. With warm-up both are the same: the rate at update 0 is 0.
/// </remarks>
public static class LearningRate
{
    /// <summary>The names a recipe's <c>optimizer.schedule</c> may have.</summary>
    public static IReadOnlyList<string> Schedules { get; } = ["constant", "released_constant", "linear", "cosine"];

    /// <summary>The learning rate of update <paramref name="step"/> (from 0) of a run of <paramref name="totalSteps"/>.</summary>
    /// <exception cref="RlvrException">The schedule's name is unknown.</exception>
    public static double At(OptimizerOptions options, int step, int totalSteps) => options.LearningRate * options.Schedule switch
    {
        "constant" => Constant(step, options.WarmupSteps),
        "released_constant" => ReleasedConstant(step, options.WarmupSteps),
        "linear" => Linear(step, options.WarmupSteps, totalSteps, options.MinimumRatio),
        "cosine" => Cosine(step, options.WarmupSteps, totalSteps, options.MinimumRatio),
        _ => throw new RlvrException($"optimizer.schedule: unknown schedule '{options.Schedule}'; expected one of {string.Join(", ", Schedules)}"),
    };

    /// <summary>1 after a linear warm-up from 0; without warm-up 1 from the first update on.</summary>
    public static double Constant(int step, int warmupSteps) => step >= warmupSteps ? 1 : Warmup(step, warmupSteps);

    /// <summary>min(1, step / max(1, warmup)), the released code's schedule: 0 at update 0 even without warm-up.</summary>
    public static double ReleasedConstant(int step, int warmupSteps) => double.Min(1, Warmup(step, warmupSteps));

    /// <summary>Warm-up, then a straight line from 1 at the end of the warm-up to <paramref name="minimumRatio"/> at <paramref name="totalSteps"/> and after.</summary>
    public static double Linear(int step, int warmupSteps, int totalSteps, double minimumRatio = 0)
    {
        if (step < warmupSteps) return Warmup(step, warmupSteps);
        double remaining = double.Max(0, totalSteps - step) / int.Max(1, totalSteps - warmupSteps);
        return minimumRatio + (1 - minimumRatio) * double.Min(1, remaining);
    }

    /// <summary>
    /// Warm-up, then (1 + min)/2 + (1 - min)/2 cos(2 pi cycles progress): half a cycle goes from 1 to <paramref name="minimumRatio"/> at
    /// <paramref name="totalSteps"/>. Past the end it rises again, as in the released code.
    /// </summary>
    public static double Cosine(int step, int warmupSteps, int totalSteps, double minimumRatio = 0, double cycles = 0.5)
    {
        if (step < warmupSteps) return Warmup(step, warmupSteps);
        double progress = (double)(step - warmupSteps) / int.Max(1, totalSteps - warmupSteps);
        double wave = double.Cos(double.Pi * cycles * 2 * progress);
        return double.Max(0, wave * (1 - minimumRatio) * 0.5 + (1 + minimumRatio) * 0.5);
    }

    private static double Warmup(int step, int warmupSteps) => (double)step / int.Max(1, warmupSteps);
}

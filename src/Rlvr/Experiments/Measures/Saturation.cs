namespace Rlvr.Experiments.Measures;

/// <summary>When training accuracy is used up.</summary>
internal static class Saturation
{
    /// <summary>Training accuracy that counts as saturated.</summary>
    public const double Threshold = 0.95;

    /// <summary>Steps over which it is averaged: a single step is a few dozen rollouts at micro scale.</summary>
    public const int Window = 5;

    /// <summary>
    /// The first step of each seed whose training accuracy, averaged over it and the four steps before it, is at least 95%; a seed that never gets there is left out.
    /// </summary>
    public static Measurement Step(ExperimentResults results, string? recipe) => new(
        [.. (recipe is null ? [] : results.Trainings(recipe))
            .Select(run => (run.Seed, At: Curves.Smooth(run, "train_accuracy", Window).Skip(Window - 1).FirstOrDefault(p => p.Value >= Threshold).Step))
            .Where(r => r.At > 0)
            .Select(r => new SeedValue(r.Seed, r.At, Step: r.At))]);
}

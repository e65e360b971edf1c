using Rlvr.Experiments.Measures;

namespace Rlvr.Experiments.Catalog;

/// <summary>A training run by its recipes at both scales; null where there is none.</summary>
/// <param name="Micro">In recipes/micro.</param>
/// <param name="Paper">In recipes/paper.</param>
internal readonly record struct RunName(string? Micro, string? Paper)
{
    /// <summary>The recipe at a scale.</summary>
    public string? At(ExperimentScale scale) => scale == ExperimentScale.Micro ? Micro : Paper;

    /// <summary>The model it ends with.</summary>
    public Entry After(ExperimentScale scale) => Entry.After(At(scale));

    /// <summary>The model it starts from.</summary>
    public Entry Before(ExperimentScale scale) => Entry.Before(At(scale));

    /// <summary>The trainings of some runs at a scale, each recipe once.</summary>
    public static IReadOnlyList<PlannedTraining> Plan(ExperimentScale scale, params IReadOnlyList<RunName> runs) =>
        [.. runs.Select(r => r.At(scale)).OfType<string>().Distinct().Select(r => new PlannedTraining(r))];
}

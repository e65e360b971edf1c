using Rlvr.Experiments.Catalog;

namespace Rlvr.Experiments;

/// <summary>All experiments, in the paper's order.</summary>
public static class ExperimentCatalog
{
    /// <summary>The experiments.</summary>
    public static IReadOnlyList<Experiment> All { get; } = [new MainComparison(), new PostSaturation(), new WhichExample(), new LossAblation()];

    /// <summary>The experiment of an id, in any case; null when there is none.</summary>
    public static Experiment? Find(string id) => All.FirstOrDefault(e => e.Id.Equals(id, StringComparison.OrdinalIgnoreCase));
}

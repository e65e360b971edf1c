using Rlvr.Experiments.Catalog;

namespace Rlvr.Experiments;

/// <summary>All experiments, in the paper's order.</summary>
public static class ExperimentCatalog
{
    /// <summary>The experiments.</summary>
    public static IReadOnlyList<Experiment> All { get; } =
    [
        new MainComparison(), new NonMathTransfer(), new BaseOnTheExample(), new PostSaturation(), new WhichExample(), new SelfReflection(), new OtherModels(),
        new MoreModels(), new LossAblation(), new Exploration(), new EntropyOnly(), new FormatReward(), new GraderAgreement(), new InContext(),
        new LabelNoise(), new PromptModification(), new ResponseLength(), new PassAtEight(), new GradientNorm(),
    ];

    /// <summary>The experiment of an id, in any case; null when there is none.</summary>
    public static Experiment? Find(string id) => All.FirstOrDefault(e => e.Id.Equals(id, StringComparison.OrdinalIgnoreCase));
}

namespace Rlvr.Experiments.Catalog;

/// <summary>Evaluations beyond those of the trainings. Several experiments read the same ones.</summary>
internal static class Evaluations
{
    /// <summary>The paper's example as data.</summary>
    public static string Example(ExperimentScale scale) => scale == ExperimentScale.Micro ? "micro:pi-1" : "data/train/one_shot_rlvr/pi1_r128.parquet";

    /// <summary>The base model many times on the example itself (E3).</summary>
    public static PlannedEvaluation OnTheExample(ExperimentScale scale) =>
        new("base-on-example", Recipes.OneShot.At(scale)!, [Example(scale)]) { Base = true, Samples = 128, Temperature = 0.6, Limit = 1 };

    /// <summary>Responses to the main suite that are kept to be read and judged again: of the base model, or after a recipe.</summary>
    public static PlannedEvaluation Kept(ExperimentScale scale, RunName run, bool isBase = false) =>
        new("kept-" + (isBase ? "base" : run.At(scale)!), run.At(scale)!, [Suites.Main(scale)]) { Base = isBase, Temperature = scale == ExperimentScale.Micro ? 0.6 : 0 };

    /// <summary>Eight responses to each of the hard problems (E18).</summary>
    public static PlannedEvaluation EightTimes(ExperimentScale scale, RunName run, bool isBase = false) =>
        new("pass8-" + (isBase ? "base" : run.At(scale)!), run.At(scale)!, Suites.Hard(scale)) { Base = isBase, Samples = 8, Temperature = 0.6 };

    /// <summary>The base model with the example, solved, before each question (E14): greedily, and at temperature 0.6.</summary>
    public static PlannedEvaluation InContext(ExperimentScale scale, bool sampled = false) =>
        new(sampled ? "in-context-sampled" : "in-context", Recipes.OneShot.At(scale)!, Suites.All(scale)) { Base = true, InContext = Example(scale), Temperature = sampled ? 0.6 : 0 };

    /// <summary>The same of the larger base, at the paper's scale.</summary>
    public static PlannedEvaluation InContextLarge { get; } =
        new("in-context-7b", Recipes.LargeOneShot.Paper!, Suites.All(ExperimentScale.Paper)) { Base = true, InContext = Example(ExperimentScale.Paper) };

    /// <summary>A model on suites unlike its training data (E2), where training does not evaluate them.</summary>
    public static PlannedEvaluation Transfer(ExperimentScale scale, RunName run, bool isBase = false) =>
        new("transfer-" + (isBase ? "base" : run.At(scale)!), run.At(scale)!, Suites.Transfer(scale)) { Base = isBase };
}

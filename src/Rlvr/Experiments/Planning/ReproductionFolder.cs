namespace Rlvr.Experiments;

/// <summary>
/// Where a reproduction keeps its runs and results:
/// <code>
/// SCALE/runs/RECIPE/seed-1/         a training run
/// SCALE/evaluations/NAME/seed-1/    an evaluation with its responses
/// SCALE/base-evaluations/           evaluations of models before training, which runs share
/// SCALE/logs/                       what the jobs said
/// SCALE/results.md, SCALE/figures/  the page
/// </code>
/// </summary>
/// <param name="Root">The folder of all scales.</param>
/// <param name="Scale">The scale.</param>
public sealed record ReproductionFolder(string Root, ExperimentScale Scale)
{
    /// <summary>The root unless the user says otherwise.</summary>
    public const string DefaultRoot = "runs/reproduce";

    /// <summary>The scale as it is written in paths and on the command line.</summary>
    public string ScaleName => Scale.ToString().ToLowerInvariant();

    /// <summary>The folder of this scale.</summary>
    public string Path => System.IO.Path.Combine(Root, ScaleName);

    /// <summary>The run of a recipe and a seed.</summary>
    public string Run(string recipe, int seed) => System.IO.Path.Combine(Path, "runs", recipe, SeedName(seed));

    /// <summary>The evaluation of a name and a seed.</summary>
    public string Evaluation(string name, int seed) => System.IO.Path.Combine(Path, "evaluations", name, SeedName(seed));

    /// <summary>Where runs keep evaluations of the models that they start with, for one another.</summary>
    public string BaseEvaluations => System.IO.Path.Combine(Path, "base-evaluations");

    /// <summary>The log of a job.</summary>
    public string Log(ReproductionJob job) => System.IO.Path.Combine(Path, "logs", job.Name.Replace(' ', '-') + ".log");

    /// <summary>The page of the results, unless the user says otherwise.</summary>
    public string Page => System.IO.Path.Combine(Path, "results.md");

    private static string SeedName(int seed) => $"seed-{seed}";
}

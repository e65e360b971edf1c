using System.Globalization;
using Rlvr.Experiments;
using Rlvr.Runs;
using Rlvr.Training;

namespace Rlvr.Cli.Reproduce;

/// <summary>The command that does a job.</summary>
internal static class JobArguments
{
    private static readonly string[] Overwrite = ["--overwrite"];

    /// <summary>The arguments of this program.</summary>
    /// <param name="job">The job.</param>
    /// <param name="folder">Where the reproduction keeps its runs.</param>
    /// <param name="threads">Threads of the tensor library; 0 lets it choose.</param>
    /// <param name="resumes">Whether it goes on with what is there.</param>
    public static IReadOnlyList<string> Of(ReproductionJob job, ReproductionFolder folder, int threads, bool resumes) => job switch
    {
        PretrainingJob pretraining => ["pretrain", pretraining.RecipePath, .. Threads("--set", "compute.threads=", threads), .. job.State == JobState.Again ? Overwrite : []],
        TrainingJob training when resumes => ["train", "--resume", "--run", training.Folder],
        TrainingJob training => ["train", training.RecipePath, .. training.Sets.SelectMany(s => new[] { "--set", s }), "--run", training.Folder, "--share-evaluations", folder.BaseEvaluations],
        EvaluationJob evaluation => Of(evaluation, threads),
        _ => throw new ArgumentException($"No such job: {job.GetType().Name}.", nameof(job)),
    };

    /// <summary>Whether a training goes on from a checkpoint.</summary>
    public static bool CanResume(TrainingJob job)
    {
        if (job.State != JobState.Unfinished || !RunDirectory.Exists(job.Folder)) return false;
        using RunDirectory run = RunDirectory.Open(job.Folder);
        return run.CheckpointSteps().Count > 0;
    }

    private static List<string> Of(EvaluationJob job, int threads)
    {
        PlannedEvaluation evaluation = job.Evaluation;
        Recipe recipe = job.Settings;
        // All of them said, so that a base model is asked in the way of its recipe.
        List<string> arguments =
        [
            "eval", job.Model,
            "--suite", string.Join(',', evaluation.Suites),
            "--prompt", recipe.Evaluation.Prompt.Length > 0 ? recipe.Evaluation.Prompt : recipe.Data.Prompt,
            "--max-new-tokens", Number(recipe.Evaluation.MaxNewTokens > 0 ? recipe.Evaluation.MaxNewTokens : recipe.Rollout.MaxNewTokens),
            "--profile", evaluation.Profile.Length > 0 ? evaluation.Profile : recipe.Evaluation.Profile,
            "--max-rows", Number(recipe.Evaluation.MaxRows),
            "--device", recipe.Compute.Device,
            "--seed", Number(job.Seed),
            "--out", job.Folder,
            .. Threads("--threads", "", threads),
        ];
        // One greedy response is what is done anyway, unless the suite is a benchmark with a way of its own.
        if (evaluation.Samples > 1 || evaluation.Temperature > 0) arguments.AddRange(["--samples", Number(evaluation.Samples), "--temperature", Number(evaluation.Temperature)]);
        if (evaluation.Limit > 0) arguments.AddRange(["--limit", Number(evaluation.Limit)]);
        if (evaluation.InContext.Length > 0) arguments.AddRange(["--in-context", evaluation.InContext]);
        return arguments;
    }

    private static string[] Threads(string option, string before, int threads) => threads > 0 ? [option, before + Number(threads)] : [];

    private static string Number(double value) => value.ToString(CultureInfo.InvariantCulture);
}

using System.Text.Json;
using System.Text.Json.Nodes;
using Rlvr.Data;
using Rlvr.Evaluation;
using Rlvr.Runs;
using Rlvr.Training;

namespace Rlvr.Experiments;

/// <summary>Looks at what jobs have left: how far they are, and whether it is what they would leave now.</summary>
internal sealed class JobInspection(LocalModel models)
{
    /// <summary>How far a job is, and why what is there was made in another way; no reasons where it was not.</summary>
    /// <exception cref="RlvrException">Its files cannot be read.</exception>
    public (JobState State, IReadOnlyList<string> Changes) Of(ReproductionJob job) => job switch
    {
        TrainingJob training => Of(training),
        EvaluationJob evaluation => Of(evaluation),
        PretrainingJob pretraining => Of(pretraining),
        _ => throw new ArgumentException($"No such job: {job.GetType().Name}.", nameof(job)),
    };

    private (JobState, IReadOnlyList<string>) Of(TrainingJob job)
    {
        if (!RunDirectory.Exists(job.Folder)) return (JobState.New, []);
        using RunDirectory run = RunDirectory.Open(job.Folder);
        if (!File.Exists(run.RecipePath)) return (JobState.Unfinished, ["its recipe.yaml is missing"]);
        List<string> changes = [];
        try
        {
            changes.AddRange(RecipeChanges.Between(RecipeFile.Load(run.RecipePath), job.Settings));
        }
        catch (RecipeException e)
        {
            changes.Add($"its recipe is of another version: {e.Message}");
        }
        JobRecord? record = JobRecord.Read(job.Folder);
        if (record is not null)
        {
            if (record.Definition.Length > 0 && record.Definition != job.Definition) changes.Add("its problems have changed");
            if (IsOther(record.Model, models.Fingerprint(job.Settings.Model))) changes.Add($"its model {job.Settings.Model} has changed");
        }
        return (IsFinished(run, job.Settings) ? JobState.Done : JobState.Unfinished, changes);
    }

    private (JobState, IReadOnlyList<string>) Of(EvaluationJob job)
    {
        if (!EvaluationFolder.Exists(job.Folder)) return (JobState.New, []);
        IReadOnlyList<SuiteScore> scores = EvaluationFolder.Open(job.Folder).ReadScores();
        JobRecord? record = JobRecord.Read(job.Folder);
        // Without a record the evaluation was killed; going on with it, it finds out itself whether its settings are the same.
        if (record is null) return (JobState.Unfinished, []);
        List<string> changes = [];
        if (record.Definition != job.Definition) changes.Add("it was made with other settings or problems");
        if (IsOther(record.Model, models.Fingerprint(LastCheckpoint(job.Model)))) changes.Add("its model has changed");
        bool complete = record.Finished is not null && Benchmarks.Expand(job.Evaluation.Suites).All(s => scores.Any(score => score.Suite == ProblemSets.ShortName(s)));
        return (complete ? JobState.Done : JobState.Unfinished, changes);
    }

    private static (JobState, IReadOnlyList<string>) Of(PretrainingJob job)
    {
        if (!File.Exists(Path.Combine(job.Folder, "config.json"))) return (JobState.New, []);
        string record = Path.Combine(job.Folder, "pretrain.json");
        if (!File.Exists(record)) return (JobState.Done, []);
        try
        {
            return (JobState.Done, RecipeChanges.Between((string?)JsonNode.Parse(File.ReadAllText(record))?["recipe"] ?? "", RecipeFile.ToYaml(job.Settings)));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new RlvrException($"{record}: error: this does not say how the model was made: {e.Message} Remove the folder to have it made again.", e);
        }
    }

    /// <summary>A run is finished when it has its last step and the evaluations after it.</summary>
    public static bool IsFinished(RunDirectory run, Recipe recipe)
    {
        if (run.ReadMetrics() is not [.., { } last] || last.Step != recipe.Steps) return false;
        double[] temperatures = recipe.Evaluation.SampledTemperature > 0 ? [0, recipe.Evaluation.SampledTemperature] : [0];
        EvaluationRecord[] evaluations = [.. run.ReadEvaluations().Where(e => e.Step == recipe.Steps)];
        return Benchmarks.Expand(recipe.Evaluation.Suites).All(suite => temperatures.All(t => evaluations.Any(e => e.Suite == suite && e.Temperature == t)));
    }

    /// <summary>The folder of a run's last checkpoint; the name itself where it is no run.</summary>
    public static string LastCheckpoint(string model)
    {
        if (!RunDirectory.Exists(model)) return model;
        using RunDirectory run = RunDirectory.Open(model);
        return run.CheckpointSteps() is [.., int last] ? run.CheckpointPath(last) : model;
    }

    // What is not known differs from nothing.
    private static bool IsOther(string before, string now) => before.Length > 0 && now.Length > 0 && before != now;
}

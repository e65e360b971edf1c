using Rlvr.Data;
using Rlvr.Training;

namespace Rlvr.Experiments;

/// <summary>How much a job has to do, as its recipe says.</summary>
/// <param name="Steps">Optimiser steps.</param>
/// <param name="Rollouts">Responses that are sampled to train on; dynamic sampling may add to them.</param>
/// <param name="Evaluated">Responses that are evaluated.</param>
/// <param name="Limit">Most tokens of a response.</param>
public sealed record JobWork(int Steps, long Rollouts, long Evaluated, int Limit)
{
    /// <summary>All responses.</summary>
    public long Responses => Rollouts + Evaluated;

    /// <summary>Counts.</summary>
    /// <param name="job">The job.</param>
    /// <param name="sizeOf">Problems of a suite by its name.</param>
    public static JobWork Of(ReproductionJob job, Func<string, int> sizeOf) => job switch
    {
        TrainingJob training => Of(training.Settings, sizeOf),
        EvaluationJob evaluation => Of(evaluation, sizeOf),
        PretrainingJob pretraining => new JobWork(pretraining.Settings.Steps, 0, 0, 0),
        _ => throw new ArgumentException($"No such job: {job.GetType().Name}.", nameof(job)),
    };

    /// <summary>Most tokens of a response in an evaluation.</summary>
    internal static int EvaluationTokens(Recipe recipe) => recipe.Evaluation.MaxNewTokens > 0 ? recipe.Evaluation.MaxNewTokens : recipe.Rollout.MaxNewTokens;

    private static JobWork Of(Recipe recipe, Func<string, int> sizeOf)
    {
        long evaluated = TimePlanner.Evaluations(recipe, [.. Benchmarks.Expand(recipe.Evaluation.Suites).Select(sizeOf)]).Sum();
        return new JobWork(recipe.Steps, (long)recipe.Steps * recipe.Rollout.BatchSize * recipe.Rollout.GroupSize, evaluated, recipe.Rollout.MaxNewTokens);
    }

    private static JobWork Of(EvaluationJob job, Func<string, int> sizeOf)
    {
        long responses = 0;
        foreach (string suite in Benchmarks.Expand(job.Evaluation.Suites))
        {
            int size = sizeOf(suite), samples = job.Evaluation.Samples;
            // A benchmark that is asked for in no other way is evaluated in its own.
            if (samples == 1 && job.Evaluation.Temperature == 0 && Benchmarks.Find(suite.Split('=', '?')[0]) is { } benchmark) samples = benchmark.Scoring.Samples;
            responses += (long)(job.Evaluation.Limit > 0 ? int.Min(job.Evaluation.Limit, size) : size) * samples;
        }
        return new JobWork(0, 0, responses, EvaluationTokens(job.Settings));
    }
}

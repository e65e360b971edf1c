using Rlvr.Models;
using Rlvr.Training;

namespace Rlvr.Experiments;

/// <summary>Estimates what jobs cost: from finished runs where there are any like them, else from the arithmetic of the model.</summary>
/// <param name="plan">The plan.</param>
/// <param name="speed">Measures this machine, when it is needed, for matrices of a width.</param>
/// <param name="sizeOf">Problems of a suite by its name.</param>
/// <param name="onGpu">Whether a GPU computes.</param>
public sealed class JobEstimator(ReproductionPlan plan, Func<int, MachineSpeed> speed, Func<string, int> sizeOf, bool onGpu = false)
{
    private const double Startup = 4; // seconds until a process has loaded libtorch and its model
    private const int OperationsPerLayer = 30; // of a decoding step
    private const int DocumentTokens = 56; // mean of the micro corpus

    private readonly FinishedRuns finished = new(plan.Folder);
    private readonly Dictionary<string, JobEstimate> known = [];

    /// <summary>Estimates a job that is done from nothing.</summary>
    public JobEstimate Of(ReproductionJob job)
    {
        if (known.TryGetValue(job.Name, out JobEstimate? estimate)) return estimate;
        JobWork work = JobWork.Of(job, sizeOf);
        return known[job.Name] = job switch
        {
            TrainingJob training => Of(training, work),
            EvaluationJob evaluation => Of(evaluation, work),
            PretrainingJob pretraining => Of(pretraining, work),
            _ => throw new ArgumentException($"No such job: {job.GetType().Name}.", nameof(job)),
        };
    }

    private JobEstimate Of(TrainingJob job, JobWork work)
    {
        (IReadOnlyList<Measured> runs, bool same) = finished.Like(job.Recipe, job.Settings);
        ModelConfig? model = Config(job.Settings.Model, job);
        double memory = runs.Select(r => r.MemoryBytes).DefaultIfEmpty(0).Max();
        if (memory == 0 && model is not null) memory = MemoryPlanner.Of(job.Settings, model, MemoryWorkload.Guess(job.Settings, onGpu)).Total;
        if (same) return new JobEstimate(work, runs.Average(r => r.Tokens), false, runs.Average(r => r.Seconds), EstimateSource.Runs, memory);
        double rollout = runs.Count > 0 ? runs.Average(r => r.RolloutLength) : job.Settings.Rollout.MaxNewTokens;
        double evaluated = runs.Count > 0 ? runs.Average(r => r.EvaluationLength) : JobWork.EvaluationTokens(job.Settings);
        double tokens = (work.Rollouts * rollout) + (work.Evaluated * evaluated);
        if (runs.Count > 0) return new JobEstimate(work, tokens, false, tokens * runs.Sum(r => r.Seconds) / runs.Sum(r => r.Tokens), EstimateSource.Siblings, memory);
        if (model is null) return new JobEstimate(work, tokens, true, double.NaN, EstimateSource.Unknown, memory);
        // Runs of other models say how long responses are, and how the arithmetic compares with the clock.
        Measured[] others = [.. finished.WithLimit(job.Settings.Rollout.MaxNewTokens).Where(r => ModelSizes.Find(r.Recipe.Model) is not null)];
        if (others.Length == 0) return new JobEstimate(work, tokens, true, Computed(model, job.Settings, tokens, work.Rollouts * rollout), EstimateSource.Arithmetic, memory);
        (rollout, evaluated) = (others.Average(r => r.RolloutLength), others.Average(r => r.EvaluationLength));
        tokens = (work.Rollouts * rollout) + (work.Evaluated * evaluated);
        double clock = others.Sum(r => r.Seconds) / others.Sum(r => Computed(ModelSizes.Find(r.Recipe.Model)!, r.Recipe, r.Tokens, r.RolloutTokens));
        return new JobEstimate(work, tokens, false, clock * Computed(model, job.Settings, tokens, work.Rollouts * rollout), EstimateSource.Arithmetic, memory);
    }

    private double Computed(ModelConfig model, Recipe recipe, double tokens, double rolloutTokens) => Startup + Decode(model, tokens, Rows(recipe)) + Update(model, recipe, rolloutTokens);

    private JobEstimate Of(EvaluationJob job, JobWork work)
    {
        ModelConfig? model = Config(job.Settings.Model, job);
        // A model, and the cache of the rows that are decoded at once.
        double memory = model is null ? 0 : MemoryPlanner.OfEvaluation(job.Settings, model, MemoryWorkload.Guess(job.Settings, onGpu) with { EvaluationProblems = job.Settings.Evaluation.MaxRows });
        (IReadOnlyList<Measured> runs, _) = finished.Like(job.Recipe, job.Settings);
        double tokens = work.Evaluated * (runs.Count > 0 ? runs.Average(r => r.EvaluationLength) : work.Limit);
        double rate = runs.Select(r => r.TokensPerSecond).Where(double.IsFinite).DefaultIfEmpty(0).Average();
        if (runs.Count > 0 && rate > 0) return new JobEstimate(work, tokens, false, Startup + (tokens / rate), EstimateSource.Siblings, memory);
        if (model is null) return new JobEstimate(work, tokens, true, double.NaN, EstimateSource.Unknown, memory);
        return new JobEstimate(work, tokens, runs.Count == 0, Startup + Decode(model, tokens, job.Settings.Evaluation.MaxRows), EstimateSource.Arithmetic, memory);
    }

    private JobEstimate Of(PretrainingJob job, JobWork work)
    {
        ModelConfig model = ModelSizes.Of(job.Settings.Model);
        double tokens = (double)work.Steps * job.Settings.Data.BatchSize * DocumentTokens;
        MachineSpeed machine = speed(model.HiddenSize);
        // Forward and backward of a layer are about three times the operations of a decoding step.
        double seconds = Startup + (6 * Arithmetic(model) * tokens / machine.Flops) + (3.0 * work.Steps * model.Layers * OperationsPerLayer * machine.SecondsPerOperation);
        return new JobEstimate(work, null, false, seconds, EstimateSource.Arithmetic, (400L << 20) + (16 * model.ParameterCount));
    }

    /// <summary>Decoding: each step reads all weights once for the rows that are at work, and computes 2 operations a parameter and token.</summary>
    private double Decode(ModelConfig model, double tokens, double rows)
    {
        MachineSpeed machine = speed(model.HiddenSize);
        double steps = tokens / double.Max(1, rows);
        return (2 * Arithmetic(model) * tokens / machine.Flops) + (steps * ((4 * Arithmetic(model) / machine.BytesPerSecond) + (model.Layers * OperationsPerLayer * machine.SecondsPerOperation)));
    }

    /// <summary>The update: 2 operations a parameter and token forward and 4 backward, 2 for the reference, and the same again for a critic.</summary>
    private double Update(ModelConfig model, Recipe recipe, double tokens)
    {
        int passes = recipe.Loss.Epochs;
        double perToken = (6.0 * passes) + (recipe.Loss.NeedsReference ? 2 : 0) + (recipe.Critic.Enabled ? (6.0 * passes) + 2 : 0);
        // Each row of the batch has its prompt once, whatever the size of its group.
        double prompts = (double)recipe.Steps * recipe.Rollout.BatchSize * int.Min(MemoryWorkload.GuessedPrompt, recipe.Data.MaxPromptTokens);
        return perToken * Arithmetic(model) * (tokens + prompts) / speed(model.HiddenSize).Flops;
    }

    private static double Rows(Recipe recipe)
    {
        int rows = recipe.Rollout.BatchSize * recipe.Rollout.GroupSize;
        return recipe.Rollout.MaxRows > 0 ? int.Min(rows, recipe.Rollout.MaxRows) : rows;
    }

    /// <summary>Parameters that every token is multiplied with: all but an embedding that is only looked up in.</summary>
    private static double Arithmetic(ModelConfig model) => model.ParameterCount - (model.TieWordEmbeddings ? 0 : (double)model.VocabularySize * model.HiddenSize);

    private ModelConfig? Config(string name, ReproductionJob job) =>
        ModelSizes.Find(name) ?? (plan.Jobs.OfType<PretrainingJob>().FirstOrDefault(p => job.After.Contains(p.Name)) is { } made ? ModelSizes.Of(made.Settings.Model) : null);
}

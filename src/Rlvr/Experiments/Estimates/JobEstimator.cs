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
        if (others.Length == 0) return new JobEstimate(work, tokens, true, Computed(model, job.Settings, rollout, work.Evaluated, evaluated), EstimateSource.Arithmetic, memory);
        (rollout, evaluated) = (others.Average(r => r.RolloutLength), others.Average(r => r.EvaluationLength));
        tokens = (work.Rollouts * rollout) + (work.Evaluated * evaluated);
        double clock = others.Sum(r => r.Seconds) / others.Sum(r => Computed(ModelSizes.Find(r.Recipe.Model)!, r.Recipe, r.RolloutLength, (long)((r.Tokens - r.RolloutTokens) / r.EvaluationLength), r.EvaluationLength));
        return new JobEstimate(work, tokens, false, clock * Computed(model, job.Settings, rollout, work.Evaluated, evaluated), EstimateSource.Arithmetic, memory);
    }

    private double Computed(ModelConfig model, Recipe recipe, double rollout, long evaluations, double evaluated)
    {
        int prompt = int.Min(MemoryWorkload.GuessedPrompt, recipe.Data.MaxPromptTokens);
        return Startup + TimePlanner.Of(recipe, Cost(model), new TimeWorkload(prompt, MemoryWorkload.Guess(recipe, onGpu).Prompts, [Tokens(rollout)])
        {
            EvaluationLengths = [Tokens(evaluated)],
            Evaluations = [evaluations],
        }).Total;
    }

    private CostModel Cost(ModelConfig model) => new(model, speed(model.HiddenSize));

    private static int Tokens(double mean) => int.Max(1, (int)double.Round(mean));

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
        return new JobEstimate(work, tokens, runs.Count == 0, Startup + TimePlanner.Decode(Cost(model), [Tokens(tokens / long.Max(1, work.Evaluated))], work.Evaluated, job.Settings.Evaluation.MaxRows, MemoryWorkload.GuessedPrompt, null), EstimateSource.Arithmetic, memory);
    }

    private JobEstimate Of(PretrainingJob job, JobWork work)
    {
        ModelConfig model = ModelSizes.Of(job.Settings.Model);
        double tokens = (double)job.Settings.Data.BatchSize * DocumentTokens;
        double seconds = Startup + (work.Steps * Cost(model).Update(new UpdateWork(tokens, tokens, DocumentTokens / 2.0)));
        return new JobEstimate(work, null, false, seconds, EstimateSource.Arithmetic, (400L << 20) + (16 * model.ParameterCount));
    }

    private ModelConfig? Config(string name, ReproductionJob job) =>
        ModelSizes.Find(name) ?? (plan.Jobs.OfType<PretrainingJob>().FirstOrDefault(p => job.After.Contains(p.Name)) is { } made ? ModelSizes.Of(made.Settings.Model) : null);
}

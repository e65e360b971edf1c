using Rlvr.Data;
using Rlvr.Evaluation;
using Rlvr.Hub;
using Rlvr.Models;
using Rlvr.Rewards;
using Rlvr.Rollouts;
using Rlvr.Runs;
using Rlvr.Tensors;
using static TorchSharp.torch;

namespace Rlvr.Training;

/// <summary>
/// A whole training run: check everything, evaluate, train step by step, evaluate and save now and then, report. The run's folder is the
/// only thing it leaves.
/// </summary>
public sealed class TrainingRun : IDisposable
{
    private readonly Recipe recipe;
    private readonly ITrainingObserver observer;
    private readonly LanguageModel model;
    private readonly IReadOnlyList<Problem> problems;
    private readonly IReward reward;
    private readonly TrainingLabels labels;
    private readonly TrainingEvaluations evaluations;
    private readonly RlTrainer trainer;
    private readonly ThreadPlan threads;

    /// <summary>Loads and checks everything that a run needs; writes nothing.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="observer">Watches.</param>
    /// <param name="checkpoint">A checkpoint to go on from; null starts with the recipe's model.</param>
    /// <param name="reward">The recipe's reward; taken over.</param>
    /// <param name="cancellation">Stops a download of the model.</param>
    private TrainingRun(Recipe recipe, ITrainingObserver observer, string? checkpoint, IReward reward, CancellationToken cancellation)
    {
        this.recipe = recipe;
        this.observer = observer;
        this.reward = reward;
        PullNotes notes = new(observer.Note);
        IReadOnlyList<Problem> loaded = TrainingProblems.Load(recipe.Data, notes, cancellation);
        List<(string Name, IReadOnlyList<Problem> Problems)> suites = [.. Benchmarks.Expand(recipe.Evaluation.Suites).Select(suite => (suite, ProblemSets.Load(suite, notes, cancellation)))];
        Demonstration? demonstration = recipe.Evaluation.InContext.Length > 0 ? Demonstration.Load(recipe.Evaluation.InContext, null, notes, cancellation) : null;
        labels = TrainingLabels.Check(recipe, reward, loaded, suites);
        problems = labels.Problems;
        Device device = ComputeDevice.Choose(recipe.Compute.Device);
        string BaseModel()
        {
            string folder = HubLocator.FindModel(recipe.Model, observer: notes, cancellation: cancellation);
            if (AdapterFolder.Exists(folder)) AdapterFolder.FindBase(folder, notes, cancellation); // fetched now, in sight
            return folder;
        }
        bool adapts = recipe.Lora.Rank > 0; // then the weights themselves stay as they are
        // A checkpoint needs the model that the run started from for its reference only.
        string? origin = checkpoint is null || (recipe.Loss.NeedsReference && recipe.Loss.Reference.Length == 0) ? BaseModel() : null;
        model = LanguageModel.Load(checkpoint ?? origin!, device, recipe.Compute.Precision, frozen: adapts);
        threads = ThreadChoice.Apply(recipe.Compute.Threads, model.Network.Config.HiddenSize);
        evaluations = new TrainingEvaluations(recipe, model, suites, demonstration, threads, observer);
        trainer = new RlTrainer(model, problems, reward, recipe, origin: origin) { Threads = threads, ReferenceSource = ReferenceSource(recipe, origin) };
        if (checkpoint is not null) FirstStep = Checkpoint.Restore(checkpoint, trainer) + 1;
    }

    private static (string Folder, string Fingerprint)? ReferenceSource(Recipe recipe, string? origin)
    {
        if (!recipe.Loss.NeedsReference) return null;
        string folder = recipe.Loss.Reference.Length > 0 ? HubLocator.FindModel(recipe.Loss.Reference) : origin!;
        return (folder, ModelFingerprint.OfNetwork(folder));
    }

    private static TrainingRun Prepare(Recipe recipe, ITrainingObserver observer, string? checkpoint, CancellationToken cancellation = default)
    {
        RecipeRules.Check(recipe);
        RecipeRules.CheckTogether(recipe);
        IReward reward = RewardCatalog.Create(recipe.Reward, recipe.Rollout.MaxNewTokens);
        try
        {
            return new TrainingRun(recipe, observer, checkpoint, reward, cancellation);
        }
        catch
        {
            (reward as IDisposable)?.Dispose(); // it may be a running program
            throw;
        }
    }

    /// <summary>The first step to run: 1, or the one after the checkpoint.</summary>
    private int FirstStep { get; } = 1;

    private TrainingPlanner Planner => new(recipe, model, problems, evaluations, trainer, threads);

    /// <summary>Says what a run would do, after checking all that can be checked without running it.</summary>
    /// <exception cref="RlvrException">Something is wrong with the recipe, the model or the data.</exception>
    public static TrainingPlan Plan(Recipe recipe)
    {
        using TrainingRun run = Prepare(recipe, SilentObserver.Instance, null);
        TrainingPlan plan = run.Planner.Plan();
        TimePlan time = run.Planner.Time();
        return plan with { Facts = [.. plan.Facts, ("time", time.Summary()), .. run.labels.Notes.Select(note => ("labels", note))], Time = time };
    }

    /// <summary>Starts a run.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="runPath">The run's folder; must not hold a run.</param>
    /// <param name="observer">Watches.</param>
    /// <param name="cancellation">Stops after the step in progress, with a checkpoint.</param>
    /// <param name="sharedEvaluations">
    /// A folder in which evaluations before training are kept for other runs that start with the same model, and looked up; null for none.
    /// </param>
    /// <exception cref="RlvrException">Something is wrong; nothing was written unless training had begun.</exception>
    public static TrainingOutcome Start(Recipe recipe, string runPath, ITrainingObserver observer, CancellationToken cancellation, string? sharedEvaluations = null)
    {
        using TrainingRun run = Prepare(recipe, observer, null, cancellation);
        if (sharedEvaluations is not null) run.evaluations.Shared = new SharedEvaluations(sharedEvaluations);
        // Of each trained parameter a checkpoint has the value and two moments.
        long parameters = run.model.Network.Config.ParameterCount, trained = run.trainer.Optimizer.Parameters.Sum(p => p.numel()) + (recipe.Critic.Enabled ? parameters : 0);
        using RunDirectory directory = RunDirectory.Create(runPath, (trained * 4 * 3 * (recipe.Checkpoint.Keep + 1)) + (1 << 20));
        directory.WriteRecipe(RecipeFile.ToYaml(recipe));
        directory.WriteEnvironment(run.Environment());
        directory.WriteLabels(run.labels.Unreadable);
        directory.WriteChangedLabels(run.labels.Changed);
        return run.Execute(directory, cancellation);
    }

    /// <summary>Goes on with a stopped run from its last checkpoint, exactly as if it had not stopped.</summary>
    /// <param name="runPath">The run's folder.</param>
    /// <param name="observer">Watches.</param>
    /// <param name="cancellation">Stops after the step in progress, with a checkpoint.</param>
    /// <exception cref="RlvrException">There is no run, or it has no checkpoint.</exception>
    public static TrainingOutcome Resume(string runPath, ITrainingObserver observer, CancellationToken cancellation)
    {
        using RunDirectory directory = RunDirectory.Open(runPath);
        Recipe recipe = RecipeFile.Load(directory.RecipePath);
        int step = directory.CheckpointSteps() is [.., int last] ? last : 0;
        if (step == 0) throw new RlvrException($"The run {runPath} has no checkpoint to go on from. Start it again in another folder.");
        using TrainingRun run = Prepare(recipe, observer, directory.CheckpointPath(step), cancellation);
        directory.TruncateAfter(step);
        observer.Note($"going on after step {step}");
        return run.Execute(directory, cancellation);
    }

    private TrainingOutcome Execute(RunDirectory directory, CancellationToken cancellation)
    {
        observer.Started(Planner.Plan());
        foreach (string note in labels.Notes) observer.Note(note);
        int step = FirstStep - 1;
        bool stopped = false;
        try
        {
            if (step == 0 && recipe.Evaluation.Before) evaluations.Run(directory, 0, full: true, cancellation);
            // A run that was stopped during the evaluation of its last step has part of it, or nothing.
            else if (evaluations.Follow(step)) evaluations.Run(directory, step, full: false, cancellation);
            while (step < recipe.Steps)
            {
                cancellation.ThrowIfCancellationRequested();
                StepResult result = RunStep(directory, step + 1, cancellation);
                step++;
                directory.Append(result.Metrics);
                AppendAccuracy(directory, step, result.Rollouts);
                observer.StepDone(result.Metrics, recipe.Steps);
                if (step == 1 || step == recipe.Steps || (recipe.Checkpoint.Every > 0 && step % recipe.Checkpoint.Every == 0)) SaveRollouts(directory, step, result.Rollouts);
                if (evaluations.Follow(step)) evaluations.Run(directory, step, full: false, cancellation);
                // After the evaluation of this step: a run that goes on from here has it.
                if (step == recipe.Steps || (recipe.Checkpoint.Every > 0 && step % recipe.Checkpoint.Every == 0)) SaveCheckpoint(directory, step);
            }
            evaluations.Run(directory, step, full: true, cancellation);
            RunCard.Write(directory, step, model.Folder); // again, with the last results
        }
        catch (OperationCanceledException)
        {
            stopped = true;
            // Nothing of the step in progress has reached the parameters.
            if (step > 0 && !directory.CheckpointSteps().Contains(step)) SaveCheckpoint(directory, step);
            observer.Note(step == 0 ? "stopped before the first step" : $"stopped after step {step}; go on with --resume");
        }
        Report.Write(directory);
        return new TrainingOutcome(directory.Path, step, stopped, directory.ReadEvaluations());
    }

    // Dynamic sampling keeps the groups that differ in their rewards: what is kept says nothing about how an example goes.
    private void AppendAccuracy(RunDirectory directory, int step, IReadOnlyList<ScoredRollout> rollouts)
    {
        if (recipe.Rollout.DynamicSampling > 0) return;
        directory.Append(new ExampleAccuracyRecord
        {
            Step = step,
            Epoch = ((step - 1) / trainer.StepsPerEpoch) + 1,
            Accuracy = rollouts.Where(r => !r.Reward.IsFailure).GroupBy(r => r.Problem.Id).ToDictionary(g => g.Key, g => g.Average(r => r.Reward.Correct ? 1.0 : 0.0)),
        });
    }

    private StepResult RunStep(RunDirectory directory, int step, CancellationToken cancellation)
    {
        try
        {
            StepResult result = trainer.Step(step, cancellation);
            ScoredRollout[] failed = [.. result.Rollouts.Where(r => r.Reward.IsFailure)];
            if (failed.Length > 0)
                observer.Note($"warning: step {step}: {failed.Length} of {result.Rollouts.Count} responses could not be scored and count for nothing: {failed[0].Reward.Reason}");
            return result;
        }
        catch (NonFiniteException e)
        {
            directory.WriteRollouts(step, e.Rows.Select(row => Record(step, row, trainer.LastRollouts[row])));
            throw new RlvrException($"Step {step}: {e.Message}. These rollouts are in {directory.RolloutsPath(step)}; the last checkpoint is untouched. "
                + "Lower optimizer.learning_rate, or look for inputs that make the model overflow.", e);
        }
    }

    private void SaveCheckpoint(RunDirectory directory, int step)
    {
        Checkpoint.Save(directory.CheckpointPath(step), trainer, step);
        RunCard.Write(directory, step, model.Folder);
        if (recipe.Checkpoint.Keep <= 0) return;
        foreach (int old in directory.CheckpointSteps().SkipLast(recipe.Checkpoint.Keep)) Directory.Delete(directory.CheckpointPath(old), recursive: true);
    }

    private static void SaveRollouts(RunDirectory directory, int step, IReadOnlyList<ScoredRollout> rollouts) =>
        directory.WriteRollouts(step, rollouts.Select((r, i) => Record(step, i, r)));

    private static RolloutRecord Record(int step, int index, ScoredRollout scored) => new()
    {
        Step = step,
        Problem = scored.Problem.Id,
        Group = scored.Group,
        Rollout = index,
        Prompt = scored.Problem.Text,
        Response = scored.Rollout.Text,
        Label = scored.Problem.Answer,
        Extracted = scored.Reward.Extracted,
        Verdict = scored.Reward.Verdict,
        Reward = scored.Reward.Value,
        Components = scored.Reward.Components?.ToDictionary(c => c.Name, c => c.Value),
        Reason = scored.Reward.Reason,
        Advantage = scored.Advantage,
        Tokens = scored.Rollout.Tokens.Length,
        Finish = scored.Rollout.Finish switch { FinishReason.Stop => "stop", FinishReason.StopString => "stop_string", _ => "length" },
    };

    private EnvironmentInfo Environment()
    {
        NativeRuntimeInfo native = NativeRuntime.Initialize();
        return EnvironmentInfo.Collect(new Dictionary<string, string>
        {
            ["libtorch"] = $"{native.Version} in {native.Folder}",
            ["device"] = model.Network.Device.ToString(),
            ["threads"] = threads.Threads.ToString(),
            ["precision"] = ComputePrecision.NameOf(model.Network.ComputeType),
        });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        trainer.Dispose();
        model.Dispose();
        (reward as IDisposable)?.Dispose();
    }

    private sealed class SilentObserver : ITrainingObserver
    {
        public static readonly SilentObserver Instance = new();

        public void Started(TrainingPlan plan) { }

        public void StepDone(StepMetrics metrics, int totalSteps) { }

        public void EvaluationProgress(string suite, int done, int total) { }

        public void Evaluated(EvaluationRecord record) { }

        public void Note(string message) { }
    }
}

using Rlvr.Data;
using Rlvr.Evaluation;
using Rlvr.Rewards;
using Rlvr.Rollouts;
using Rlvr.Runs;
using Rlvr.Tensors;

namespace Rlvr.Training;

/// <summary>The evaluations of a run: which suites, when, and how; their results go into the run's folder.</summary>
internal sealed class TrainingEvaluations
{
    private readonly Recipe recipe;
    private readonly LanguageModel model;
    private readonly ITrainingObserver observer;
    private readonly ThreadPlan threads;
    private readonly PromptTemplate template;
    private string? fingerprint; // of the model that the run starts with

    /// <summary>Checks that every prompt leaves room for its response.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="model">What is evaluated.</param>
    /// <param name="suites">The recipe's suites, loaded.</param>
    /// <param name="demonstration">Stands before every question; null for none.</param>
    /// <param name="threads">Those of decoding are used.</param>
    /// <param name="observer">Watches.</param>
    /// <exception cref="RlvrException">A prompt and its response do not fit the model's positions.</exception>
    public TrainingEvaluations(
        Recipe recipe, LanguageModel model, IReadOnlyList<(string Name, IReadOnlyList<Problem> Problems)> suites, Demonstration? demonstration, ThreadPlan threads, ITrainingObserver observer)
    {
        (this.recipe, this.model, this.threads, this.observer) = (recipe, model, threads, observer);
        (Suites, Demonstration) = (suites, demonstration);
        template = PromptTemplate.Get(recipe.Evaluation.Prompt.Length > 0 ? recipe.Evaluation.Prompt : recipe.Data.Prompt, model.TokenizerFolder).With(demonstration);
        LongestPrompt = CheckLengths();
    }

    /// <summary>The suites.</summary>
    public IReadOnlyList<(string Name, IReadOnlyList<Problem> Problems)> Suites { get; }

    /// <summary>What stands before every question; null for nothing.</summary>
    public Demonstration? Demonstration { get; }

    /// <summary>The longest prompt, in tokens.</summary>
    public int LongestPrompt { get; }

    /// <summary>The most tokens of a response.</summary>
    public int MaxNewTokens => recipe.Evaluation.MaxNewTokens > 0 ? recipe.Evaluation.MaxNewTokens : recipe.Rollout.MaxNewTokens;

    /// <summary>Where runs that start with the same model share their evaluations before training; null for nowhere.</summary>
    public SharedEvaluations? Shared { get; set; }

    /// <summary>Whether the run is evaluated in the middle after this step.</summary>
    public bool Follow(int step) => step > 0 && step < recipe.Steps && recipe.Evaluation.Every > 0 && step % recipe.Evaluation.Every == 0;

    /// <summary>
    /// Evaluates all suites: greedily, and before and after training (or whenever the recipe says so) also at its sampled temperature. What the folder has of this step already is left as it
    /// is: a run that was stopped in the middle goes on with the suites that are missing.
    /// </summary>
    /// <param name="directory">The run's folder.</param>
    /// <param name="step">The step that was done; 0 before training.</param>
    /// <param name="full">Whether of all problems, before and after training, or of as many as the recipe says.</param>
    /// <param name="cancellation">Stops.</param>
    public void Run(RunDirectory directory, int step, bool full, CancellationToken cancellation)
    {
        using IDisposable decoding = threads.BeginDecoding();
        EvaluationRecord[] done = [.. directory.ReadEvaluations().Where(e => e.Step == step)];
        double[] temperatures = (full || recipe.Evaluation.SampledDuring) && recipe.Evaluation.SampledTemperature > 0 ? [0, recipe.Evaluation.SampledTemperature] : [0];
        foreach (double temperature in temperatures)
        {
            foreach ((string name, IReadOnlyList<Problem> of) in Suites)
            {
                EvaluationSettings settings = Settings(of, temperature, full);
                int count = settings.Limit == 0 ? of.Count : int.Min(settings.Limit, of.Count);
                if (done.Any(e => e.Suite == name && e.Temperature == temperature && e.Problems == count)) continue;
                EvaluationRecord Now() => new Evaluator(model).Evaluate(name, of, settings, (finished, total) => observer.EvaluationProgress(name, finished, total), cancellation: cancellation).ToRecord(step);
                EvaluationRecord record = step == 0 && Shared is not null && model.Folder is { } folder ? BeforeTraining(folder, name, of, settings, Now) : Now();
                directory.Append(record);
                observer.Evaluated(record);
            }
        }
    }

    private EvaluationSettings Settings(IReadOnlyList<Problem> of, double temperature, bool full) => new()
    {
        Prompt = template,
        Temperature = temperature,
        MaxNewTokens = MaxNewTokens,
        MaxRows = recipe.Evaluation.MaxRows,
        Profile = RewardCatalog.ParseProfile(recipe.Evaluation.Profile),
        Judge = EvaluationSettings.JudgeOf(of),
        Seed = recipe.Seed,
        Limit = full ? 0 : recipe.Evaluation.Limit,
    };

    private EvaluationRecord BeforeTraining(string folder, string suite, IReadOnlyList<Problem> of, EvaluationSettings settings, Func<EvaluationRecord> now)
    {
        fingerprint ??= ModelFingerprint.Of(folder);
        (EvaluationRecord record, bool known) = Shared!.Of(fingerprint, ComputePrecision.NameOf(model.Network.ComputeType), suite, of, settings, now);
        if (known) observer.Note($"{suite}: evaluated before by another run of this model");
        return record;
    }

    private int CheckLengths()
    {
        int positions = model.Network.Config.MaxPositions, longest = 0;
        foreach ((string suite, IReadOnlyList<Problem> of) in Suites)
        {
            foreach (Problem problem in of)
            {
                int tokens = model.Tokenizer.Encode(template.Render(problem)).Length;
                longest = int.Max(longest, tokens);
                if (tokens + MaxNewTokens > positions)
                {
                    throw new RlvrException($"Suite {suite}, problem '{problem.Id}': its prompt of {tokens} tokens and evaluation.max_new_tokens = {MaxNewTokens} "
                        + $"do not fit the model's {positions} positions. Lower evaluation.max_new_tokens or remove the problem.");
                }
            }
        }
        return longest;
    }
}

using System.Diagnostics;
using Rlvr.Algorithms;
using Rlvr.Algorithms.Advantages;
using Rlvr.Data;
using Rlvr.Hub;
using Rlvr.Models;
using Rlvr.Rewards;
using Rlvr.Rollouts;
using Rlvr.Runs;
using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Training;

/// <summary>A rollout of a step with what became of it.</summary>
/// <param name="Problem">The problem.</param>
/// <param name="Group">Row of the batch: its rollouts form a group.</param>
/// <param name="Rollout">The response.</param>
/// <param name="Reward">Its reward.</param>
/// <param name="Advantage">Its advantage in its group.</param>
public sealed record ScoredRollout(Problem Problem, int Group, Rollout Rollout, RewardResult Reward, double Advantage);

/// <summary>The result of a training step.</summary>
/// <param name="Metrics">A line of metrics.jsonl.</param>
/// <param name="Rollouts">All rollouts, group after group.</param>
public sealed record StepResult(StepMetrics Metrics, IReadOnlyList<ScoredRollout> Rollouts);

/// <summary>
/// Reinforcement learning with verifiable rewards, one step at a time: problems, rollouts, rewards, advantages, update. It knows nothing of
/// files, and not which algorithm it runs; a training run drives it and keeps them.
/// </summary>
public sealed class RlTrainer : IDisposable
{
    private readonly LanguageModel model;
    private readonly Transformer? reference;
    private readonly Problem[] problems;
    private readonly int[][] prompts; // by problem; the same array wherever the problem is used, so its forward pass is shared
    private readonly Recipe recipe;
    private readonly PromptTemplate template;
    private readonly IReadOnlyList<string> rewardParts;
    private readonly RolloutPhase rollouts;
    private readonly CleanAccuracy cleanAccuracy;
    private readonly AdvantagePhase advantages;
    private readonly PolicyUpdate update;
    private readonly PolicyUpdate? policyTerm; // measures its gradient alone

    /// <summary>Prepares training. Everything that can be wrong with the input is found here, before the first step.</summary>
    /// <param name="model">
    /// The policy, trained in place; the recipe's adapter is put on it. The KL reference is a copy of it as it is now (of an adapter alone, where one is trained),
    /// unless the recipe or <paramref name="reference"/> says otherwise.
    /// </param>
    /// <param name="problems">What to train on.</param>
    /// <param name="reward">How responses are scored.</param>
    /// <param name="recipe">Rollout, loss and optimiser settings.</param>
    /// <param name="reference">The reference policy (for a resumed run); taken over.</param>
    /// <param name="algorithm">How rewards become advantages and a loss, in place of what the recipe names.</param>
    /// <param name="origin">
    /// The folder with the model that the run started from, unchanged since: what the KL reference is read from where it is not a copy of the policy. Null where it is the policy as it is now.
    /// </param>
    /// <exception cref="RlvrException">No problems, none with a label the reward can read, a prompt that is too long, or settings that do not fit together.</exception>
    public RlTrainer(
        LanguageModel model, IReadOnlyList<Problem> problems, IReward reward, Recipe recipe, Transformer? reference = null, Algorithm? algorithm = null, string? origin = null)
    {
        RecipeRules.CheckTogether(recipe, algorithm);
        if (problems.Count == 0) throw new RlvrException("There are no problems to train on.");
        algorithm ??= AlgorithmRules.AlgorithmOf(recipe);
        this.model = model;
        this.recipe = recipe;
        rewardParts = reward.ComponentNames;
        template = PromptTemplate.Get(recipe.Data.Prompt, model.TokenizerFolder);
        this.problems = [.. recipe.Data.Limit > 0 ? problems.Take(recipe.Data.Limit) : problems];
        LabelReport.Of(this.problems, reward).RequireSome("the problems to train on");
        cleanAccuracy = new CleanAccuracy(this.problems, recipe.Reward);
        prompts = [.. this.problems.Select(Encode)];
        Device device = model.Network.Device;
        Workload = new MemoryWorkload
        {
            OnGpu = device.type == DeviceType.CUDA,
            Prompt = prompts.Max(prompt => prompt.Length),
            Prompts = int.Min(this.problems.Select(problem => problem.Text).Distinct(StringComparer.Ordinal).Count(), recipe.Rollout.BatchSize),
            MappableElement = reference is null ? ReferenceModel.MappableElement(recipe, model, origin) : null,
        };
        this.recipe = recipe = MemoryChoices.Decide(recipe, model.Network.Config, Workload, MachineMemory.Total(device));
        rollouts = new RolloutPhase(model, this.problems, prompts, reward, recipe, algorithm.Advantage.Needs.HasFlag(AdvantageNeeds.GreedyBaseline));
        LoraAdapter? start = recipe.Lora.Rank > 0 ? LoraTraining.Attach(model, recipe) : null;
        this.reference = recipe.Loss.NeedsReference ? reference ?? ReferenceModel.Load(recipe, model, start, origin) : null;
        if (this.reference?.Adapter != start) start?.Dispose();
        Critic = recipe.Critic.Enabled ? new Critic(LoadCritic(), recipe) : null;
        model.Network.RequireGradients(true);
        OptimizerOptions options = recipe.Optimizer;
        Optimizer = new FusedAdamW(model.Network.Trained, options.Beta1, options.Beta2, options.Epsilon, options.WeightDecay, options.State);
        update = new PolicyUpdate(model.Network, this.reference, Optimizer, recipe, policyLoss: algorithm.PolicyLoss);
        if (recipe.Loss.PolicyNormEvery > 0)
            policyTerm = new PolicyUpdate(model.Network, null, Optimizer, recipe with { Loss = recipe.Loss with { Entropy = 0, Kl = 0, KlInReward = 0 } }, policyLoss: algorithm.PolicyLoss);
        advantages = new AdvantagePhase(update, Critic, algorithm.Advantage, recipe);
    }

    /// <summary>The optimiser; its state belongs into a checkpoint.</summary>
    public FusedAdamW Optimizer { get; }

    /// <summary>Threads by phase; null leaves them as they are.</summary>
    internal ThreadPlan? Threads { get; init; }

    /// <summary>The folder that the reference comes from, and what a run that goes on must find there; null where it needs nothing.</summary>
    internal (string Folder, string Fingerprint)? ReferenceSource { get; init; }

    /// <summary>The recipe, with what it left to the memory there is decided.</summary>
    internal Recipe Recipe => recipe;

    /// <summary>What a memory plan must know of this training.</summary>
    internal MemoryWorkload Workload { get; }

    /// <summary>The critic; null where the algorithm has none.</summary>
    public Critic? Critic { get; }

    /// <summary>The policy.</summary>
    public LanguageModel Model => model;

    /// <summary>Number of steps that one pass over the problems takes (1 when they are repeated to fill a batch).</summary>
    public int StepsPerEpoch => int.Max(1, problems.Length / recipe.Rollout.BatchSize);

    /// <summary>The rollouts of the step that ran last, also when its update failed.</summary>
    public IReadOnlyList<ScoredRollout> LastRollouts { get; private set; } = [];

    /// <summary>The coefficient of the KL penalty in the reward as it is now.</summary>
    internal KlCoefficient KlCoefficient => advantages.Coefficient;

    /// <summary>Tokens of some responses as the first step samples them, to reckon with.</summary>
    internal IReadOnlyList<int> SampleLengths(int count)
    {
        int[] batch = BatchOf(1);
        GenerationRequest[] requests = [.. Enumerable.Range(0, count).Select(i => new GenerationRequest(prompts[batch[i % batch.Length]], (ulong)i))];
        SamplingOptions options = new() { Temperature = recipe.Rollout.Temperature, MaxNewTokens = recipe.Rollout.MaxNewTokens, StopIds = model.StopIds, Seed = recipe.Seed };
        return [.. new Rollouts.Generator(model.Network).Generate(requests, options).Select(rollout => rollout.Tokens.Length)];
    }

    /// <summary>Runs a step.</summary>
    /// <param name="step">Its number, from 1. Rollouts are a pure function of the parameters, the seed and this.</param>
    /// <param name="cancellation">Stops during the rollouts; the parameters are then as before the step.</param>
    /// <exception cref="NonFiniteException">The loss or gradient is NaN or infinite; <see cref="LastRollouts"/> has what it was computed from.</exception>
    public StepResult Step(int step, CancellationToken cancellation = default)
    {
        long start = Stopwatch.GetTimestamp();
        rollouts.Tape ??= Record(step);
        StepRollouts sampled;
        using (Threads?.BeginDecoding()) sampled = rollouts.Run(step, BatchOf(step), cancellation);

        long advantageStart = Stopwatch.GetTimestamp();
        AdvantagePhase.Result result = advantages.Run(sampled);
        ScoredRollout[] scored = [.. sampled.Rollouts.Select((rollout, i) => new ScoredRollout(
            problems[sampled.Problems[sampled.Groups[i]]], sampled.Groups[i], rollout, sampled.Rewards[i], result.Advantages.Rows[i]))];
        LastRollouts = scored;
        List<(string, double)> more = [.. cleanAccuracy.Of(scored), .. sampled.Metrics, .. result.Metrics];
        double rewardSeconds = rollouts.RewardSeconds + Stopwatch.GetElapsedTime(advantageStart).TotalSeconds;

        long updateStart = Stopwatch.GetTimestamp();
        double learningRate = LearningRate.At(recipe.Optimizer, step - 1, recipe.Steps);
        if (Critic is not null) more.AddRange(UpdateCritic(Critic, scored, result, step));
        bool onlyCritic = OnlyCritic(step);
        IReadOnlyList<UpdateSample> learnt = Learnt(scored, result.Samples);
        if (policyTerm is not null && !onlyCritic && step % recipe.Loss.PolicyNormEvery == 0) more.Add(("policy_gradient_norm", policyTerm.MeasureGradientNorm(learnt, step)));
        UpdateMetrics metrics = onlyCritic ? UpdateMetrics.None : update.Run(learnt, learningRate, step, result.OldLogProbs, result.ReferenceLogProbs);
        if (PolicyUpdate.IsLarge(model.Network.Config)) GiveTapeBack(); // an evaluation may follow
        double updateSeconds = Stopwatch.GetElapsedTime(updateStart).TotalSeconds, seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return new StepResult(TrainingMetrics.Of(
            step, scored, rewardParts, metrics, recipe, onlyCritic ? 0 : learningRate, rollouts.RolloutSeconds, rewardSeconds, updateSeconds, seconds, more), scored);
    }

    /// <summary>
    /// The problems of a step, by number. Fewer problems than rows are repeated to fill the batch; otherwise each epoch is a permutation
    /// of its own, and its last incomplete batch is dropped.
    /// </summary>
    public int[] BatchOf(int step)
    {
        int rows = recipe.Rollout.BatchSize, count = problems.Length;
        if (count <= rows) return [.. Enumerable.Range(0, rows).Select(i => i % count)];
        int epoch = (step - 1) / StepsPerEpoch, first = (step - 1) % StepsPerEpoch * rows;
        int[] order = recipe.Data.Shuffle ? CounterRandom.Permutation(count, recipe.Seed, (ulong)epoch) : [.. Enumerable.Range(0, count)];
        return order[first..(first + rows)];
    }

    /// <summary>What records a step's rollouts; null where the update does not go back through them.</summary>
    private ActivationTape? Record(int step) => !recipe.Compute.ReusesForward || !model.Network.TrainsByKernels || OnlyCritic(step) ? null
        : new ActivationTape(model.Network.Config, model.Network.ComputeType, checked((int)ReusedForward.Tokens(recipe, Workload)));

    private void GiveTapeBack()
    {
        rollouts.Tape?.Dispose();
        rollouts.Tape = null;
    }

    /// <summary>Whether the policy does not learn yet.</summary>
    private bool OnlyCritic(int step) => Critic is not null && step <= recipe.Critic.WarmupSteps;

    private List<(string, double)> UpdateCritic(Critic critic, ScoredRollout[] scored, AdvantagePhase.Result result, int step)
    {
        double learningRate = LearningRate.At(recipe.Optimizer with { LearningRate = recipe.Critic.LearningRate }, step - 1, recipe.Steps);
        // What could not be scored has no return.
        UpdateSample[] samples = [.. result.Samples.Select((s, i) => double.IsNaN(scored[i].Reward.Value) ? s.WithoutTokens() : s)];
        CriticMetrics metrics = critic.Run(samples, result.Values!, result.Advantages.Returns!, learningRate);
        return
        [
            ("value_loss", metrics.Loss), ("value_clip_fraction", metrics.ClipFraction), ("value_mean", metrics.ValueMean), ("return_mean", metrics.ReturnMean),
            ("value_explained_variance", metrics.ExplainedVariance), ("critic_gradient_norm", metrics.GradientNorm), ("critic_learning_rate", learningRate),
        ];
    }

    /// <summary>The rollouts that the policy learns from.</summary>
    private IReadOnlyList<UpdateSample> Learnt(ScoredRollout[] scored, IReadOnlyList<UpdateSample> samples) => !recipe.Loss.MaskTruncated ? samples
        : [.. samples.Select((s, i) => scored[i].Rollout.Finish == FinishReason.Length ? s.WithoutTokens() : s)];

    private ValueModel LoadCritic()
    {
        if (recipe.Critic.Model.Length == 0) return ValueModel.From(model.Network);
        ValueModel loaded = ValueModel.Load(HubLocator.FindModel(recipe.Critic.Model), model.Network.Device, model.Network.ComputeType);
        if (loaded.Config.VocabularySize == model.Network.Config.VocabularySize) return loaded;
        using (loaded) throw ReferenceModel.OtherVocabulary("critic.model", recipe.Critic.Model, loaded.Config, model.Network.Config);
    }

    private int[] Encode(Problem problem)
    {
        int[] tokens = model.Tokenizer.Encode(template.Render(problem));
        if (tokens.Length > recipe.Data.MaxPromptTokens)
        {
            throw new RlvrException($"The prompt of problem '{problem.Id}' has {tokens.Length} tokens; data.max_prompt_tokens is {recipe.Data.MaxPromptTokens}. "
                + "Raise the limit or remove the problem.");
        }
        int positions = model.Network.Config.MaxPositions;
        if (tokens.Length + recipe.Rollout.MaxNewTokens > positions)
        {
            throw new RlvrException($"The prompt of problem '{problem.Id}' has {tokens.Length} tokens, which with rollout.max_new_tokens = {recipe.Rollout.MaxNewTokens} "
                + $"do not fit the model's {positions} positions. Lower rollout.max_new_tokens or remove the problem.");
        }
        if (tokens.Length == 0) throw new RlvrException($"The prompt of problem '{problem.Id}' has no tokens; the model needs at least one to predict from.");
        return tokens;
    }

    /// <summary>Frees the optimiser, the reference and the critic, not the policy.</summary>
    public void Dispose()
    {
        model.Network.RequireGradients(false);
        GiveTapeBack();
        Optimizer.Dispose();
        Critic?.Dispose();
        reference?.Dispose();
    }
}

using System.Diagnostics;
using Rlvr.Algorithms.Advantages;
using Rlvr.Data;
using Rlvr.Models;
using Rlvr.Rewards;
using Rlvr.Rollouts;
using Rlvr.Runs;
using Rlvr.Tensors;

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
/// files; a training run drives it and keeps them.
/// </summary>
public sealed class RlTrainer : IDisposable
{
    /// <summary>Stands where tokens have their position, so that a reward's random bits are no token's.</summary>
    private const ulong RewardPosition = ulong.MaxValue;

    private readonly LanguageModel model;
    private readonly Transformer? reference;
    private readonly Problem[] problems;
    private readonly int[][] prompts; // by problem; the same array wherever the problem is used, so its forward pass is shared
    private readonly IReward reward;
    private readonly Recipe recipe;
    private readonly PolicyUpdate update;
    private readonly AdvantageEstimator estimator;
    private readonly PromptTemplate template;

    /// <summary>Prepares training. Everything that can be wrong with the input is found here, before the first step.</summary>
    /// <param name="model">The policy, trained in place. The KL reference is a copy of it as it is now, unless another is given.</param>
    /// <param name="problems">What to train on.</param>
    /// <param name="reward">How responses are scored.</param>
    /// <param name="recipe">Rollout, loss and optimiser settings.</param>
    /// <param name="reference">The reference policy (for a resumed run); taken over.</param>
    /// <exception cref="RlvrException">No problems, none with a label the reward can read, a prompt that is too long, or settings that do not fit together.</exception>
    public RlTrainer(LanguageModel model, IReadOnlyList<Problem> problems, IReward reward, Recipe recipe, Transformer? reference = null)
    {
        RecipeRules.CheckTogether(recipe);
        if (problems.Count == 0) throw new RlvrException("There are no problems to train on.");
        this.model = model;
        this.reward = reward;
        this.recipe = recipe;
        template = PromptTemplate.Get(recipe.Data.Prompt, model.Folder);
        estimator = AdvantageEstimators.Parse(recipe.Loss.Advantage);
        this.problems = [.. recipe.Data.Limit > 0 ? problems.Take(recipe.Data.Limit) : problems];
        LabelReport.Of(this.problems, reward).RequireSome("the problems to train on");
        prompts = [.. this.problems.Select(Encode)];
        this.reference = recipe.Loss.Kl == 0 ? null : reference ?? model.Network.Clone();
        model.Network.RequireGradients(true);
        OptimizerOptions options = recipe.Optimizer;
        Optimizer = new FusedAdamW(model.Network.Parameters.Select(p => (p.Key, p.Value)), options.Beta1, options.Beta2, options.Epsilon, options.WeightDecay);
        update = new PolicyUpdate(model.Network, this.reference, Optimizer, recipe);
    }

    /// <summary>The optimiser; its state belongs into a checkpoint.</summary>
    public FusedAdamW Optimizer { get; }

    /// <summary>The policy.</summary>
    public LanguageModel Model => model;

    /// <summary>Number of steps that one pass over the problems takes (1 when they are repeated to fill a batch).</summary>
    public int StepsPerEpoch => int.Max(1, problems.Length / recipe.Rollout.BatchSize);

    /// <summary>Runs a step.</summary>
    /// <param name="step">Its number, from 1. Rollouts are a pure function of the parameters, the seed and this.</param>
    /// <param name="cancellation">Stops during the rollouts; the parameters are then as before the step.</param>
    /// <exception cref="NonFiniteException">The loss or gradient is NaN or infinite; <see cref="LastRollouts"/> has what it was computed from.</exception>
    public StepResult Step(int step, CancellationToken cancellation = default)
    {
        long start = Stopwatch.GetTimestamp();
        int[] batch = BatchOf(step);
        IReadOnlyList<Rollout> rollouts = Generate(batch, step, cancellation);
        double rolloutSeconds = Stopwatch.GetElapsedTime(start).TotalSeconds;

        long rewardStart = Stopwatch.GetTimestamp();
        int groupSize = recipe.Rollout.GroupSize;
        RewardResult[] rewards = Score(batch, rollouts, step, cancellation);
        int[] groups = [.. Enumerable.Range(0, rollouts.Count).Select(i => i / groupSize)];
        double[] advantages = ScoredAdvantages.Compute(estimator, [.. rewards.Select(r => r.Value)], groups, [.. rollouts.Select(r => r.Tokens.Length)]);
        ScoredRollout[] scored = [.. rollouts.Select((rollout, i) => new ScoredRollout(problems[batch[groups[i]]], groups[i], rollout, rewards[i], advantages[i]))];
        LastRollouts = scored;
        double rewardSeconds = Stopwatch.GetElapsedTime(rewardStart).TotalSeconds;

        long updateStart = Stopwatch.GetTimestamp();
        double learningRate = LearningRate.At(recipe.Optimizer, step - 1, recipe.Steps);
        UpdateMetrics metrics = update.Run(
            [.. scored.Select(s => new UpdateSample(s.Rollout.Request.Prompt, s.Rollout.Tokens, s.Rollout.LogProbs, s.Advantage))], learningRate);
        double updateSeconds = Stopwatch.GetElapsedTime(updateStart).TotalSeconds, seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return new StepResult(TrainingMetrics.Of(step, scored, reward.ComponentNames, metrics, recipe, learningRate, rolloutSeconds, rewardSeconds, updateSeconds, seconds), scored);
    }

    /// <summary>The rollouts of the step that ran last, also when its update failed.</summary>
    public IReadOnlyList<ScoredRollout> LastRollouts { get; private set; } = [];

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

    private IReadOnlyList<Rollout> Generate(int[] batch, int step, CancellationToken cancellation)
    {
        int groupSize = recipe.Rollout.GroupSize;
        GenerationRequest[] requests = [.. Enumerable.Range(0, batch.Length * groupSize).Select(i => new GenerationRequest(prompts[batch[i / groupSize]], (ulong)i))];
        SamplingOptions options = new()
        {
            Temperature = recipe.Rollout.Temperature,
            TopP = recipe.Rollout.TopP,
            TopK = recipe.Rollout.TopK,
            MinP = recipe.Rollout.MinP,
            MaxNewTokens = recipe.Rollout.MaxNewTokens,
            MaxRows = recipe.Rollout.MaxRows,
            StopIds = model.StopIds,
            Seed = recipe.Seed,
            Step = (ulong)step,
        };
        return new Generator(model.Network, model.Tokenizer).Generate(requests, options, cancellation: cancellation);
    }

    private RewardResult[] Score(int[] batch, IReadOnlyList<Rollout> rollouts, int step, CancellationToken cancellation)
    {
        RewardResult[] rewards = new RewardResult[rollouts.Count];
        try
        {
            Parallel.For(0, rollouts.Count, new ParallelOptions { CancellationToken = cancellation }, i =>
            {
                RewardContext context = new()
                {
                    Tokens = rollouts[i].Tokens.Length,
                    Truncated = rollouts[i].Finish == FinishReason.Length,
                    RandomBits = CounterRandom.Bits(recipe.Seed, (ulong)step, (ulong)i, RewardPosition),
                };
                rewards[i] = reward.Score(problems[batch[i / recipe.Rollout.GroupSize]], rollouts[i].Text, context).Checked();
            });
        }
        catch (AggregateException e) when (e.InnerException is RlvrException inner)
        {
            throw new RlvrException($"Step {step}: {inner.Message}", inner);
        }
        catch (AggregateException e)
        {
            throw new RlvrException($"Step {step}: the reward function failed: {e.InnerException!.Message} ({e.InnerException.GetType().Name}). A reward must give a number for every text.", e.InnerException);
        }
        if (rewards.All(r => r.IsFailure)) throw new RlvrException($"Step {step}: not one of {rewards.Length} responses could be scored: {rewards[0].Reason}.");
        return rewards;
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

    /// <summary>Frees the optimiser and the reference, not the policy.</summary>
    public void Dispose()
    {
        model.Network.RequireGradients(false);
        Optimizer.Dispose();
        reference?.Dispose();
    }
}

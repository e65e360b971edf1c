using System.Diagnostics;
using Rlvr.Algorithms;
using Rlvr.Data;
using Rlvr.Models;
using Rlvr.Rewards;
using Rlvr.Rollouts;

namespace Rlvr.Training;

/// <summary>A step's rollouts, group after group, with their rewards.</summary>
/// <param name="Problems">The problem of each group, by number.</param>
/// <param name="Groups">The group of each rollout.</param>
/// <param name="Rollouts">The responses.</param>
/// <param name="Rewards">Their rewards.</param>
/// <param name="Baselines">Reward of the greedy response to each rollout's prompt, where it was asked for.</param>
/// <param name="Metrics">Numbers of this phase that other runs do not have.</param>
internal sealed record StepRollouts(
    int[] Problems, int[] Groups, Rollout[] Rollouts, RewardResult[] Rewards, double[]? Baselines, IReadOnlyList<(string Name, double Value)> Metrics);

/// <summary>
/// Samples and scores a step's rollouts, and where the recipe says so samples groups without signal again (DAPO's dynamic sampling, arXiv
/// 2503.14476). All of it is a pure function of the parameters, the seed and the step, so a resumed run draws the same.
/// </summary>
internal sealed class RolloutPhase(LanguageModel model, Problem[] problems, int[][] prompts, IReward reward, Recipe recipe, bool greedyBaselines)
{
    /// <summary>Stands where tokens have their position, so that a reward's random bits are no token's.</summary>
    private const ulong RewardPosition = ulong.MaxValue, BaselinePosition = ulong.MaxValue - 1;

    private readonly int groupSize = recipe.Rollout.GroupSize;
    private readonly Stopwatch generating = new(), scoring = new();

    /// <summary>Records the responses that are learnt from, and forgets those of the step before; null for nothing.</summary>
    public ActivationTape? Tape { get; set; }

    /// <summary>Seconds of the last step's sampling.</summary>
    public double RolloutSeconds => generating.Elapsed.TotalSeconds;

    /// <summary>Seconds that the last step's scoring took after its sampling, beside which most of it is done.</summary>
    public double RewardSeconds => scoring.Elapsed.TotalSeconds;

    /// <summary>Samples a step.</summary>
    /// <param name="step">Its number, from 1.</param>
    /// <param name="batch">The problem of each group, by number.</param>
    /// <param name="cancellation">Stops between tokens.</param>
    public StepRollouts Run(int step, int[] batch, CancellationToken cancellation)
    {
        Tape?.Clear();
        generating.Reset();
        scoring.Reset();
        List<(string, double)> metrics = [];
        StepRollouts rollouts = Sample(step, batch, 0, cancellation) with { Metrics = metrics };
        if (rollouts.Rewards.All(r => r.IsFailure))
            throw new RlvrException($"Step {step}: not one of {rollouts.Rewards.Length} responses could be scored: {rollouts.Rewards[0].Reason}.");
        if (recipe.Rollout.DynamicSampling > 0) rollouts = Resample(rollouts, step, metrics, cancellation);
        if (greedyBaselines) rollouts = rollouts with { Baselines = Baselines(rollouts, step, metrics, cancellation) };
        return rollouts;
    }

    /// <summary>Samples a group for each problem.</summary>
    private StepRollouts Sample(int step, int[] batch, int firstId, CancellationToken cancellation)
    {
        GenerationRequest[] requests = [.. Enumerable.Range(0, batch.Length * groupSize).Select(i => new GenerationRequest(prompts[batch[i / groupSize]], (ulong)(firstId + i)))];
        int[] groups = [.. Enumerable.Range(0, requests.Length).Select(i => i / groupSize)];
        (Rollout[] rollouts, RewardResult[] rewards) = Generate(requests, recipe.Rollout.Temperature, i => batch[groups[i]], step, RewardPosition, Tape, cancellation);
        return new StepRollouts(batch, groups, rollouts, rewards, null, []);
    }

    /// <summary>
    /// Replaces groups whose rewards are all equal by groups whose rewards differ, as far as a bounded number of rounds finds any: groups of
    /// problems that are not in the step yet, or of the same problem again where all are.
    /// </summary>
    private StepRollouts Resample(StepRollouts first, int step, List<(string, double)> metrics, CancellationToken cancellation)
    {
        int[] batch = [.. first.Problems];
        Rollout[] rollouts = [.. first.Rollouts];
        RewardResult[] rewards = [.. first.Rewards];
        Queue<int> others = new(OtherProblems(step, batch));
        List<double> sampled = [.. rewards.Select(r => r.Value)];
        int[] dull = Dull(first);
        int round = 0, groups = batch.Length;
        while (dull.Length > 0 && round < recipe.Rollout.DynamicSampling)
        {
            round++;
            int[] again = [.. dull.Select(group => others.Count > 0 ? others.Dequeue() : batch[group])];
            StepRollouts more = Sample(step, again, round * first.Rollouts.Length, cancellation);
            int[] stillDull = Dull(more);
            foreach (int i in Enumerable.Range(0, again.Length).Except(stillDull))
            {
                batch[dull[i]] = again[i];
                Array.Copy(more.Rollouts, i * groupSize, rollouts, dull[i] * groupSize, groupSize);
                Array.Copy(more.Rewards, i * groupSize, rewards, dull[i] * groupSize, groupSize);
            }
            sampled.AddRange(more.Rewards.Select(r => r.Value));
            groups += again.Length;
            dull = [.. stillDull.Select(i => dull[i])];
        }
        metrics.Add(("sampling_rounds", round + 1));
        metrics.Add(("groups_sampled", groups));
        metrics.Add(("reward_mean_sampled", sampled.Where(double.IsFinite).DefaultIfEmpty(double.NaN).Average()));
        return first with { Problems = batch, Rollouts = rollouts, Rewards = rewards };
    }

    /// <summary>Groups whose rewards do not differ.</summary>
    private int[] Dull(StepRollouts rollouts)
    {
        bool[] informative = DynamicSampling.Informative([.. rollouts.Rewards.Select(r => r.Value)], rollouts.Groups);
        return [.. Enumerable.Range(0, rollouts.Problems.Length).Where(group => !informative[group * groupSize])];
    }

    /// <summary>The problems that are not in a step's batch, in an order of the step's own.</summary>
    private IEnumerable<int> OtherProblems(int step, int[] batch)
    {
        if (problems.Length <= batch.Length) return [];
        HashSet<int> used = [.. batch];
        // Epochs take their permutations from the first streams.
        return CounterRandom.Permutation(problems.Length, recipe.Seed, ulong.MaxValue - (ulong)step).Where(p => !used.Contains(p));
    }

    /// <summary>Rewards of the greedy responses, by rollout.</summary>
    private double[] Baselines(StepRollouts rollouts, int step, List<(string, double)> metrics, CancellationToken cancellation)
    {
        int[] distinct = [.. rollouts.Problems.Distinct()];
        (_, RewardResult[] rewards) = Generate([.. distinct.Select((p, i) => new GenerationRequest(prompts[p], (ulong)i))], 0, i => distinct[i], step, BaselinePosition, null, cancellation);
        Dictionary<int, double> ofProblem = distinct.Zip(rewards).ToDictionary(p => p.First, p => p.Second.Value);
        metrics.Add(("baseline_reward_mean", rollouts.Problems.Average(p => ofProblem[p])));
        return [.. rollouts.Groups.Select(group => ofProblem[rollouts.Problems[group]])];
    }

    /// <summary>Samples, and scores each response on another thread as soon as it is whole.</summary>
    private (Rollout[] Rollouts, RewardResult[] Rewards) Generate(GenerationRequest[] requests, double temperature, Func<int, int> problemOf, int step, ulong position, ActivationTape? tape, CancellationToken cancellation)
    {
        SamplingOptions options = new()
        {
            Temperature = temperature,
            TopP = recipe.Rollout.TopP,
            TopK = recipe.Rollout.TopK,
            MinP = recipe.Rollout.MinP,
            MaxNewTokens = recipe.Rollout.MaxNewTokens,
            MaxRows = recipe.Rollout.MaxRows,
            StopIds = model.StopIds,
            Seed = recipe.Seed,
            Step = (ulong)step,
        };
        RewardQueue queue = new(requests.Length, (i, rollout) => Score(problems[problemOf(i)], rollout, step, position), cancellation);
        Rollout[] rollouts;
        generating.Start();
        try
        {
            rollouts = [.. new Generator(model.Network, model.Tokenizer) { Tape = tape }.Generate(requests, options, onRollout: queue.Add, cancellation: cancellation)];
        }
        catch
        {
            queue.Settle();
            throw;
        }
        finally
        {
            generating.Stop();
        }
        scoring.Start();
        try
        {
            return (rollouts, queue.Results());
        }
        catch (AggregateException e) when (e.InnerException is RlvrException inner)
        {
            throw new RlvrException($"Step {step}: {inner.Message}", inner);
        }
        catch (AggregateException e)
        {
            throw new RlvrException($"Step {step}: the reward function failed: {e.InnerException!.Message} ({e.InnerException.GetType().Name}). A reward must give a number for every text.", e.InnerException);
        }
        finally
        {
            scoring.Stop();
        }
    }

    private RewardResult Score(Problem problem, Rollout rollout, int step, ulong position)
    {
        RewardContext context = new()
        {
            Tokens = rollout.Tokens.Length,
            Truncated = rollout.Finish == FinishReason.Length,
            RandomBits = CounterRandom.Bits(recipe.Seed, (ulong)step, rollout.Request.Id, position),
        };
        return reward.Score(problem, rollout.Text, context).Checked();
    }
}

using Rlvr.Algorithms;
using Rlvr.Algorithms.Advantages;
using Rlvr.Algorithms.Losses;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Training;

/// <summary>From a step's rewards to advantages: the KL penalty in the reward, the critic's values and whatever else the estimator asks for.</summary>
internal sealed class AdvantagePhase(PolicyUpdate policy, Critic? critic, IAdvantageEstimator estimator, Recipe recipe)
{
    /// <summary>The coefficient of the KL penalty in the reward.</summary>
    public KlCoefficient Coefficient { get; } = new(recipe.Loss);

    /// <summary>What the step's updates learn from.</summary>
    /// <param name="Samples">The rollouts with their advantages.</param>
    /// <param name="Advantages">The advantages.</param>
    /// <param name="OldLogProbs">Log-probabilities before the first update, where they were needed.</param>
    /// <param name="ReferenceLogProbs">The reference's log-probabilities, where they were needed.</param>
    /// <param name="Values">The critic's values.</param>
    /// <param name="Metrics">Numbers of this phase that other runs do not have.</param>
    public sealed record Result(
        IReadOnlyList<UpdateSample> Samples, StepAdvantages Advantages, float[][]? OldLogProbs, float[][]? ReferenceLogProbs, float[][]? Values, IReadOnlyList<(string Name, double Value)> Metrics);

    /// <summary>Computes the advantages.</summary>
    /// <param name="rollouts">The step's rollouts with their rewards.</param>
    public Result Run(StepRollouts rollouts)
    {
        using DisposeScope scope = NewDisposeScope();
        UpdateSample[] samples = [.. rollouts.Rollouts.Select(r => new UpdateSample(r.Request.Prompt, r.Tokens, r.LogProbs, 0) { Trace = r.Trace })];
        AdvantageBatch batch = new()
        {
            Scores = [.. rollouts.Rewards.Select(r => r.Value)],
            Groups = rollouts.Groups,
            Lengths = [.. samples.Select(s => s.Tokens.Length)],
            Baselines = rollouts.Baselines,
            Values = critic?.Values(samples),
        };
        List<(string, double)> metrics = [];
        bool probabilities = estimator.Needs.HasFlag(AdvantageNeeds.Probabilities);
        float[][]? old = probabilities || recipe.Loss.KlInReward != 0 ? policy.LogProbs(samples) : null;
        if (probabilities) batch = batch with { LogProbs = old, SumPiSquared = policy.SumPiSquared(samples) };
        float[][]? reference = recipe.Loss.KlInReward != 0 ? policy.ReferenceLogProbs(samples) : null;
        if (reference is not null) batch = WithKl(batch, old!, reference, metrics);
        StepAdvantages advantages = ScoredAdvantages.Compute(estimator, batch);
        if (critic is not null && advantages.Returns is null)
            throw new RlvrException($"The advantage estimator {estimator.GetType().Name} asks for a critic but gives no returns for it to learn; use StepAdvantages.ByToken.");
        return new Result([.. samples.Select((s, row) => s with { Advantages = advantages.Tokens[row] })], advantages, old, reference, batch.Values, metrics);
    }

    /// <summary>Takes the KL penalty off the reward of every token, and so off the scores.</summary>
    private AdvantageBatch WithKl(AdvantageBatch batch, float[][] logProbs, float[][] reference, List<(string, double)> metrics)
    {
        (Tensor rewards, Tensor kl) = KlInReward.Compute(
            batch.Rewards(), PaddedRows.Pad(logProbs), PaddedRows.Pad(reference), PaddedRows.Mask(batch.Lengths), Coefficient.Value,
            Kl.Parse(recipe.Loss.KlInRewardEstimator));
        double[][] tokens = PaddedRows.Unpad(rewards, batch.Lengths);
        double measured = kl.item<double>();
        metrics.Add(("kl_in_reward", measured));
        metrics.Add(("kl_coefficient", Coefficient.Value));
        Coefficient.Follow(measured, batch.Scores.Length);
        return batch with { TokenRewards = tokens, Scores = [.. tokens.Select((t, row) => double.IsNaN(batch.Scores[row]) ? double.NaN : t.Sum())] };
    }
}

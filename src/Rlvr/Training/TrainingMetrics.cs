using Rlvr.Rewards;
using Rlvr.Rollouts;
using Rlvr.Runs;

namespace Rlvr.Training;

/// <summary>Gathers the metrics of a step; docs/metrics.md explains each.</summary>
internal static class TrainingMetrics
{
    public static StepMetrics Of(
        int step, ScoredRollout[] rollouts, IReadOnlyList<string> components, UpdateMetrics update, Recipe recipe, double learningRate,
        double rolloutSeconds, double rewardSeconds, double updateSeconds, double seconds, IReadOnlyList<(string Name, double Value)> more)
    {
        double Share(Func<ScoredRollout, bool> condition) => (double)rollouts.Count(condition) / rollouts.Length;
        double tokens = rollouts.Sum(r => (double)r.Rollout.Tokens.Length);
        double zeroGroups = rollouts.GroupBy(r => r.Group).Average(g => g.All(r => r.Advantage == 0) ? 1.0 : 0.0);
        return new StepMetrics(step,
        [
            ("reward_mean", MeanOfScored(rollouts.Select(r => r.Reward.Value))),
            .. components.Select(name => ($"reward_{name}_mean", MeanOfScored(rollouts.Select(r => Component(r, name))))),
            ("train_accuracy", Share(r => r.Reward.Correct)),
            .. RewardVerdicts.Shares(rollouts.Select(r => r.Reward.Verdict)).Select(v => ($"verdict_{RecipeSchema.SnakeCase(v.Key)}", v.Value)),
            ("boxed_share", Share(r => r.Reward.Extracted is not null)),
            ("response_length_mean", tokens / rollouts.Length),
            ("response_length_max", rollouts.Max(r => r.Rollout.Tokens.Length)),
            ("truncated_share", Share(r => r.Rollout.Finish == FinishReason.Length)),
            ("entropy", update.Actor.Entropy),
            ("loss", update.Actor.Loss),
            ("loss_policy", update.Actor.Policy),
            ("kl", recipe.Loss.Kl == 0 ? double.NaN : update.Actor.Kl),
            ("ratio_mean", update.Actor.Ratio),
            ("ratio_max", update.RatioMax),
            ("clip_fraction", update.Actor.ClipFraction),
            ("gradient_norm", update.GradientNorm),
            ("learning_rate", learningRate),
            ("zero_advantage_groups", zeroGroups),
            ("sampler_trainer_difference", update.SamplerDifference),
            ("sampler_trainer_difference_max", update.SamplerDifferenceMax),
            ("tokens_per_second", tokens / rolloutSeconds),
            ("seconds_rollout", rolloutSeconds),
            ("seconds_reward", rewardSeconds),
            ("seconds_update", updateSeconds),
            ("seconds_step", seconds),
            ("memory_bytes", Environment.WorkingSet),
            .. more,
        ]);
    }

    /// <summary>The mean without what could not be scored (NaN); NaN where nothing could.</summary>
    private static double MeanOfScored(IEnumerable<double> values) => values.Where(double.IsFinite).DefaultIfEmpty(double.NaN).Average();

    private static double Component(ScoredRollout rollout, string name)
    {
        foreach ((string other, double value) in rollout.Reward.Components ?? [])
            if (other == name) return value;
        return double.NaN;
    }
}

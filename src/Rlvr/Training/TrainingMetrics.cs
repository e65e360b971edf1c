using Rlvr.Rollouts;
using Rlvr.Runs;

namespace Rlvr.Training;

/// <summary>Gathers the metrics of a step; docs/metrics.md explains each.</summary>
internal static class TrainingMetrics
{
    public static StepMetrics Of(
        int step, ScoredRollout[] rollouts, UpdateMetrics update, Recipe recipe, double learningRate,
        double rolloutSeconds, double rewardSeconds, double updateSeconds, double seconds)
    {
        double Share(Func<ScoredRollout, bool> condition) => (double)rollouts.Count(condition) / rollouts.Length;
        double tokens = rollouts.Sum(r => (double)r.Rollout.Tokens.Length);
        double zeroGroups = rollouts.GroupBy(r => r.Group).Average(g => g.All(r => r.Advantage == 0) ? 1.0 : 0.0);
        return new StepMetrics(step,
        [
            ("reward_mean", rollouts.Average(r => r.Reward.Value)),
            ("train_accuracy", Share(r => r.Reward.Correct)),
            ("verdict_correct", Share(r => r.Reward.Verdict == "Correct")),
            ("verdict_wrong", Share(r => r.Reward.Verdict == "Wrong")),
            ("verdict_no_answer", Share(r => r.Reward.Verdict == "NoAnswer")),
            ("verdict_unparsable_answer", Share(r => r.Reward.Verdict == "UnparsableAnswer")),
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
        ]);
    }
}

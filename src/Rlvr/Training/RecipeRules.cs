using Rlvr.Algorithms;
using Rlvr.Algorithms.Advantages;
using Rlvr.Algorithms.Losses;
using Rlvr.Models;
using Rlvr.Rewards;
using Rlvr.Tensors;
using static Rlvr.Training.RecipeRule;

namespace Rlvr.Training;

/// <summary>The ranges of a recipe's values: one line a key.</summary>
public static class RecipeRules
{
    /// <summary>What the values of a training <see cref="Recipe"/> must satisfy.</summary>
    public static IReadOnlyList<RecipeRule> Training { get; } =
    [
        NotEmpty("name", "a short name for reports"),
        NotEmpty("model", "the folder of the model to start from, such as models/micro-math"),
        AtLeast("steps", 0),

        NotEmpty("data.train", "a file of problems, a benchmark such as math-train, or a list such as micro:pi-1"),
        AtLeast("data.limit", 0),
        Between("data.label_noise", 0, 1),
        NotEmpty("data.prompt", "the name of a prompt template, or a text with {problem} in it"),
        AtLeast("data.max_prompt_tokens", 1),

        AtLeast("rollout.batch_size", 1),
        AtLeast("rollout.group_size", 1),
        AtLeast("rollout.temperature", 0),
        AboveUpTo("rollout.top_p", 0, 1),
        AtLeast("rollout.top_k", 0),
        Between("rollout.min_p", 0, 1),
        AtLeast("rollout.max_new_tokens", 1),
        AtLeast("rollout.max_rows", 0),
        AtLeast("rollout.dynamic_sampling", 0),

        Valid("reward.kind", RewardExpression.ProblemOf),
        OneOf("reward.profile", "strict", "training", "evaluation"),
        OneOf("reward.unreadable_labels", "drop", "error"),
        OneOf("reward.answer", "box", "usual", "response"),
        AtLeast("reward.tolerance", 0),
        AtLeast("reward.relative_tolerance", 0),
        Valid("reward.pattern", pattern => pattern.Length == 0 ? null : RegexReward.ProblemOf(pattern)),
        AtLeast("reward.overlong_from", 0),
        AtLeast("reward.overlong_to", 0),
        Between("reward.repetition_ngram", 1, 100),
        AboveUpTo("reward.program_timeout", 0, 86_400),
        AtLeast("reward.program_workers", 0),
        Between("reward.program_retries", 0, 100),

        OneOf("loss.advantage", [.. AdvantageEstimators.Names]),
        AtLeast("loss.policy", 0),
        OneOf("loss.policy_loss", [.. PolicyLosses.Names]),
        Between("loss.clip_low", 0, 1),
        AtLeast("loss.clip_high", 0),
        AboveUpTo("loss.high_entropy_share", 0, 1),
        AtLeast("loss.off_policy_threshold", 0),
        OneOf("loss.sampler_correction", "none", "token", "sequence"),
        OneOf("loss.sampler_correction_mode", "truncate", "mask"),
        AtLeast("loss.sampler_correction_low", 0),
        Above("loss.sampler_correction_high", 0),
        AtLeast("loss.entropy", 0),
        AtLeast("loss.kl", 0),
        OneOf("loss.kl_estimator", "k1", "abs", "k2", "k3"),
        AtLeast("loss.kl_in_reward", 0),
        OneOf("loss.kl_in_reward_estimator", "k1", "abs", "k2", "k3"),
        AtLeast("loss.kl_target", 0),
        Above("loss.kl_horizon", 0),
        OneOf("loss.aggregation", "micro_batch", "token", "sequence_sum", "sequence_mean", "sequence_constant"),
        AtLeast("loss.updates_per_step", 1),
        AtLeast("loss.epochs", 1),
        AtLeast("loss.policy_norm_every", 0),

        AtLeast("critic.learning_rate", 0),
        AtLeast("critic.clip_norm", 0),
        Above("critic.value_clip", 0),
        AtLeast("critic.warmup_steps", 0),

        AtLeast("lora.rank", 0),
        Above("lora.alpha", 0),
        Valid("lora.targets", LoraSettings.ProblemOf),

        AtLeast("optimizer.learning_rate", 0),
        OneOf("optimizer.schedule", [.. LearningRate.Schedules]),
        AtLeast("optimizer.warmup_steps", 0),
        Between("optimizer.minimum_ratio", 0, 1),
        FromUpTo("optimizer.beta1", 0, 1),
        FromUpTo("optimizer.beta2", 0, 1),
        Above("optimizer.epsilon", 0),
        AtLeast("optimizer.weight_decay", 0),
        AtLeast("optimizer.clip_norm", 0),
        OneOf("optimizer.state", [.. Moments.Names]),

        AtLeast("evaluation.every", 0),
        AtLeast("evaluation.max_new_tokens", 0),
        AtLeast("evaluation.limit", 0),
        AtLeast("evaluation.sampled_temperature", 0),
        OneOf("evaluation.profile", "strict", "training", "evaluation"),
        AtLeast("evaluation.max_rows", 1),

        AtLeast("checkpoint.every", 0),
        AtLeast("checkpoint.keep", 0),

        OneOf("compute.device", "auto", "cpu", "cuda"),
        OneOf("compute.precision", "auto", "fp32", "bf16"),
        AtLeast("compute.threads", 0),
        AtLeast("compute.micro_batch_tokens", 1),
        OneOf("compute.recompute", "auto", "true", "false"),
        OneOf("compute.reuse_forward", "auto", "true", "false"),
        OneOf("compute.reference", [.. ReferenceModel.Places]),
    ];

    /// <summary>Checks a recipe that was made in code. One read by <see cref="RecipeFile"/> has been checked already.</summary>
    /// <exception cref="RecipeException">A value is outside its range; the message names the key.</exception>
    public static void Check(Recipe recipe) => Check(recipe, Training, _ => "recipe");

    /// <summary>Checks what depends on several keys.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="algorithm">The algorithm that will run; null for the one that the recipe names.</param>
    /// <exception cref="RecipeException">Two values do not fit together.</exception>
    public static void CheckTogether(Recipe recipe, Algorithm? algorithm = null)
    {
        AlgorithmRules.Check(recipe, algorithm);
        LoraTraining.Check(recipe);
        ReusedForward.Check(recipe);
        if (TrainingProblems.ProblemOf(recipe.Data) is { } contradiction) throw new RecipeException($"recipe: error: {contradiction}");
        if (RewardCatalog.ProblemOf(recipe.Reward, recipe.Rollout.MaxNewTokens) is { } problem) throw new RecipeException($"recipe: error: {problem}");
    }

    /// <param name="recipe">A record of settings.</param>
    /// <param name="rules">What its values must satisfy.</param>
    /// <param name="where">Where the value of a key came from, for the message.</param>
    internal static void Check<T>(T recipe, IReadOnlyList<RecipeRule> rules, Func<string, string> where) where T : class
    {
        var schema = RecipeSchema.Of<T>();
        foreach (var rule in rules)
        {
            if (rule.Complaint(schema.Get(recipe, rule.Key)!) is { } complaint)
                throw new RecipeException($"{where(rule.Key)}: error: {complaint}");
        }
    }
}

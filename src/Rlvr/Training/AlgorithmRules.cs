using Rlvr.Algorithms;
using Rlvr.Algorithms.Advantages;
using Rlvr.Algorithms.Losses;

namespace Rlvr.Training;

/// <summary>The algorithm that a recipe names, and which of its switches contradict each other.</summary>
internal static class AlgorithmRules
{
    /// <summary>The algorithm of a recipe.</summary>
    /// <exception cref="RecipeException">A name or a parameter cannot be used.</exception>
    public static Algorithm AlgorithmOf(Recipe recipe) => new(
        Named(() => AdvantageEstimators.Parse(recipe.Loss.Advantage, recipe.Loss.AdvantageParameters)), PolicyLossOf(recipe));

    /// <summary>The policy loss of a recipe.</summary>
    /// <exception cref="RecipeException">A name or a parameter cannot be used.</exception>
    public static IPolicyLoss PolicyLossOf(Recipe recipe) =>
        Named(() => PolicyLosses.Parse(recipe.Loss.PolicyLoss, recipe.Loss.PolicyParameters, recipe.Loss.ClipLow, recipe.Loss.ClipHigh));

    /// <summary>The correction for a sampler that is not the trainer; null for none.</summary>
    public static SamplerCorrection? SamplerCorrectionOf(Recipe recipe) => recipe.Loss.SamplerCorrection == "none" ? null : new SamplerCorrection(
        recipe.Loss.SamplerCorrection == "token" ? CorrectionLevel.Token : CorrectionLevel.Sequence,
        recipe.Loss.SamplerCorrectionMode == "truncate" ? CorrectionMode.Truncate : CorrectionMode.Mask,
        recipe.Loss.SamplerCorrectionLow, recipe.Loss.SamplerCorrectionHigh);

    /// <summary>Checks what depends on several keys.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="algorithm">The algorithm that will run; null for the recipe's own.</param>
    /// <exception cref="RecipeException">Two values contradict each other.</exception>
    public static void Check(Recipe recipe, Algorithm? algorithm)
    {
        bool own = algorithm is null;
        algorithm ??= AlgorithmOf(recipe);
        CheckEstimator(recipe, algorithm.Advantage, own ? $"loss.advantage '{recipe.Loss.Advantage}'" : $"the advantage estimator {algorithm.Advantage.GetType().Name}");
        CheckKl(recipe.Loss);
        CheckUpdates(recipe);
        CheckSampling(recipe);
        if (own) CheckPolicyLoss(recipe.Loss, algorithm.PolicyLoss);
    }

    private static void CheckEstimator(Recipe recipe, IAdvantageEstimator estimator, string name)
    {
        bool needsCritic = estimator.Needs.HasFlag(AdvantageNeeds.Critic);
        if (needsCritic && !recipe.Critic.Enabled)
            throw Error($"{name} needs a critic, and critic.enabled is false; set critic.enabled: true (a second model of the policy's size is then trained), or take another estimator");
        if (!needsCritic && recipe.Critic.Enabled)
            throw Error($"critic.enabled is true, but {name} uses no critic; set loss.advantage: gae, or critic.enabled: false");
        if (!recipe.Critic.Enabled && recipe.Critic != new CriticOptions())
            throw Error("section 'critic' is set, but critic.enabled is false; set critic.enabled: true, or remove the section");
        if (estimator.Needs.HasFlag(AdvantageNeeds.Groups) && recipe.Rollout.GroupSize < 2)
            throw Error($"{name} compares the rollouts of a group, and rollout.group_size is {recipe.Rollout.GroupSize}; set it to 2 or more, or take an estimator without groups: gae, reinforce_plus_plus, remax");
    }

    private static void CheckKl(LossOptions loss)
    {
        if (loss.NeedsReference && loss.Reference == LossOptions.NoReference)
            throw Error($"loss.reference is 'none', but loss.kl is {loss.Kl} and loss.kl_in_reward is {loss.KlInReward}; set both to 0, or leave loss.reference empty for the model that the run starts from");
        if (!loss.NeedsReference && loss.Reference is not ("" or LossOptions.NoReference))
            throw Error($"loss.reference is '{loss.Reference}', but loss.kl and loss.kl_in_reward are 0, so nothing is compared with it; set one of them, or remove loss.reference");
        if (loss.KlTarget > 0 && loss.KlInReward == 0)
            throw Error($"loss.kl_target is {loss.KlTarget}, but loss.kl_in_reward is 0, so there is no coefficient to adapt; set loss.kl_in_reward to its first value, such as 0.001, or loss.kl_target to 0");
    }

    private static void CheckUpdates(Recipe recipe)
    {
        (int updates, int epochs) = (recipe.Loss.UpdatesPerStep, recipe.Loss.Epochs);
        if (updates % epochs != 0)
            throw Error($"loss.updates_per_step ({updates}) must be a multiple of loss.epochs ({epochs}): every pass over the rollouts makes equally many updates");
        if (recipe.Rollout.BatchSize % (updates / epochs) != 0)
        {
            throw Error(epochs == 1
                ? $"rollout.batch_size ({recipe.Rollout.BatchSize}) must be a multiple of loss.updates_per_step ({updates}), so that no group is cut between two updates"
                : $"rollout.batch_size ({recipe.Rollout.BatchSize}) must be a multiple of loss.updates_per_step / loss.epochs ({updates / epochs}), so that no group is cut between two updates");
        }
    }

    private static void CheckSampling(Recipe recipe)
    {
        if (recipe.Rollout.Temperature == 0 && recipe.Rollout.GroupSize > 1)
            throw Error("rollout.temperature is 0 (greedy), so all rollouts of a group are equal and nothing can be learnt; set it above 0");
        if (recipe.Rollout.DynamicSampling > 0 && recipe.Rollout.GroupSize < 2)
            throw Error($"rollout.dynamic_sampling replaces groups whose rewards are all equal, which a group of rollout.group_size {recipe.Rollout.GroupSize} always is; set rollout.group_size to 2 or more, or rollout.dynamic_sampling to 0");
        if (recipe.Loss.SamplerCorrectionLow > recipe.Loss.SamplerCorrectionHigh)
            throw Error($"loss.sampler_correction_low ({recipe.Loss.SamplerCorrectionLow}) must not be above loss.sampler_correction_high ({recipe.Loss.SamplerCorrectionHigh})");
    }

    private static void CheckPolicyLoss(LossOptions loss, IPolicyLoss policyLoss)
    {
        LossOptions defaults = new();
        if (!PolicyLosses.HasPpoRange(loss.PolicyLoss) && (loss.ClipLow != defaults.ClipLow || loss.ClipHigh != defaults.ClipHigh))
        {
            string[] ranges = [.. PolicyLosses.Parameters(loss.PolicyLoss).Where(p => p.StartsWith("clip_", StringComparison.Ordinal))];
            throw Error($"loss.clip_low and loss.clip_high do not apply to loss.policy_loss '{loss.PolicyLoss}'; remove them"
                + (ranges.Length == 0 ? "" : $". Its own range is set with loss.policy_parameters: [{string.Join(", ", ranges)}]"));
        }
        if (policyLoss.Aggregation is { } only && loss.Aggregation != defaults.Aggregation && Aggregation.Parse(loss.Aggregation) != only)
            throw Error($"loss.aggregation is '{loss.Aggregation}', but loss.policy_loss '{loss.PolicyLoss}' is a mean over rows of the mean over their tokens; remove loss.aggregation or set it to sequence_mean");
    }

    /// <summary>The same error as one of the recipe.</summary>
    private static T Named<T>(Func<T> create)
    {
        try
        {
            return create();
        }
        catch (RlvrException e)
        {
            throw new RecipeException($"recipe: error: {e.Message}", e);
        }
    }

    private static RecipeException Error(string message) => new($"recipe: error: {message}");
}

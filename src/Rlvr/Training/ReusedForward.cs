using Rlvr.Models;

namespace Rlvr.Training;

/// <summary>When the update goes back through what decoding has computed (<c>compute.reuse_forward</c>), and how much that is.</summary>
internal static class ReusedForward
{
    /// <summary>Checks a recipe that asks for it.</summary>
    /// <exception cref="RecipeException">It asks for what excludes it, too.</exception>
    public static void Check(Recipe recipe)
    {
        if (!recipe.Compute.ReusesForward) return;
        const string Start = "recipe: error: compute.reuse_forward is true, but ", Fix = " Set compute.reuse_forward: auto, or ";
        if (recipe.Compute.Recomputes) throw new RecipeException($"{Start}compute.recompute is true: layers are either kept from decoding or computed again.{Fix}compute.recompute: false.");
        if (Updates(recipe) > 1)
        {
            throw new RecipeException($"{Start}loss.updates_per_step is {recipe.Loss.UpdatesPerStep} and loss.epochs is {recipe.Loss.Epochs}: after the first of several updates the policy is no longer "
                + $"the one that decoded.{Fix}1 for both.");
        }
    }

    /// <summary>Whether it can be done at all.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="model">The model's sizes.</param>
    /// <param name="workload">Of the run.</param>
    public static bool IsPossible(Recipe recipe, ModelConfig model, MemoryWorkload workload) =>
        !workload.OnGpu && CpuKernels.Suit(model) && Updates(recipe) == 1 && !recipe.Compute.Recomputes && Tokens(recipe, workload) <= int.MaxValue;

    /// <summary>Most tokens that a step decodes and prefills, if every response is as long as it may be and groups are sampled again as often as they may be.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="workload">Of the run.</param>
    public static long Tokens(Recipe recipe, MemoryWorkload workload) =>
        (1L + recipe.Rollout.DynamicSampling) * (((long)recipe.Rollout.BatchSize * recipe.Rollout.GroupSize * recipe.Rollout.MaxNewTokens) + ((long)workload.Prompts * workload.Prompt));

    private static int Updates(Recipe recipe) => recipe.Loss.UpdatesPerStep * recipe.Loss.Epochs;
}

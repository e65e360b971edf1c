using Rlvr.Tensors;
using static TorchSharp.torch;

namespace Rlvr.Training;

/// <summary>What a training run keeps in memory for each parameter.</summary>
public static class WeightMemory
{
    /// <summary>Whether a recipe's products and attention are computed in bfloat16.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="width">The model's hidden size.</param>
    /// <param name="onGpu">Whether a GPU computes.</param>
    public static bool IsBFloat16(Recipe recipe, int width, bool onGpu) => ComputePrecision.Choose(recipe.Compute.Precision, onGpu, width) == ScalarType.BFloat16;

    /// <summary>Bytes a parameter of a model that is only evaluated.</summary>
    public static long Frozen(bool bf16) => bf16 ? 2 : 4;

    /// <summary>
    /// Bytes a parameter of the policy in training, with its reference and its critic: float32 weights, gradient and two moments, and a copy of
    /// the weights where products are computed in bfloat16.
    /// </summary>
    public static long Training(Recipe recipe, bool bf16)
    {
        long trained = 16 + (bf16 ? 2 : 0);
        return trained + (recipe.Loss.NeedsReference ? Frozen(bf16) : 0) + (recipe.Critic.Enabled ? trained : 0);
    }
}

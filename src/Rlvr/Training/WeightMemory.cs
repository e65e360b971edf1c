using Rlvr.Models;
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

    /// <summary>Bytes of all weights of a run. Where an adapter is trained, the policy's own are frozen, and its reference is the same ones.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="model">The policy's sizes.</param>
    /// <param name="bf16">Whether products are computed in bfloat16.</param>
    public static long Of(Recipe recipe, ModelConfig model, bool bf16)
    {
        if (recipe.Lora.Rank == 0) return Training(recipe, bf16) * model.ParameterCount;
        long trained = Training(recipe with { Loss = new LossOptions { Kl = 0 }, Critic = new CriticOptions() }, bf16);
        long whole = Frozen(bf16) + (CopiesReference(recipe) ? Frozen(bf16) : 0) + (recipe.Critic.Enabled ? trained : 0);
        return (whole * model.ParameterCount) + (trained * LoraTraining.SettingsOf(recipe).ParameterCount(model));
    }

    /// <summary>Whether the reference has weights of its own.</summary>
    public static bool CopiesReference(Recipe recipe) => recipe.Loss.NeedsReference && (recipe.Lora.Rank == 0 || recipe.Loss.Reference.Length > 0);
}

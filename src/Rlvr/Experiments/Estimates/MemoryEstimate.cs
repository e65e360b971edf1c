using Rlvr.Models;
using Rlvr.Training;

namespace Rlvr.Experiments;

/// <summary>About how much memory a training run takes. Rollouts and update follow one another: of their buffers the larger counts.</summary>
public sealed record MemoryEstimate
{
    /// <summary>Tokens of a prompt that are reckoned with.</summary>
    internal const int PromptTokens = 256;

    private const long Program = 400L << 20; // the runtime and the tensor library
    private const int Float = 4;

    /// <summary>Weights, gradients, two moments, reference and critic, bytes.</summary>
    public required long Weights { get; init; }

    /// <summary>Keys and values of the rows that are decoded at once.</summary>
    public required long Cache { get; init; }

    /// <summary>Activations of a chunk of the update.</summary>
    public required long Activations { get; init; }

    /// <summary>Logits of a chunk, with their gradient.</summary>
    public required long Logits { get; init; }

    /// <summary>All of it.</summary>
    public long Total => Program + Weights + long.Max(Cache, Activations + Logits);

    /// <summary>Reckons.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="model">The model's sizes.</param>
    /// <param name="onGpu">Whether a GPU computes: there a chunk of the update is a whole micro-batch.</param>
    public static MemoryEstimate Of(Recipe recipe, ModelConfig model, bool onGpu)
    {
        bool bf16 = WeightMemory.IsBFloat16(recipe, model.HiddenSize, onGpu);
        int computed = bf16 ? 2 : Float; // bytes of what products and attention read and write
        long rows = (long)recipe.Rollout.BatchSize * recipe.Rollout.GroupSize;
        if (recipe.Rollout.MaxRows > 0) rows = long.Min(rows, recipe.Rollout.MaxRows);
        long prompt = int.Min(PromptTokens, recipe.Data.MaxPromptTokens), length = prompt + recipe.Rollout.MaxNewTokens;
        long all = (long)recipe.Rollout.BatchSize * recipe.Rollout.GroupSize * length;
        long chunk = long.Min(all, onGpu ? recipe.Compute.MicroBatchTokens : PolicyUpdate.CpuChunkTokens);
        // Kept for the backward pass: of each layer its inputs to norms and projections, and what is between gate, up and down.
        long perToken = computed * model.Layers * ((10L * model.HiddenSize) + (2L * (model.Heads + model.KeyValueHeads) * model.HeadDim) + (4L * model.IntermediateSize));
        return new MemoryEstimate
        {
            Weights = WeightMemory.Of(recipe, model, bf16),
            Cache = rows * length * 2 * model.Layers * model.KeyValueHeads * model.HeadDim * computed,
            Activations = chunk * perToken,
            Logits = 3 * Float * long.Min(TokenLogProbs.ChunkElements, chunk * model.VocabularySize),
        };
    }
}

using Rlvr.Models;
using Rlvr.Tensors;

namespace Rlvr.Training;

/// <summary>What the forward and backward pass of the update's largest chunk takes.</summary>
internal static class UpdateMemory
{
    private const int Float = 4;

    /// <summary>On a GPU the allocator keeps blocks of other sizes beside those in use: a quarter of an update's tensors (one measurement, docs/memory.md).</summary>
    private const double KeptOnGpu = 1.25;

    public static MemoryPhase Of(Recipe recipe, ModelConfig model, MemoryWorkload workload, int computed)
    {
        (long tokens, long predicted) = Chunk(recipe, workload);
        bool adapts = recipe.Lora.Rank > 0; // then no weight has a gradient
        bool autograd = workload.OnGpu || !CpuKernels.Suit(model);
        (long layer, long back, long input) = autograd
            ? ByAutograd(recipe, model, workload, computed, tokens, adapts)
            : ByKernels(model, computed, tokens, adapts);
        // A chunk of logits: themselves, log-probabilities that become the gradient, and a factor.
        long words = long.Min(long.Max(workload.OnGpu ? TokenLogProbs.ChunkElementsOnGpu : TokenLogProbs.ChunkElements, model.VocabularySize), predicted * model.VocabularySize);
        long logits = words * ((3 * Float) + (computed == Float ? 0 : computed)), keptLogits = predicted * model.VocabularySize <= words ? words * Float : 0;
        if (Recorded(recipe, model, workload, computed) is > 0 and long recorded)
        {
            // Hidden states of all tokens with their gradient; then the way back through all at once, or a chunk of the loss, or of the reference.
            long all = ReusedForward.Tokens(recipe, workload);
            long chunk = keptLogits + logits + (3 * Float * model.HiddenSize * tokens) + ConvertedOutput(recipe, model, workload, computed);
            long most = recorded + (2 * Float * model.HiddenSize * all) + long.Max(ByKernels(model, computed, all, adapts).Back, chunk);
            return new MemoryPhase("update", [new(MemoryPlanner.Activations, most - logits), new(MemoryPlanner.Logits, logits)]);
        }
        bool recompute = recipe.Compute.Recomputes;
        long stream = Float * model.HiddenSize * tokens, kept = recompute ? (model.Layers * input) + (2 * stream) : (model.Layers * layer) + (3 * stream);
        long peak = kept + long.Max(logits, keptLogits + back + (recompute ? layer : 0));
        // By autograd the embedding's own gradient is made whole before it is added, unless layers are computed again.
        if (autograd && !recompute && !adapts) peak = long.Max(peak, keptLogits + (Float * (long)model.HiddenSize * model.VocabularySize));
        // The reference's pass comes before the policy's.
        if (ConvertedOutput(recipe, model, workload, computed) is > 0 and long converted) peak = long.Max(peak, (2 * stream) + logits + converted);
        if (workload.OnGpu) peak = (long)(peak * KeptOnGpu);
        return new MemoryPhase("update", [new(MemoryPlanner.Activations, peak - long.Min(logits, peak)), new(MemoryPlanner.Logits, long.Min(logits, peak))]);
    }

    /// <summary>Where the reference's matrices are converted for each product, the output matrix is there whole while logits are computed.</summary>
    private static long ConvertedOutput(Recipe recipe, ModelConfig model, MemoryWorkload workload, int computed) =>
        MemoryPlanner.Mapped(recipe, model, workload) is { } mapped && mapped.Element != computed ? computed * (long)model.HiddenSize * model.VocabularySize : 0;

    /// <summary>What is recorded of the rollouts for the update: <see cref="ActivationTape"/>.</summary>
    public static long Recorded(Recipe recipe, ModelConfig model, MemoryWorkload workload, int computed)
    {
        if (!recipe.Compute.ReusesForward || !ReusedForward.IsPossible(recipe, model, workload)) return 0;
        long tokens = ReusedForward.Tokens(recipe, workload), sums = Float * model.Heads * tokens; // not kept here
        return (model.Layers * (ByKernels(model, computed, tokens, adapts: false).Layer - sums)) + (Float * (model.HiddenSize + 1) * tokens);
    }

    /// <summary>What autograd keeps of a layer, what it needs on its way back through one, and what goes into a layer.</summary>
    private static (long Layer, long Back, long Input) ByAutograd(Recipe recipe, ModelConfig model, MemoryWorkload workload, int computed, long tokens, bool adapts)
    {
        long hidden = model.HiddenSize, length = workload.Prompt + recipe.Rollout.MaxNewTokens;
        long queries = (long)model.Heads * model.HeadDim, scores = Float * model.Heads * length;
        // By token: what goes into the norms, normalised and scaled; queries, keys and values for every query head, probabilities, and what comes out; gate, silu, up and their product.
        // With flash attention on a GPU neither scores nor expanded heads, but a prompt's keys and values once more for each row; and norms keep no more than their input.
        bool flash = workload.OnGpu && computed != Float && CudaOps.FlashKnows(model.HeadDim);
        if (flash) scores = 0;
        long norms = 2 * hidden * ((workload.OnGpu ? Float : Float + Float) + computed);
        long copies = (long)model.KeyValueHeads * model.HeadDim * length / int.Max(1, recipe.Rollout.MaxNewTokens);
        long attention = flash ? (2L * computed * (queries + copies)) + (Float * model.Heads) : (queries * ((4L * Float) + (2 * computed))) + scores;
        long mlp = 4L * computed * model.IntermediateSize;
        long converted = computed == Float || adapts ? 0 : computed * ParameterSizes.Of(model).InLayers / model.Layers; // weights in the compute type
        // On the way back: the gradients of the feed-forward layer or of the scores, and of one matrix.
        long matrix = adapts ? 0 : (Float + (computed == Float ? 0 : computed)) * hidden * model.IntermediateSize;
        long back = (tokens * long.Max(4L * computed * model.IntermediateSize, (3 * scores) + (4 * Float * queries))) + matrix;
        return ((tokens * (norms + attention + mlp)) + converted, back, Float * hidden * tokens);
    }

    /// <summary>The same of <see cref="CpuLayers{T}"/>, whose attention keeps a number for each query and head, and scores no longer than a block of them.</summary>
    private static (long Layer, long Back, long Input) ByKernels(ModelConfig model, int computed, long tokens, bool adapts)
    {
        long hidden = model.HiddenSize, size = model.HeadDim, queries = model.Heads * size, keys = model.KeyValueHeads * size, mlp = model.IntermediateSize;
        long raw = model.Architecture == ModelArchitecture.Qwen3 ? queries + keys : 0; // before their norms
        // By token: the stream before and after attention with their norms' factors; queries, keys and values; what was attended; gate and up.
        long input = Float * (hidden + 1), layer = (2 * input) + (computed * ((2 * queries) + (2 * keys) + raw + (2 * mlp))) + (Float * model.Heads);
        // On the way back the gated product and its gradient, or the gradients of attention; the normalised input, its gradient and the stream's, which is converted.
        long back = (computed * (long.Max(2 * mlp, (2 * queries) + (2 * keys)) + (3 * hidden))) + (Float * hidden);
        long part = computed == Float || adapts ? 0 : (Float + computed) * long.Min(WeightGradient.PartElements, hidden * mlp);
        return (tokens * layer, (tokens * back) + part, tokens * input);
    }

    /// <summary>Inputs and predicted tokens of the largest chunk, if every response is as long as it may be. See <see cref="RowChunks"/>.</summary>
    private static (long Tokens, long Predicted) Chunk(Recipe recipe, MemoryWorkload workload)
    {
        long all = (long)recipe.Rollout.BatchSize * recipe.Rollout.GroupSize / recipe.Loss.UpdatesPerStep * recipe.Loss.Epochs;
        bool whole = workload.OnGpu || recipe.Loss.HighEntropyShare < 1 || AlgorithmRules.PolicyLossOf(recipe).ComparesTokens;
        long budget = whole ? recipe.Compute.MicroBatchTokens : long.Min(PolicyUpdate.CpuChunkTokens, recipe.Compute.MicroBatchTokens);
        long response = recipe.Rollout.MaxNewTokens, prompt = workload.Prompt;
        // One prompt stands once in a chunk; of several, each row may have its own.
        long rows = workload.Prompts == 1 ? (budget - prompt) / response : budget / (prompt + response);
        rows = long.Clamp(rows, 1, long.Max(1, all));
        return ((rows * response) + (long.Min(rows, workload.Prompts) * prompt), rows * response);
    }
}

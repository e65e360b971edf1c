using Rlvr.Models;
using Rlvr.Rollouts;
using Rlvr.Tensors;
using static TorchSharp.torch;

namespace Rlvr.Training;

/// <summary>
/// The one account of a training run's memory. docs/memory.md has its formulas in words, and what was measured beside it.
/// </summary>
public static class MemoryPlanner
{
    /// <summary>Names of items that others ask for.</summary>
    internal const string Weights = "weights", Gradients = "gradients", Optimizer = "optimiser state", Copy = "compute copy", Reference = "reference", Critic = "critic",
        Cache = "key/value cache", Activations = "activations", Logits = "logits";

    /// <summary>The runtime and the tensor library with a tokenizer and some data, and what the allocator keeps back, as measured; on a GPU the context and the libraries' kernels.</summary>
    private const long Program = 260L << 20, ProgramOnGpu = 600L << 20;

    private const int Float = 4, Double = 8;

    /// <summary>Bytes of an element of a published model, where nobody has looked: bfloat16.</summary>
    private const int PublishedElement = 2;

    /// <summary>Whether a recipe's products and attention are computed in bfloat16.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="width">The model's hidden size.</param>
    /// <param name="onGpu">Whether a GPU computes.</param>
    public static bool IsBFloat16(Recipe recipe, int width, bool onGpu) => ComputePrecision.Choose(recipe.Compute.Precision, onGpu, width) == ScalarType.BFloat16;

    /// <summary>Plans a training run.</summary>
    /// <param name="recipe">The recipe. Where it leaves something to be decided by memory, the plan is without: all rows at once, nothing computed again.</param>
    /// <param name="model">The model's sizes.</param>
    /// <param name="workload">Of the run.</param>
    public static MemoryPlan Of(Recipe recipe, ModelConfig model, MemoryWorkload workload)
    {
        bool bf16 = IsBFloat16(recipe, model.HiddenSize, workload.OnGpu);
        int computed = bf16 ? 2 : Float;
        ParameterSizes sizes = ParameterSizes.Of(model);
        List<MemoryItem> kept = [new("program", workload.OnGpu ? ProgramOnGpu : Program), .. Policy(recipe, model, sizes, bf16)];
        MappedWeights? mapped = Mapped(recipe, model, workload);
        if (CopiesReference(recipe)) kept.Add(new(Reference, mapped is null ? sizes.Frozen(computed) : mapped.Vectors * Float));
        if (recipe.Critic.Enabled)
        {
            ModelConfig body = model with { TieWordEmbeddings = true };
            ParameterSizes critic = ParameterSizes.Of(body);
            kept.Add(new(Critic, (2 * Float * critic.All) + critic.Moments(recipe.Optimizer.State) + (bf16 ? 2 * critic.InLayers : 0)));
        }
        int rows = Rows(recipe);
        MemoryPhase rollouts = Decoding("rollouts", recipe, model, workload.OnGpu, rows, workload.Prompt, workload.Prompts, recipe.Rollout.MaxNewTokens, computed, recipe.Rollout.Temperature > 0);
        if (UpdateMemory.Recorded(recipe, model, workload, computed) is > 0 and long recorded) rollouts = rollouts with { Items = [.. rollouts.Items, new(Activations, recorded)] };
        List<MemoryPhase> phases = [rollouts, UpdateMemory.Of(recipe, model, workload, computed)];
        if (workload.EvaluationProblems > 0) phases.Add(Evaluation(recipe, model, workload, computed));
        return new MemoryPlan(kept, phases, rows, recipe.Compute.Recomputes) { PageCache = mapped is null ? [] : [new(Reference, mapped.Matrices * mapped.Element)] };
    }

    /// <summary>The reference where it is mapped; null where it is not.</summary>
    internal static MappedWeights? Mapped(Recipe recipe, ModelConfig model, MemoryWorkload workload)
    {
        if (!recipe.Compute.MapsReference || workload.OnGpu || !CopiesReference(recipe)) return null;
        long vectors = model.ParameterShapes().Values.Where(shape => shape.Length == 1).Sum(shape => shape[0]);
        return new MappedWeights(vectors, ParameterSizes.Of(model).All - vectors, workload.MappableElement ?? PublishedElement);
    }

    /// <summary>Whether the reference has weights of its own: that of an adapter is the model without it.</summary>
    internal static bool CopiesReference(Recipe recipe) => recipe.Loss.NeedsReference && (recipe.Lora.Rank == 0 || recipe.Loss.Reference.Length > 0);

    /// <summary>The model in training. Where an adapter is trained, the weights are frozen, in the compute type, and the rest is the adapter's.</summary>
    private static List<MemoryItem> Policy(Recipe recipe, ModelConfig model, ParameterSizes sizes, bool bf16)
    {
        ParameterSizes trained = recipe.Lora.Rank > 0 ? ParameterSizes.Of(LoraTraining.SettingsOf(recipe), model) : sizes;
        List<MemoryItem> items =
        [
            new(Weights, (Float * trained.All) + (recipe.Lora.Rank > 0 ? sizes.Frozen(bf16 ? 2 : Float) : 0)),
            new(Gradients, Float * trained.All),
            new(Optimizer, trained.Moments(recipe.Optimizer.State)),
        ];
        if (bf16) items.Add(new(Copy, 2 * trained.Multiplied));
        return items;
    }

    /// <summary>What evaluating a model takes, all in all: its weights in the compute type, and the rows that are decoded at once.</summary>
    /// <param name="recipe">Evaluation settings.</param>
    /// <param name="model">The model's sizes.</param>
    /// <param name="workload">Of the run.</param>
    public static long OfEvaluation(Recipe recipe, ModelConfig model, MemoryWorkload workload)
    {
        int computed = IsBFloat16(recipe, model.HiddenSize, workload.OnGpu) ? 2 : Float;
        return (workload.OnGpu ? ProgramOnGpu : Program) + ParameterSizes.Of(model).Frozen(computed) + Evaluation(recipe, model, workload, computed).Bytes;
    }

    /// <summary>Rows that are decoded at once, most of them by memory, where the recipe leaves it open.</summary>
    /// <param name="plan">The plan with all rows at once.</param>
    /// <param name="available">Bytes that the run may take.</param>
    /// <returns>1 at least: a plan that does not fit is tried all the same.</returns>
    internal static int RowsThatFit(MemoryPlan plan, long available)
    {
        // What the rollouts take grows with their rows, but for the prompts and what is kept for the update.
        MemoryPhase rollouts = plan.Phases[0];
        double perRow = (double)rollouts.Items.Where(item => item.Name is not (Prompts or Activations)).Sum(item => item.Bytes) / plan.Rows;
        double left = available - plan.KeptBytes - rollouts.Items.Where(item => item.Name is Prompts or Activations).Sum(item => item.Bytes);
        return int.Clamp((int)double.Min(left / perRow, plan.Rows), 1, plan.Rows);
    }

    private const string Prompts = "prompts";

    private static int Rows(Recipe recipe)
    {
        int all = recipe.Rollout.BatchSize * recipe.Rollout.GroupSize;
        return recipe.Rollout.MaxRows > 0 ? int.Min(recipe.Rollout.MaxRows, all) : all;
    }

    private static MemoryPhase Evaluation(Recipe recipe, ModelConfig model, MemoryWorkload workload, int computed)
    {
        int rows = int.Min(recipe.Evaluation.MaxRows, int.Max(1, workload.EvaluationProblems));
        int limit = recipe.Evaluation.MaxNewTokens > 0 ? recipe.Evaluation.MaxNewTokens : recipe.Rollout.MaxNewTokens;
        return Decoding("evaluation", recipe, model, workload.OnGpu, rows, workload.EvaluationPrompt, int.Max(1, workload.EvaluationProblems), limit, computed, recipe.Evaluation.SampledTemperature > 0);
    }

    /// <summary>Keys and values of the rows, what a decoding step needs beside them, and the prompts on their way in.</summary>
    private static MemoryPhase Decoding(string name, Recipe recipe, ModelConfig model, bool onGpu, int rows, int prompt, int prompts, int limit, int computed, bool samples)
    {
        // On a GPU each row has its own copy of the prompt.
        bool flash = onGpu && computed != Float && CudaOps.FlashKnows(model.HeadDim);
        long perToken = KvCache.BytesPerToken(model, computed), length = limit + (prompts > 1 || flash ? prompt : 0);
        bool filters = recipe.Rollout.TopK > 0 || recipe.Rollout.TopP < 1 || recipe.Rollout.MinP > 0;
        // Logits, which are sampled from where they lie; on a GPU log-probabilities, and for sampling probabilities and their running sum in double; filters sort.
        int perWord = (computed == Float ? 0 : computed) + Float + (onGpu ? Float + (samples ? Float + Double + 1 : 0) : 0) + (samples && filters ? (3 * Float) + (3 * Double) + 1 : 0);
        long entering = long.Min(prompts, rows), prefilled = long.Min(entering * prompt, long.Max(prompt, Prefill.MaxTokens));
        // Of one layer: norms and the residual stream in float32, gate and up, scores with their softmax.
        long perInput = (4L * Float * model.HiddenSize) + (3L * computed * model.IntermediateSize) + (2L * Float * model.Heads * prompt);
        long perRow = (4L * Float * model.HiddenSize) + (3L * computed * model.IntermediateSize) + (3L * Float * model.Heads * (prompt + limit));
        return new MemoryPhase(name,
        [
            new(Cache, rows * length * perToken),
            new(Logits, rows * (((long)model.VocabularySize * perWord) + perRow)),
            new(Prompts, (entering * prompt * perToken) + (prefilled * (perInput + perToken)) + (prompts == 1 ? prompt * perToken : 0)),
        ]);
    }
}

/// <summary>A model whose matrices are mapped.</summary>
/// <param name="Vectors">Elements of its norms and biases, which are loaded.</param>
/// <param name="Matrices">Elements of its matrices.</param>
/// <param name="Element">Bytes of an element of these in the files.</param>
internal sealed record MappedWeights(long Vectors, long Matrices, int Element);

using Rlvr.Models;

namespace Rlvr.Training;

/// <summary>
/// How long decoding and updates take: the one account of time, as <see cref="MemoryPlanner"/> is of memory. What is to be computed is counted from the
/// model's sizes, and each kind of work is as fast as was measured of the machine, times a fitted factor.
/// </summary>
/// <param name="model">The model's sizes.</param>
/// <param name="speed">The machine's speed at the model's width.</param>
/// <param name="factors">How well the program uses it.</param>
/// <param name="elementBytes">Of the compute type.</param>
public sealed class CostModel(ModelConfig model, MachineSpeed speed, CostFactors? factors = null, int elementBytes = 4)
{
    private const int LayerOperations = 30, StepOperations = 60, UpdateOperations = 400; // calls of the tensor library, about

    private readonly CostFactors factors = factors ?? CostFactors.Fitted;

    // Matrices of the layers and the output matrix: what every token is multiplied with. An embedding that is only looked up in is not.
    private readonly double layers = model.ParameterCount - ((model.TieWordEmbeddings ? 1.0 : 2.0) * model.VocabularySize * model.HiddenSize);
    private readonly double output = (double)model.VocabularySize * model.HiddenSize;

    /// <summary>Multiplications and additions of the products that one token takes forward, logits included.</summary>
    public double FlopsPerToken => 2 * (layers + output);

    /// <summary>Seconds until all of some responses are decoded.</summary>
    /// <param name="lengths">Their tokens, in the order in which they enter.</param>
    /// <param name="rows">Most rows at once.</param>
    /// <param name="prompt">Tokens of a prompt.</param>
    /// <param name="prompts">Different prompts.</param>
    public double Decode(IReadOnlyList<int> lengths, int rows, int prompt, int prompts) => Seconds(Decoding(lengths, rows, prompt, prompts), factors.Decoding);

    /// <summary>Seconds of an update with all its passes.</summary>
    public double Update(UpdateWork work) => Seconds(Updating(work), factors.Update);

    /// <summary>What decoding consists of.</summary>
    internal CostTerms Decoding(IReadOnlyList<int> lengths, int rows, int prompt, int prompts)
    {
        if (lengths.Count == 0) return default;
        rows = int.Clamp(rows, 1, lengths.Count);
        CostTerms sum = Pass((double)prompts * prompt, prompt / 2.0, prompts);
        // Rows that end leave; waiting ones take their place. The first token of each comes from its prompt.
        PriorityQueue<int, int> active = new(); // the step in which each entered, by the step after its last
        Dictionary<int, int> entered = [];
        int waiting = 0, oldest = 0;
        for (int step = 0; ; step++)
        {
            while (active.TryPeek(out int entry, out int end) && end == step)
            {
                active.Dequeue();
                entered[entry]--;
            }
            for (; active.Count < rows && waiting < lengths.Count; waiting++)
            {
                if (lengths[waiting] <= 1) continue;
                active.Enqueue(step, step + lengths[waiting] - 1);
                entered[step] = entered.GetValueOrDefault(step) + 1;
            }
            if (active.Count == 0) return sum;
            while (entered.GetValueOrDefault(oldest) == 0) oldest++;
            sum += Pass(active.Count, prompt + step - oldest + 1, active.Count); // every place is as long as the longest row
        }
    }

    /// <summary>What an update consists of.</summary>
    internal CostTerms Updating(UpdateWork work)
    {
        // A chunk of its own for every 4,096 tokens; backward is twice a forward pass, or once where the weights themselves stay as they are.
        double chunks = double.Ceiling(work.Inputs / PolicyUpdate.CpuChunkTokens), passes = (work.TrainsAdapter ? 2 : 3) + (work.Recomputes ? 1 : 0) - (work.ReusesForward ? 1 : 0);
        CostTerms once = Pass(work.Inputs, work.Seen, work.Predicted) with { Reading = 0, Operations = chunks * LayerOperations * model.Layers };
        CostTerms sum = ((passes * work.Epochs) + work.FurtherForwards) * once;
        double trained = work.TrainsAdapter ? 0 : model.ParameterCount;
        // The optimiser reads weights, gradients and two moments and writes all but the gradients; gradients are made zero.
        return sum + new CostTerms(0, 32 * trained * work.Optimizations, 0, 0, UpdateOperations * work.Optimizations);
    }

    /// <summary>A forward pass.</summary>
    /// <param name="tokens">Tokens that go through the layers.</param>
    /// <param name="seen">Tokens that each sees, on average.</param>
    /// <param name="predicted">Tokens that get logits.</param>
    private CostTerms Pass(double tokens, double seen, double predicted)
    {
        double perLayer = (8.0 * model.HiddenSize) + (4.0 * model.IntermediateSize);
        return new CostTerms(
            2 * ((layers * tokens) + (output * predicted)),
            elementBytes * (layers + output),
            4.0 * model.Layers * model.Heads * model.HeadDim * seen * tokens,
            4 * ((tokens * model.Layers * perLayer) + (2.0 * predicted * model.VocabularySize)),
            StepOperations + (LayerOperations * model.Layers));
    }

    private double Seconds(CostTerms terms, IReadOnlyList<double> times) => terms.Seconds(speed).Zip(times, (seconds, factor) => seconds * factor).Sum();
}

/// <summary>What an update goes over.</summary>
/// <param name="Inputs">Tokens that go through the layers in a pass: those of the responses, and each prompt once.</param>
/// <param name="Predicted">Tokens of the responses.</param>
/// <param name="Seen">Tokens that each sees, on average.</param>
public sealed record UpdateWork(double Inputs, double Predicted, double Seen)
{
    /// <summary>Passes over the same rollouts.</summary>
    public int Epochs { get; init; } = 1;

    /// <summary>Optimiser steps.</summary>
    public int Optimizations { get; init; } = 1;

    /// <summary>Forward passes without gradients: of the reference, of the policy before it changes.</summary>
    public double FurtherForwards { get; init; }

    /// <summary>Whether layers are computed again in the backward pass.</summary>
    public bool Recomputes { get; init; }

    /// <summary>Whether the forward pass is the one that decoding has done.</summary>
    public bool ReusesForward { get; init; }

    /// <summary>Whether an adapter is trained and not the weights.</summary>
    public bool TrainsAdapter { get; init; }

    /// <summary>That of a recipe's step.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="length">Mean tokens of a response.</param>
    /// <param name="prompt">Tokens of a prompt.</param>
    /// <param name="prompts">Different prompts of a step.</param>
    public static UpdateWork Of(Recipe recipe, double length, int prompt, int prompts)
    {
        double predicted = (double)recipe.Rollout.BatchSize * recipe.Rollout.GroupSize * length;
        int optimizations = recipe.Loss.UpdatesPerStep * recipe.Loss.Epochs;
        return new UpdateWork(predicted + ((double)prompt * prompts), predicted, prompt + (length / 2))
        {
            Epochs = recipe.Loss.Epochs,
            Optimizations = optimizations,
            // With one update the old log-probabilities are the policy's own.
            FurtherForwards = (recipe.Loss.NeedsReference ? 1 : 0) + (optimizations > 1 ? 1 : 0) + (recipe.Critic.Enabled ? (3 * recipe.Loss.Epochs) + 1 : 0),
            Recomputes = recipe.Compute.Recomputes,
            ReusesForward = recipe.Compute.ReusesForward,
            TrainsAdapter = recipe.Lora.Rank > 0,
        };
    }
}

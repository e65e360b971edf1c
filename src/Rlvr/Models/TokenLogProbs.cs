using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>
/// Log-probability and entropy of target tokens, with gradients, without autograd over the vocabulary and without ever holding more than
/// one chunk of logits: the forward pass keeps two numbers a token, the backward pass computes the chunk's logits again (or keeps them
/// where one chunk holds all) and applies the analytic gradient.
/// </summary>
/// <remarks>
/// With z = logits / temperature, p = softmax(z), H = entropy: d logp[target] / dz = onehot(target) - p and d H / dz = -p (log p + H). The hidden states are divided, not the logits:
/// they are fewer.
/// </remarks>
public sealed class TokenLogProbs
{
    private readonly Transformer model;
    private readonly Tensor hidden;  // [N, hidden], may carry gradient history
    private readonly Tensor source;  // the same values without history
    private readonly TokenBatch batch;
    private readonly double temperature;
    private readonly long chunk;
    private Tensor? kept; // [M, V] log-probabilities, where one chunk holds all

    /// <summary>Most elements of a chunk of logits on the CPU: 64 MiB in float32.</summary>
    public const long ChunkElements = 16L << 20;

    /// <summary>The same on a GPU, which a small product leaves idle: 256 MiB in float32.</summary>
    public const long ChunkElementsOnGpu = 64L << 20;

    /// <summary>Runs the forward pass.</summary>
    /// <param name="model">The model.</param>
    /// <param name="hidden">[N, hidden]: the model's hidden states of the batch's inputs.</param>
    /// <param name="batch">Predictors and targets, M each.</param>
    /// <param name="temperature">The logits are divided by this first.</param>
    /// <param name="withEntropy">Whether the entropy is wanted.</param>
    /// <param name="keepForBackward">Keep the logits for <see cref="Backward"/> if one chunk holds them.</param>
    /// <param name="chunkElements">Most elements of a chunk; 0 for what suits the device.</param>
    public TokenLogProbs(
        Transformer model, Tensor hidden, TokenBatch batch, double temperature, bool withEntropy = false, bool keepForBackward = false, long chunkElements = 0)
    {
        this.model = model;
        this.hidden = hidden;
        this.batch = batch;
        this.temperature = temperature;
        source = hidden.detach();
        chunk = long.Max(1, (chunkElements > 0 ? chunkElements : hidden.device_type == DeviceType.CUDA ? ChunkElementsOnGpu : ChunkElements) / model.Config.VocabularySize);
        using IDisposable noGrad = no_grad();
        long count = batch.Targets.size(0);
        Tensor logProbs = empty(count, device: hidden.device);
        Tensor? entropies = withEntropy ? empty(count, device: hidden.device) : null;
        using IDisposable? output = model.HoldOutput();
        for (long start = 0; start < count; start += chunk)
        {
            using DisposeScope scope = NewDisposeScope();
            long length = long.Min(chunk, count - start);
            Tensor all = LogProbabilities(States(start, length)); // [C, V]
            logProbs.narrow(0, start, length).copy_(all.gather(1, batch.Targets.narrow(0, start, length).unsqueeze(1)).squeeze(1));
            if (entropies is not null) entropies.narrow(0, start, length).copy_(all.exp().mul_(all).sum(-1).neg_()); // H = -sum_v p_v log p_v
            if (keepForBackward && count <= chunk) kept = all.MoveToOuterDisposeScope();
        }
        LogProbs = logProbs;
        Entropies = entropies;
    }

    /// <summary>[M] log-probabilities of the targets, without gradient history.</summary>
    public Tensor LogProbs { get; }

    /// <summary>[M] entropies in nats, without gradient history; null where not asked for.</summary>
    public Tensor? Entropies { get; }

    /// <summary>Adds the gradient of a loss to all parameters.</summary>
    /// <param name="logProbGradient">[M] dLoss / dLogProbs.</param>
    /// <param name="entropyGradient">[M] dLoss / dEntropies; null for zero.</param>
    public void Backward(Tensor logProbGradient, Tensor? entropyGradient = null)
    {
        long count = batch.Targets.size(0);
        using DisposeScope outer = NewDisposeScope();
        Tensor hiddenGradient;
        using (no_grad())
        {
            hiddenGradient = zeros_like(source);
            Tensor weight = model.OutputWeight, matrix = model.OutputMatrix;
            using Scalar perDegree = (1 / temperature).ToScalar();
            for (long start = 0; start < count; start += chunk)
            {
                using DisposeScope scope = NewDisposeScope();
                long length = long.Min(chunk, count - start);
                Tensor states = States(start, length), logProbabilities = kept ?? LogProbabilities(states); // [C, hidden], [C, V]
                Tensor dLogProb = logProbGradient.narrow(0, start, length).unsqueeze(1);   // [C, 1]
                // p * (-dLogProb - dEntropy * (log p + H)), then + dLogProb at the target.
                Tensor gradient;
                if (entropyGradient is null)
                {
                    gradient = logProbabilities.exp_().mul_(dLogProb.neg());
                }
                else
                {
                    Tensor dEntropy = entropyGradient.narrow(0, start, length).unsqueeze(1);
                    Tensor entropy = Entropies!.narrow(0, start, length).unsqueeze(1);
                    Tensor factor = addcmul(dEntropy.mul(entropy).add_(dLogProb, Numbers.One).neg_(), logProbabilities, dEntropy.neg(), Numbers.One);
                    gradient = logProbabilities.exp_().mul_(factor);
                }
                gradient.scatter_add_(1, batch.Targets.narrow(0, start, length).unsqueeze(1), dLogProb);
                gradient = model.ToCompute(gradient);
                hiddenGradient.index_add_(0, batch.Predictors.narrow(0, start, length), Transformer.ToFloat(gradient.mm(matrix)), perDegree);
                WeightGradient.Add(weight, gradient, model.ToCompute(states));
            }
        }
        kept = null; // they became the gradient: another call computes them again
        hidden.backward([hiddenGradient]);
    }

    /// <summary>[C, hidden]: what the logits are made of, divided by the temperature.</summary>
    private Tensor States(long start, long length)
    {
        Tensor states = source.index_select(0, batch.Predictors.narrow(0, start, length));
        if (temperature == 1) return states;
        using Scalar degrees = temperature.ToScalar();
        return states.div_(degrees);
    }

    /// <summary>[C, V] in float32, in one pass over the logits as they come from the product.</summary>
    private Tensor LogProbabilities(Tensor states)
    {
        using DisposeScope scope = NewDisposeScope();
        return model.RawLogits(states).log_softmax(-1, ScalarType.Float32).MoveToOuterDisposeScope();
    }
}

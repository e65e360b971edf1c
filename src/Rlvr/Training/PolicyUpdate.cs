using Rlvr.Algorithms;
using Rlvr.Algorithms.Advantages;
using Rlvr.Algorithms.Losses;
using Rlvr.Models;
using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Training;

/// <summary>
/// The policy update of a step: reference log-probabilities, forward pass, loss, backward pass, clipping, optimiser. The order of things is
/// that of the released code of arXiv 2504.20571 (its <c>dp_actor.update_policy</c>); these are the departures:
/// <list type="bullet">
/// <item>A micro-batch is a unit of the loss (its weights), not of memory: it is computed in chunks, which add up exactly.</item>
/// <item>In a chunk each prompt goes through the model once, forward and backward, however many rollouts it has, and of equal rollouts one; on the CPU what rollouts begin with alike, too.</item>
/// <item>With one update per step the ratio is 1 by construction, so there is no pass for old log-probabilities.</item>
/// <item>With one update per step the forward pass on the CPU is the one that decoding has done, where it was recorded (<see cref="RecordedRollouts"/>).</item>
/// <item>Nothing is padded but the rows inside attention.</item>
/// </list>
/// </summary>
public sealed class PolicyUpdate
{
    private readonly Transformer policy;
    private readonly Transformer? reference;
    private readonly FusedAdamW optimizer;
    private readonly Recipe recipe;
    private readonly ActorLossOptions loss;
    private readonly AggregationMode aggregation;
    private readonly SamplerCorrection? correction;
    private readonly RowChunks chunks;
    private readonly bool wholeMicroBatches;

    /// <summary>Most input tokens of a chunk on the CPU: activations of this many stay near the cache.</summary>
    public const int CpuChunkTokens = 4096;

    /// <summary>Prepares the update.</summary>
    /// <param name="policy">The model that is trained; its parameters must require gradients.</param>
    /// <param name="reference">The reference of the KL terms; may be null where their coefficients are 0.</param>
    /// <param name="optimizer">Over the policy's parameters.</param>
    /// <param name="recipe">Loss and batch settings.</param>
    /// <param name="divide">Divides the rows of a mini-batch, given their lengths, into micro-batches; null packs <c>compute.micro_batch_tokens</c>.</param>
    /// <param name="policyLoss">The loss of a token; null takes the recipe's.</param>
    /// <exception cref="RlvrException">A KL term is on and there is no reference, or the recipe's loss cannot be made.</exception>
    public PolicyUpdate(
        Transformer policy, Transformer? reference, FusedAdamW optimizer, Recipe recipe,
        Func<IReadOnlyList<int>, IReadOnlyList<int[]>>? divide = null, IPolicyLoss? policyLoss = null)
    {
        if (recipe.Loss.NeedsReference && reference is null)
            throw new RlvrException($"loss.kl is {recipe.Loss.Kl} and loss.kl_in_reward is {recipe.Loss.KlInReward}, but there is no reference model to compare with; give one, or set both to 0.");
        this.policy = policy;
        this.reference = reference;
        this.optimizer = optimizer;
        this.recipe = recipe;
        chunks = new RowChunks(policy.Device, recipe, policy.TrainsByKernels && (reference is null || CpuKernels.Suit(reference)), divide);
        policyLoss ??= AlgorithmRules.PolicyLossOf(recipe);
        aggregation = policyLoss.Aggregation ?? Aggregation.Parse(recipe.Loss.Aggregation);
        correction = AlgorithmRules.SamplerCorrectionOf(recipe);
        wholeMicroBatches = policyLoss.ComparesTokens || recipe.Loss.HighEntropyShare < 1;
        loss = new ActorLossOptions
        {
            Policy = recipe.Loss.Policy,
            PolicyLoss = policyLoss,
            Entropy = recipe.Loss.Entropy,
            Kl = recipe.Loss.Kl,
            KlEstimator = Kl.Parse(recipe.Loss.KlEstimator),
        };
    }

    /// <summary>Whether memory is scarce enough that giving it back between phases is worth the while: not for models of which a step takes milliseconds.</summary>
    private bool GivesBack => policy.Device.type == DeviceType.CPU && IsLarge(policy.Config);

    /// <summary>Whether a model is so large that getting memory anew costs little beside what is computed in it.</summary>
    internal static bool IsLarge(ModelConfig model) => model.ParameterCount >= 8_000_000;

    /// <summary>Temperature of the log-probabilities: that of the rollouts (greedy rollouts: 1).</summary>
    private double Temperature => recipe.Rollout.Temperature == 0 ? 1 : recipe.Rollout.Temperature;

    /// <summary>Runs a step's updates.</summary>
    /// <param name="samples">All rollouts of the step, in order.</param>
    /// <param name="learningRate">Of this step.</param>
    /// <param name="step">The step's number, for losses with random choices.</param>
    /// <param name="oldLogProbs">Log-probabilities before the first update, where they are known already.</param>
    /// <param name="referenceLogProbs">Those of the reference, where they are known already.</param>
    /// <exception cref="NonFiniteException">A term of the loss or the gradient is NaN or infinite; the parameters were not touched by that update.</exception>
    public UpdateMetrics Run(IReadOnlyList<UpdateSample> samples, double learningRate, int step = 0, float[][]? oldLogProbs = null, float[][]? referenceLogProbs = null)
    {
        int updates = recipe.Loss.UpdatesPerStep;
        if (GivesBack) HeapTrim.Run(); // what the rollouts have left
        // A single update starts from the policy that sampled: the ratio is exactly 1.
        float[][]? old = updates == 1 ? null : oldLogProbs ?? LogProbs(samples);
        // Every epoch compares with the same numbers of the reference.
        referenceLogProbs ??= loss.Kl != 0 && recipe.Loss.Epochs > 1 ? ReferenceLogProbs(samples) : null;
        List<ActorMetrics> metrics = [];
        List<double> norms = [];
        SamplerDifferences differences = new();
        foreach ((int update, int[] miniBatch) in MiniBatches.Of(samples.Count, updates, recipe.Loss.Epochs).Index())
        {
            if (miniBatch.All(row => samples[row].Tokens.Length == 0)) continue; // nothing to learn from
            optimizer.ZeroGradients();
            differences.CompareSampler = update == 0; // later updates differ by what was learnt, not by rounding
            using (DisposeScope scope = NewDisposeScope())
            {
                Tensor total = zeros(7, device: policy.Device);
                // What decoding recorded is the forward pass of the parameters as they were then.
                RecordedRollouts? recorded = updates * recipe.Loss.Epochs == 1 ? RecordedRollouts.Of(policy, samples, chunks.InOrder(samples, miniBatch)) : null;
                chunks.Accumulate(samples, miniBatch, aggregation, wholeMicroBatches, (rows, weights) =>
                    Chunk(samples, rows, weights, old, referenceLogProbs, CounterRandom.Bits(recipe.Seed, (ulong)step, (ulong)update, (ulong)rows[0]), differences, total, recorded));
                recorded?.Backward();
                metrics.Add(ActorMetrics.Read(total));
            }
            double norm = GradientNorm.Clip(optimizer.Parameters, recipe.Optimizer.ClipNorm > 0 ? recipe.Optimizer.ClipNorm : double.PositiveInfinity);
            if (!double.IsFinite(norm)) throw new NonFiniteException("the gradient's norm", norm, miniBatch);
            norms.Add(norm);
            if (GivesBack) HeapTrim.Run(); // what the backward pass has left
            optimizer.Step(learningRate);
            policy.ParametersChanged();
        }
        if (metrics.Count == 0) return UpdateMetrics.None;
        ActorMetrics mean = new(
            metrics.Average(m => m.Loss), metrics.Average(m => m.Policy), metrics.Average(m => m.Entropy), metrics.Average(m => m.Kl),
            metrics.Average(m => m.ClipFraction), metrics.Average(m => m.ApproximateKl), metrics.Average(m => m.Ratio));
        return new UpdateMetrics(mean, differences.RatioMax, norms.Average(), differences.Mean, differences.Max);
    }

    /// <summary>The norm of the gradient that all rollouts together give the policy as it is now, before its first update (the ratio is 1). Nothing is updated.</summary>
    /// <param name="samples">All rollouts of the step, in order.</param>
    /// <param name="step">The step's number, for losses with random choices.</param>
    /// <exception cref="NonFiniteException">A term of the loss is NaN or infinite.</exception>
    public double MeasureGradientNorm(IReadOnlyList<UpdateSample> samples, int step = 0)
    {
        int[] all = [.. Enumerable.Range(0, samples.Count)];
        if (all.All(row => samples[row].Tokens.Length == 0)) return 0;
        using DisposeScope scope = NewDisposeScope();
        Tensor total = zeros(7, device: policy.Device);
        SamplerDifferences unused = new();
        optimizer.ZeroGradients();
        chunks.Accumulate(samples, all, aggregation, wholeMicroBatches, (rows, weights) =>
            Chunk(samples, rows, weights, null, null, CounterRandom.Bits(recipe.Seed, (ulong)step, 0, (ulong)rows[0]), unused, total));
        double norm = GradientNorm.Clip(optimizer.Parameters, 0);
        optimizer.ZeroGradients();
        return norm;
    }

    /// <summary>Log-probability of every token under the policy as it is now, by row.</summary>
    internal float[][] LogProbs(IReadOnlyList<UpdateSample> samples) => chunks.Evaluate(samples, batch => LogProbs(policy, batch));

    /// <summary>The same under the reference.</summary>
    internal float[][] ReferenceLogProbs(IReadOnlyList<UpdateSample> samples) => chunks.Evaluate(samples, batch => LogProbs(reference!, batch));

    /// <summary>Sum of the squared probabilities of the vocabulary at every token, by row.</summary>
    internal float[][] SumPiSquared(IReadOnlyList<UpdateSample> samples) => chunks.Evaluate(samples, batch =>
    {
        Tensor states = policy.Hidden(batch).index_select(0, batch.Predictors);
        long part = long.Max(1, TokenLogProbs.ChunkElements / policy.Config.VocabularySize);
        using Scalar temperature = Temperature.ToScalar();
        return cat([.. states.split(part).Select(some => OptimalTokenBaseline.FromLogits(policy.Logits(some).div_(temperature)))]);
    });

    /// <summary>Forward and backward of some rows.</summary>
    private void Chunk(IReadOnlyList<UpdateSample> samples, int[] rows, Tensor weights, float[][]? old, float[][]? reference, ulong seed, SamplerDifferences differences, Tensor total, RecordedRollouts? recorded = null)
    {
        using DisposeScope scope = NewDisposeScope();
        RowBatch packed = chunks.Pack(samples, rows);
        TokenBatch batch = packed.Batch;
        int[] lengths = [.. rows.Select(row => samples[row].Tokens.Length)];
        Tensor? referenceLogProbs = loss.Kl == 0 ? null : reference is null ? packed.ToRows(LogProbs(this.reference!, batch)) : Known(samples, rows, reference);
        IHiddenPass hidden = recorded?.Hidden(rows, packed) ?? policy.HiddenForLoss(batch, recipe.Compute.Recomputes);
        TokenLogProbs tokens = new(policy, hidden.Values, batch, Temperature, withEntropy: true, keepForBackward: true);

        Tensor logProbs = packed.ToRows(tokens.LogProbs).requires_grad_(), entropies = packed.ToRows(tokens.Entropies!);
        if (loss.Entropy != 0) entropies.requires_grad_();
        TokenLayout layout = TokenLayout.Packed(lengths, policy.Device);
        Tensor advantages = chunks.Flat(rows, row => samples[row].Advantages), sampler = chunks.Flat(rows, row => samples[row].SamplerLogProbs);
        Tensor? oldLogProbs = old is null ? null : Known(samples, rows, old);
        ActorLossTerms terms = ActorLoss.Compute(new ActorBatch
        {
            LogProbs = logProbs,
            Advantages = advantages,
            Weights = weights,
            OldLogProbs = oldLogProbs,
            ReferenceLogProbs = referenceLogProbs,
            Entropies = entropies,
            Layout = layout,
            Factors = Factors(entropies, advantages, logProbs, sampler, layout),
            SamplerRatios = correction?.Ratios(oldLogProbs ?? logProbs, sampler, layout),
            Seed = seed,
        }, loss);
        ActorMetrics chunk = ActorMetrics.Read(terms.Metrics);
        if (!double.IsFinite(chunk.Policy)) throw NonFiniteException.Of("the policy term", chunk.Policy, rows, lengths, logProbs);
        if (!double.IsFinite(chunk.Entropy)) throw NonFiniteException.Of("the entropy term", chunk.Entropy, rows, lengths, entropies);
        if (!double.IsFinite(chunk.Kl)) throw NonFiniteException.Of("the KL term", chunk.Kl, rows, lengths, referenceLogProbs!);
        if (!double.IsFinite(chunk.Loss)) throw NonFiniteException.Of("the loss", chunk.Loss, rows, lengths, logProbs);
        terms.Loss.backward();
        tokens.Backward(packed.SumOverRows(logProbs.grad!, tokens.LogProbs), loss.Entropy == 0 ? null : packed.SumOverRows(entropies.grad!, tokens.LogProbs));
        hidden.Backward();

        using IDisposable noGrad = no_grad();
        total.add_(terms.Metrics, Numbers.One);
        differences.Add(logProbs.detach(), oldLogProbs, sampler);
    }

    /// <summary>Numbers known by row, of the rows that have tokens to learn from: they may have been computed before some lost theirs.</summary>
    private Tensor Known(IReadOnlyList<UpdateSample> samples, int[] rows, float[][] numbers) => chunks.Flat(rows, row => samples[row].Tokens.Length == 0 ? [] : numbers[row]);

    /// <summary>What multiplies each token's policy loss: the recipe's masks; null for none.</summary>
    private Tensor? Factors(Tensor entropies, Tensor advantages, Tensor logProbs, Tensor sampler, TokenLayout layout)
    {
        Tensor? factors = recipe.Loss.HighEntropyShare < 1 ? HighEntropyMask.Compute(entropies, layout, recipe.Loss.HighEntropyShare) : null;
        if (recipe.Loss.OffPolicyThreshold <= 0) return factors;
        Tensor mask = OffPolicyMask.Compute(advantages, logProbs, sampler, layout, recipe.Loss.OffPolicyThreshold);
        return factors is null ? mask : factors * mask;
    }

    private Tensor LogProbs(Transformer model, TokenBatch batch)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        return new TokenLogProbs(model, model.Hidden(batch), batch, Temperature).LogProbs.MoveToOuterDisposeScope();
    }
}

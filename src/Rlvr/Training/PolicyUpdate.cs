using Rlvr.Algorithms;
using Rlvr.Algorithms.Advantages;
using Rlvr.Algorithms.Losses;
using Rlvr.Models;
using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Training;

/// <summary>What the update needs of a rollout.</summary>
/// <param name="Prompt">The prompt's tokens. Equal prompts should be the same array: each is computed once in a forward pass.</param>
/// <param name="Tokens">The response's tokens.</param>
/// <param name="SamplerLogProbs">Their log-probabilities as sampled; only compared with the trainer's.</param>
/// <param name="Advantage">The same for every token.</param>
public sealed record UpdateSample(int[] Prompt, int[] Tokens, float[] SamplerLogProbs, double Advantage);

/// <summary>Metrics of a step's updates: means over its mini-batches.</summary>
/// <param name="Actor">Loss, its terms, ratio and clip fraction.</param>
/// <param name="RatioMax">Largest ratio of a token to its old probability.</param>
/// <param name="GradientNorm">Before clipping.</param>
/// <param name="SamplerDifference">Mean absolute difference of the sampler's and the trainer's log-probabilities, first update.</param>
/// <param name="SamplerDifferenceMax">The largest of them.</param>
public sealed record UpdateMetrics(ActorMetrics Actor, double RatioMax, double GradientNorm, double SamplerDifference, double SamplerDifferenceMax);

/// <summary>
/// The policy update of a step: reference log-probabilities, forward pass, loss, backward pass, clipping, optimiser. The order of things is
/// that of the released code of arXiv 2504.20571 (its <c>dp_actor.update_policy</c>); these are the departures:
/// <list type="bullet">
/// <item>A micro-batch is a unit of the loss (its weights), not of memory: it is computed in chunks, which add up exactly.</item>
/// <item>In a chunk each prompt goes through the model once, forward and backward, however many rollouts it has.</item>
/// <item>With one update per step the ratio is 1 by construction, so there is no pass for old log-probabilities.</item>
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
    private readonly Func<IReadOnlyList<int>, IReadOnlyList<int[]>> divide;

    /// <summary>Most input tokens of a chunk on the CPU: activations of this many stay near the cache.</summary>
    public const int CpuChunkTokens = 4096;

    /// <summary>Prepares the update.</summary>
    /// <param name="policy">The model that is trained; its parameters must require gradients.</param>
    /// <param name="reference">The reference of the KL term; may be null where its coefficient is 0.</param>
    /// <param name="optimizer">Over the policy's parameters.</param>
    /// <param name="recipe">Loss and batch settings.</param>
    /// <param name="divide">Divides the rows of a mini-batch, given their lengths, into micro-batches; null packs <c>compute.micro_batch_tokens</c>.</param>
    public PolicyUpdate(Transformer policy, Transformer? reference, FusedAdamW optimizer, Recipe recipe, Func<IReadOnlyList<int>, IReadOnlyList<int[]>>? divide = null)
    {
        this.policy = policy;
        this.reference = reference;
        this.optimizer = optimizer;
        this.recipe = recipe;
        this.divide = divide ?? (lengths => MicroBatches.Pack(lengths, recipe.Compute.MicroBatchTokens));
        aggregation = Aggregation.Parse(recipe.Loss.Aggregation);
        loss = new ActorLossOptions
        {
            Policy = recipe.Loss.Policy,
            ClipLow = recipe.Loss.ClipLow,
            ClipHigh = recipe.Loss.ClipHigh,
            Entropy = recipe.Loss.Entropy,
            Kl = recipe.Loss.Kl,
            KlEstimator = Kl.Parse(recipe.Loss.KlEstimator),
        };
    }

    /// <summary>Temperature of the log-probabilities: that of the rollouts (greedy rollouts: 1).</summary>
    private double Temperature => recipe.Rollout.Temperature == 0 ? 1 : recipe.Rollout.Temperature;

    /// <summary>Runs a step's updates.</summary>
    /// <param name="samples">All rollouts of the step, in order.</param>
    /// <param name="learningRate">Of this step.</param>
    /// <exception cref="NonFiniteException">A term of the loss or the gradient is NaN or infinite; the parameters were not touched by that update.</exception>
    public UpdateMetrics Run(IReadOnlyList<UpdateSample> samples, double learningRate)
    {
        int updates = recipe.Loss.UpdatesPerStep, rows = samples.Count / updates;
        float[][]? old = updates == 1 ? null : OldLogProbs(samples);
        List<ActorMetrics> metrics = [];
        List<double> norms = [];
        Differences differences = new();
        for (int update = 0; update < updates; update++)
        {
            int[] miniBatch = [.. Enumerable.Range(update * rows, update == updates - 1 ? samples.Count - (update * rows) : rows)];
            optimizer.ZeroGradients();
            differences.CompareSampler = update == 0; // later updates differ by what was learnt, not by rounding
            metrics.Add(Accumulate(samples, miniBatch, old, differences));
            double norm = GradientNorm.Clip(optimizer.Parameters, recipe.Optimizer.ClipNorm > 0 ? recipe.Optimizer.ClipNorm : double.PositiveInfinity);
            if (!double.IsFinite(norm)) throw new NonFiniteException("the gradient's norm", norm, miniBatch);
            norms.Add(norm);
            optimizer.Step(learningRate);
        }
        ActorMetrics mean = new(
            metrics.Average(m => m.Loss), metrics.Average(m => m.Policy), metrics.Average(m => m.Entropy), metrics.Average(m => m.Kl),
            metrics.Average(m => m.ClipFraction), metrics.Average(m => m.ApproximateKl), metrics.Average(m => m.Ratio));
        return new UpdateMetrics(mean, differences.RatioMax, norms.Average(), differences.Mean, differences.Max);
    }

    /// <summary>Adds up the gradient of a mini-batch.</summary>
    private ActorMetrics Accumulate(IReadOnlyList<UpdateSample> samples, int[] miniBatch, float[][]? old, Differences differences)
    {
        // Rows without tokens have no loss; they still count as rows of their micro-batch, as padded ones do in the released code.
        long tokens = miniBatch.Sum(row => (long)samples[row].Tokens.Length);
        int[] lengths = [.. miniBatch.Select(row => samples[row].Prompt.Length + samples[row].Tokens.Length)];
        using DisposeScope outer = NewDisposeScope();
        Tensor total = zeros(7, device: policy.Device);
        foreach (int[] microBatch in divide(lengths))
        {
            int[] rows = [.. microBatch.Select(i => miniBatch[i]).OrderBy(row => samples[row].Tokens.Length)];
            using DisposeScope scope = NewDisposeScope();
            int[] rowTokens = [.. rows.Select(row => samples[row].Tokens.Length)];
            TokenLayout layout = TokenLayout.Packed(rowTokens, policy.Device);
            Tensor weights = Aggregation.Weights(
                aggregation, layout, empty(rowTokens.Sum(), device: policy.Device), miniBatch.Length, tokens, recipe.Rollout.MaxNewTokens);
            int first = 0, offset = 0;
            foreach (int count in Chunks(rows, samples))
            {
                int length = rowTokens.AsSpan(first, count).ToArray().Sum();
                if (length > 0) Chunk(samples, rows[first..(first + count)], weights.narrow(0, offset, length), old, differences, total);
                first += count;
                offset += length;
            }
        }
        return ActorMetrics.Read(total);
    }

    /// <summary>Forward and backward of some rows.</summary>
    private void Chunk(IReadOnlyList<UpdateSample> samples, int[] rows, Tensor weights, float[][]? old, Differences differences, Tensor total)
    {
        using DisposeScope scope = NewDisposeScope();
        SharedPrefixBatch batch = Pack(samples, rows);
        int[] lengths = [.. rows.Select(row => samples[row].Tokens.Length)];
        Tensor? referenceLogProbs = loss.Kl == 0 ? null : LogProbs(reference!, batch);
        SharedPrefixAttention attention = new(batch, policy.Config);
        Tensor hidden = policy.Hidden(batch.Tokens, batch.Positions, batch.MaxPosition, attention);
        TokenLogProbs tokens = new(policy, hidden, batch, Temperature, withEntropy: true, keepForBackward: true);

        Tensor logProbs = tokens.LogProbs.requires_grad_();
        Tensor entropies = loss.Entropy == 0 ? tokens.Entropies! : tokens.Entropies!.requires_grad_();
        Tensor advantages = RowAdvantages.ToPacked([.. rows.Select(row => samples[row].Advantage)], lengths, policy.Device);
        Tensor? oldLogProbs = old is null ? null : tensor(rows.SelectMany(row => old[row]).ToArray(), device: policy.Device);
        ActorLossTerms terms = ActorLoss.Compute(logProbs, advantages, weights, loss, oldLogProbs, referenceLogProbs, entropies);
        ActorMetrics chunk = ActorMetrics.Read(terms.Metrics);
        if (!double.IsFinite(chunk.Policy)) throw NonFinite("the policy term", chunk.Policy, rows, lengths, logProbs);
        if (!double.IsFinite(chunk.Entropy)) throw NonFinite("the entropy term", chunk.Entropy, rows, lengths, entropies);
        if (!double.IsFinite(chunk.Kl)) throw NonFinite("the KL term", chunk.Kl, rows, lengths, referenceLogProbs!);
        if (!double.IsFinite(chunk.Loss)) throw NonFinite("the loss", chunk.Loss, rows, lengths, logProbs);
        terms.Loss.backward();
        tokens.Backward(logProbs.grad!, loss.Entropy == 0 ? null : entropies.grad);

        using IDisposable noGrad = no_grad();
        total.add_(terms.Metrics);
        differences.Add(logProbs.detach(), oldLogProbs, [.. rows.SelectMany(row => samples[row].SamplerLogProbs)]);
    }

    /// <summary>Names the rows that have a number that is not finite, or all where it came from elsewhere.</summary>
    private static NonFiniteException NonFinite(string term, double value, int[] rows, int[] lengths, Tensor numbers)
    {
        using DisposeScope scope = NewDisposeScope();
        bool[] finite = numbers.detach().isfinite().cpu().data<bool>().ToArray();
        int offset = 0;
        List<int> guilty = [];
        for (int i = 0; i < rows.Length; offset += lengths[i++])
            if (finite.AsSpan(offset, lengths[i]).Contains(false)) guilty.Add(rows[i]);
        return new NonFiniteException(term, value, guilty.Count > 0 ? guilty : rows);
    }

    private Tensor LogProbs(Transformer model, SharedPrefixBatch batch)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor hidden = model.Hidden(batch.Tokens, batch.Positions, batch.MaxPosition, new SharedPrefixAttention(batch, model.Config));
        return new TokenLogProbs(model, hidden, batch, Temperature).LogProbs.MoveToOuterDisposeScope();
    }

    /// <summary>Log-probabilities under the policy as it is now, by row; needed when a step makes several updates.</summary>
    private float[][] OldLogProbs(IReadOnlyList<UpdateSample> samples)
    {
        float[][] result = [.. samples.Select(s => new float[s.Tokens.Length])];
        int[] rows = [.. Enumerable.Range(0, samples.Count).OrderBy(row => samples[row].Tokens.Length)];
        int first = 0;
        foreach (int count in Chunks(rows, samples))
        {
            using DisposeScope scope = NewDisposeScope();
            int[] some = rows[first..(first + count)];
            first += count;
            if (some.All(row => samples[row].Tokens.Length == 0)) continue;
            float[] values = LogProbs(policy, Pack(samples, some)).cpu().data<float>().ToArray();
            int offset = 0;
            foreach (int row in some)
            {
                values.AsSpan(offset, result[row].Length).CopyTo(result[row]);
                offset += result[row].Length;
            }
        }
        return result;
    }

    private SharedPrefixBatch Pack(IReadOnlyList<UpdateSample> samples, int[] rows)
    {
        List<int[]> prompts = [];
        Dictionary<int[], int> indexOf = new(ReferenceEqualityComparer.Instance);
        List<(int, int[])> continuations = [];
        foreach (int row in rows)
        {
            if (!indexOf.TryGetValue(samples[row].Prompt, out int prompt))
            {
                indexOf[samples[row].Prompt] = prompt = prompts.Count;
                prompts.Add(samples[row].Prompt);
            }
            continuations.Add((prompt, samples[row].Tokens));
        }
        return new SharedPrefixBatch(prompts, continuations, policy.Device);
    }

    /// <summary>How many of the rows, in order, go into each chunk.</summary>
    private IEnumerable<int> Chunks(int[] rows, IReadOnlyList<UpdateSample> samples)
    {
        int budget = policy.Device.type == DeviceType.CPU ? CpuChunkTokens : recipe.Compute.MicroBatchTokens;
        HashSet<int[]> prompts = new(ReferenceEqualityComparer.Instance);
        int count = 0, tokens = 0;
        foreach (int row in rows)
        {
            int more = samples[row].Tokens.Length + (prompts.Contains(samples[row].Prompt) ? 0 : samples[row].Prompt.Length);
            if (count > 0 && tokens + more > budget)
            {
                yield return count;
                prompts.Clear();
                (count, tokens) = (0, 0);
                more = samples[row].Tokens.Length + samples[row].Prompt.Length;
            }
            prompts.Add(samples[row].Prompt);
            count++;
            tokens += more;
        }
        if (count > 0) yield return count;
    }

    /// <summary>Collects how the trainer's log-probabilities differ from the sampler's and from the old ones.</summary>
    private sealed class Differences
    {
        private double sum;
        private long count;

        public bool CompareSampler { get; set; }

        public double Mean => count == 0 ? 0 : sum / count;

        public double Max { get; private set; }

        public double RatioMax { get; private set; } = 1;

        public void Add(Tensor logProbs, Tensor? old, float[] sampler)
        {
            using DisposeScope scope = NewDisposeScope();
            if (CompareSampler)
            {
                Tensor difference = logProbs.sub(tensor(sampler, device: logProbs.device)).abs_();
                sum += difference.sum().item<float>();
                count += sampler.Length;
                Max = double.Max(Max, difference.max().item<float>());
            }
            if (old is not null) RatioMax = double.Max(RatioMax, logProbs.sub(old).max().exp().item<float>());
        }
    }
}

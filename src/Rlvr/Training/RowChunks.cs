using Rlvr.Algorithms;
using Rlvr.Algorithms.Losses;
using Rlvr.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Training;

/// <summary>
/// Takes rollouts through a model in chunks that fit its memory. A micro-batch is a unit of the loss (its weights), not of memory: it is computed
/// in chunks of whole rows, which add up exactly. In a chunk each prompt goes through the model once, however many rollouts it has, and so do rollouts that are equal.
/// </summary>
/// <param name="device">Where the model is.</param>
/// <param name="recipe">Batch settings.</param>
/// <param name="tree">Whether rollouts share what they begin with alike: for a model that takes trees.</param>
/// <param name="divide">Divides the rows of a mini-batch, given their lengths, into micro-batches; null packs <c>compute.micro_batch_tokens</c>.</param>
internal sealed class RowChunks(Device device, Recipe recipe, bool tree, Func<IReadOnlyList<int>, IReadOnlyList<int[]>>? divide = null)
{
    private readonly Func<IReadOnlyList<int>, IReadOnlyList<int[]>> divide = divide ?? (lengths => MicroBatches.Pack(lengths, recipe.Compute.MicroBatchTokens));

    /// <summary>Goes over a mini-batch, for a loss whose gradients add up.</summary>
    /// <param name="samples">All rollouts of the step.</param>
    /// <param name="miniBatch">Those of the mini-batch.</param>
    /// <param name="aggregation">How token losses become one number.</param>
    /// <param name="whole">Whether a chunk must be a whole micro-batch, because its tokens are compared with each other.</param>
    /// <param name="compute">Called with the rows of each chunk and the weights of their tokens, [N].</param>
    public void Accumulate(IReadOnlyList<UpdateSample> samples, int[] miniBatch, AggregationMode aggregation, bool whole, Action<int[], Tensor> compute)
    {
        // Rows without tokens have no loss; they still count as rows of their micro-batch, as padded ones do in the released code.
        long tokens = miniBatch.Sum(row => (long)samples[row].Tokens.Length);
        int[] lengths = [.. miniBatch.Select(row => samples[row].Prompt.Length + samples[row].Tokens.Length)];
        foreach (int[] microBatch in divide(lengths))
        {
            int[] rows = InOrder(samples, microBatch.Select(i => miniBatch[i]));
            using DisposeScope scope = NewDisposeScope();
            int[] rowTokens = [.. rows.Select(row => samples[row].Tokens.Length)];
            TokenLayout layout = TokenLayout.Packed(rowTokens, device);
            Tensor weights = Aggregation.Weights(aggregation, layout, empty(rowTokens.Sum(), device: device), miniBatch.Length, tokens, recipe.Rollout.MaxNewTokens);
            int first = 0, offset = 0;
            foreach (int count in whole ? [rows.Length] : Sizes(rows, samples))
            {
                int length = rowTokens.AsSpan(first, count).ToArray().Sum();
                if (length > 0) compute(rows[first..(first + count)], weights.narrow(0, offset, length));
                first += count;
                offset += length;
            }
        }
    }

    /// <summary>Computes a number for every token of every rollout, without gradient.</summary>
    /// <param name="samples">The rollouts.</param>
    /// <param name="values">From a batch to one number for each token of its continuations, [M].</param>
    /// <returns>The numbers by row.</returns>
    public float[][] Evaluate(IReadOnlyList<UpdateSample> samples, Func<TokenBatch, Tensor> values)
    {
        using IDisposable noGrad = no_grad();
        float[][] result = [.. samples.Select(s => new float[s.Tokens.Length])];
        int[] rows = InOrder(samples, Enumerable.Range(0, samples.Count));
        int first = 0;
        foreach (int count in Sizes(rows, samples))
        {
            using DisposeScope scope = NewDisposeScope();
            int[] some = rows[first..(first + count)];
            first += count;
            if (some.All(row => samples[row].Tokens.Length == 0)) continue;
            RowBatch batch = Pack(samples, some);
            float[] flat = batch.ToRows(values(batch.Batch)).cpu().data<float>().ToArray();
            int offset = 0;
            foreach (int row in some)
            {
                flat.AsSpan(offset, result[row].Length).CopyTo(result[row]);
                offset += result[row].Length;
            }
        }
        return result;
    }

    /// <summary>Some rollouts as a batch.</summary>
    public RowBatch Pack(IReadOnlyList<UpdateSample> samples, int[] rows) => new(samples, rows, device, tree);

    /// <summary>A tensor over the tokens of some rows, [N].</summary>
    public Tensor Flat(int[] rows, Func<int, float[]> ofRow) => tensor(rows.SelectMany(ofRow).ToArray(), device: device);

    /// <summary>
    /// Rows by length, so that little is padded; those of a length by prompt, so that few prompts are in a chunk and few chunks have the same; equal ones side by side, so that
    /// they meet in a chunk. For trees by prompt and by what they begin with.
    /// </summary>
    public int[] InOrder(IReadOnlyList<UpdateSample> samples, IEnumerable<int> rows)
    {
        int[] all = [.. rows];
        Dictionary<int[], int> prompts = new(ReferenceEqualityComparer.Instance);
        foreach (int row in all) prompts.TryAdd(samples[row].Prompt, prompts.Count);
        return [.. all.OrderBy(row => tree ? 0 : samples[row].Tokens.Length).ThenBy(row => prompts[samples[row].Prompt])
            .ThenBy(row => samples[row].Tokens, Comparer<int[]>.Create((x, y) => x.AsSpan().SequenceCompareTo(y)))];
    }

    /// <summary>How many of the rows, in order, go into each chunk.</summary>
    private IEnumerable<int> Sizes(int[] rows, IReadOnlyList<UpdateSample> samples)
    {
        int budget = device.type == DeviceType.CPU ? PolicyUpdate.CpuChunkTokens : recipe.Compute.MicroBatchTokens;
        HashSet<int[]> prompts = new(ReferenceEqualityComparer.Instance);
        UpdateSample? last = null;
        int count = 0, tokens = 0;
        foreach (UpdateSample sample in rows.Select(row => samples[row]))
        {
            int more = sample.Tokens.Length - Shared(last, sample) + (prompts.Contains(sample.Prompt) ? 0 : sample.Prompt.Length);
            if (count > 0 && tokens + more > budget)
            {
                yield return count;
                prompts.Clear();
                (count, tokens) = (0, 0);
                more = sample.Tokens.Length + sample.Prompt.Length;
            }
            prompts.Add(sample.Prompt);
            last = sample;
            count++;
            tokens += more;
        }
        if (count > 0) yield return count;
    }

    /// <summary>How many tokens a row shares with the one before it, which is equal to it if any is.</summary>
    private int Shared(UpdateSample? before, UpdateSample sample) =>
        before is null || !ReferenceEquals(before.Prompt, sample.Prompt) ? 0
        : tree ? before.Tokens.AsSpan().CommonPrefixLength(sample.Tokens)
        : before.Tokens.AsSpan().SequenceEqual(sample.Tokens) ? sample.Tokens.Length : 0;
}

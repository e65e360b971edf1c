using Rlvr.Algorithms;
using Rlvr.Algorithms.Losses;
using Rlvr.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Training;

/// <summary>
/// Takes rollouts through a model in chunks that fit its memory. A micro-batch is a unit of the loss (its weights), not of memory: it is computed
/// in chunks of whole rows, which add up exactly. In a chunk each prompt goes through the model once, however many rollouts it has.
/// </summary>
/// <param name="device">Where the model is.</param>
/// <param name="recipe">Batch settings.</param>
/// <param name="divide">Divides the rows of a mini-batch, given their lengths, into micro-batches; null packs <c>compute.micro_batch_tokens</c>.</param>
internal sealed class RowChunks(Device device, Recipe recipe, Func<IReadOnlyList<int>, IReadOnlyList<int[]>>? divide = null)
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
            int[] rows = [.. microBatch.Select(i => miniBatch[i]).OrderBy(row => samples[row].Tokens.Length)];
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
    public float[][] Evaluate(IReadOnlyList<UpdateSample> samples, Func<SharedPrefixBatch, Tensor> values)
    {
        using IDisposable noGrad = no_grad();
        float[][] result = [.. samples.Select(s => new float[s.Tokens.Length])];
        int[] rows = [.. Enumerable.Range(0, samples.Count).OrderBy(row => samples[row].Tokens.Length)];
        int first = 0;
        foreach (int count in Sizes(rows, samples))
        {
            using DisposeScope scope = NewDisposeScope();
            int[] some = rows[first..(first + count)];
            first += count;
            if (some.All(row => samples[row].Tokens.Length == 0)) continue;
            float[] flat = values(Pack(samples, some)).cpu().data<float>().ToArray();
            int offset = 0;
            foreach (int row in some)
            {
                flat.AsSpan(offset, result[row].Length).CopyTo(result[row]);
                offset += result[row].Length;
            }
        }
        return result;
    }

    /// <summary>Some rollouts as a batch in which each prompt stands once.</summary>
    public SharedPrefixBatch Pack(IReadOnlyList<UpdateSample> samples, int[] rows)
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
        return new SharedPrefixBatch(prompts, continuations, device);
    }

    /// <summary>A tensor over the tokens of some rows, [N].</summary>
    public Tensor Flat(int[] rows, Func<int, float[]> ofRow) => tensor(rows.SelectMany(ofRow).ToArray(), device: device);

    /// <summary>How many of the rows, in order, go into each chunk.</summary>
    private IEnumerable<int> Sizes(int[] rows, IReadOnlyList<UpdateSample> samples)
    {
        int budget = device.type == DeviceType.CPU ? PolicyUpdate.CpuChunkTokens : recipe.Compute.MicroBatchTokens;
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
}

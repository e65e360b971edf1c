using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Rollouts;

/// <summary>Draws one token for each row of logits by inverse CDF: one uniform number a token, whatever the vocabulary.</summary>
public static class Sampler
{
    /// <summary>Draws one token from each row.</summary>
    /// <param name="logits">[R, V], overwritten.</param>
    /// <param name="uniforms">R numbers in [0, 1).</param>
    /// <param name="options">Temperature and filters.</param>
    /// <returns>[R] token ids and [R] log-probabilities under the distribution drawn from.</returns>
    public static (Tensor Tokens, Tensor LogProbs) Draw(Tensor logits, double[] uniforms, SamplingOptions options)
    {
        if (options.Temperature == 0) return Likeliest(logits);
        (Tensor logProbs, Tensor cumulative) = Distributions(logits, options);
        return Draw(logProbs, cumulative, uniforms);
    }

    /// <summary>Draws several tokens from a row, each by a number of its own: the distributions are computed once.</summary>
    /// <param name="logits">[R, V], overwritten.</param>
    /// <param name="rows">The row of each draw.</param>
    /// <param name="uniforms">A number in [0, 1) for each draw.</param>
    /// <param name="options">Temperature and filters.</param>
    /// <returns>Token ids and their log-probabilities under the distributions drawn from.</returns>
    public static (int[] Tokens, float[] LogProbs) Draw(Tensor logits, IReadOnlyList<int> rows, double[] uniforms, SamplingOptions options)
    {
        if (options.Temperature == 0)
        {
            (Tensor best, Tensor ofBest) = Likeliest(logits);
            long[] tokens = best.cpu().data<long>().ToArray();
            float[] values = ofBest.cpu().data<float>().ToArray();
            return ([.. rows.Select(row => (int)tokens[row])], [.. rows.Select(row => values[row])]);
        }
        (Tensor logProbs, Tensor cumulative) = Distributions(logits, options);
        if (logits.device_type == DeviceType.CPU && logits.numel() < int.MaxValue / sizeof(double)) return Search(logProbs, cumulative, rows, uniforms);
        if (rows.Count > logits.size(0))
        {
            Tensor selection = tensor(rows.Select(row => (long)row).ToArray(), device: logits.device);
            (logProbs, cumulative) = (logProbs.index_select(0, selection), cumulative.index_select(0, selection));
        }
        (Tensor drawn, Tensor ofDrawn) = Draw(logProbs, cumulative, uniforms);
        return ([.. drawn.cpu().data<long>().ToArray().Select(t => (int)t)], ofDrawn.cpu().data<float>().ToArray());
    }

    private static (Tensor Tokens, Tensor LogProbs) Likeliest(Tensor logits)
    {
        Tensor best = logits.argmax(-1);
        return (best, logits.log_softmax(-1).gather(1, best.unsqueeze(1)).squeeze(1));
    }

    /// <summary>Log-probabilities and running sums of the probabilities, [R, V].</summary>
    private static (Tensor LogProbs, Tensor Cumulative) Distributions(Tensor logits, SamplingOptions options)
    {
        if (options.Temperature != 1) logits.div_(options.Temperature);
        if (options.TopK > 0 || options.TopP < 1 || options.MinP > 0) Filter(logits, options);
        Tensor logProbs = logits.log_softmax(-1);
        // In double: with a large vocabulary a float32 running sum loses the tail.
        return (logProbs, logProbs.exp().cumsum(-1, type: ScalarType.Float64));
    }

    private static (Tensor Tokens, Tensor LogProbs) Draw(Tensor logProbs, Tensor cumulative, double[] uniforms)
    {
        Tensor point = tensor(uniforms, device: cumulative.device).unsqueeze(1).mul(cumulative.narrow(1, cumulative.size(1) - 1, 1));
        // The first token whose running sum exceeds the point; a token of probability 0 adds nothing and is never the first.
        Tensor drawn = cumulative.le(point).sum(-1);
        // Rounding can only reach past the end if the uniform is 1, which it is not; the clamp guards the index all the same.
        drawn.clamp_(max: cumulative.size(1) - 1);
        return (drawn, logProbs.gather(1, drawn.unsqueeze(1)).squeeze(1));
    }

    /// <summary>The same by halving.</summary>
    private static (int[] Tokens, float[] LogProbs) Search(Tensor logProbs, Tensor cumulative, IReadOnlyList<int> rows, double[] uniforms)
    {
        int words = (int)cumulative.size(1);
        int[] tokens = new int[rows.Count];
        float[] values = new float[rows.Count];
        ReadOnlySpan<double> all = MemoryMarshal.Cast<byte, double>(cumulative.bytes);
        ReadOnlySpan<float> allValues = MemoryMarshal.Cast<byte, float>(logProbs.bytes);
        for (int i = 0; i < rows.Count; i++)
        {
            ReadOnlySpan<double> sums = all.Slice(rows[i] * words, words);
            double point = uniforms[i] * sums[^1];
            int first = 0, end = words - 1;
            while (first < end)
            {
                int middle = (first + end) / 2;
                if (sums[middle] > point) end = middle;
                else first = middle + 1;
            }
            tokens[i] = first;
            values[i] = allValues[(rows[i] * words) + first];
        }
        return (tokens, values);
    }

    /// <summary>Sets the logits of dropped tokens to minus infinity: top-k, then top-p of what is left, then min-p.</summary>
    private static void Filter(Tensor logits, SamplingOptions options)
    {
        (Tensor sorted, Tensor order) = logits.sort(-1, descending: true, stable: true);
        Tensor drop = zeros_like(sorted, dtype: ScalarType.Bool);
        if (options.TopK > 0 && options.TopK < sorted.size(1))
        {
            drop.narrow(1, options.TopK, sorted.size(1) - options.TopK).fill_(true);
            sorted = sorted.masked_fill(drop, float.NegativeInfinity);
        }
        Tensor probabilities = sorted.softmax(-1);
        if (options.TopP < 1)
        {
            // A token is kept while those before it have less than top-p; so the likeliest always is.
            Tensor before = probabilities.cumsum(-1, type: ScalarType.Float64).sub(probabilities);
            drop.logical_or_(before.ge(options.TopP));
        }
        if (options.MinP > 0) drop.logical_or_(probabilities.lt(probabilities.narrow(1, 0, 1).mul(options.MinP)));
        drop.narrow(1, 0, 1).fill_(false);
        logits.masked_fill_(zeros_like(drop).scatter_(1, order, drop), float.NegativeInfinity);
    }
}

using Rlvr.Tensors;
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
        if (!VectorSampler.Suits(logits)) return DrawByOperations(logits, uniforms, options);
        (int[] tokens, float[] values) = Draw(logits, [.. Enumerable.Range(0, uniforms.Length)], uniforms, options);
        return (tensor(tokens.Select(t => (long)t).ToArray()), tensor(values));
    }

    /// <summary>Draws several tokens from a row, each by a number of its own: the distributions are computed once.</summary>
    /// <param name="logits">[R, V], overwritten.</param>
    /// <param name="rows">The row of each draw.</param>
    /// <param name="uniforms">A number in [0, 1) for each draw.</param>
    /// <param name="options">Temperature and filters.</param>
    /// <returns>Token ids and their log-probabilities under the distributions drawn from.</returns>
    public static (int[] Tokens, float[] LogProbs) Draw(Tensor logits, IReadOnlyList<int> rows, double[] uniforms, SamplingOptions options)
    {
        if (VectorSampler.Suits(logits))
        {
            bool filters = Filters(options);
            if (filters) Filter(logits, options);
            return VectorSampler.Draw(logits, rows, uniforms, filters ? 1 : options.Temperature);
        }
        if (rows.Count > logits.size(0)) logits = logits.index_select(0, tensor(rows.Select(row => (long)row).ToArray(), device: logits.device));
        (Tensor drawn, Tensor ofDrawn) = DrawByOperations(logits, uniforms, options);
        return ([.. drawn.cpu().data<long>().ToArray().Select(t => (int)t)], ofDrawn.cpu().data<float>().ToArray());
    }

    /// <summary>One token from each row by operations on all rows at once, as on a GPU.</summary>
    internal static (Tensor Tokens, Tensor LogProbs) DrawByOperations(Tensor logits, double[] uniforms, SamplingOptions options)
    {
        if (options.Temperature == 0)
        {
            Tensor best = logits.argmax(-1);
            return (best, logits.log_softmax(-1).gather(1, best.unsqueeze(1)).squeeze(1));
        }
        if (Filters(options)) Filter(logits, options);
        else Cool(logits, options);
        Tensor logProbs = logits.log_softmax(-1);
        // In double: with a large vocabulary a float32 running sum loses the tail.
        Tensor cumulative = logProbs.exp().cumsum(-1, type: ScalarType.Float64);
        Tensor point = tensor(uniforms, device: logits.device).unsqueeze(1).mul(cumulative.narrow(1, cumulative.size(1) - 1, 1));
        // The first token whose running sum exceeds the point; a token of probability 0 adds nothing and is never the first.
        Tensor drawn = cumulative.le(point).sum(-1);
        // Rounding can only reach past the end if the uniform is 1, which it is not; the clamp guards the index all the same.
        using Scalar last = (cumulative.size(1) - 1).ToScalar();
        drawn.clamp_(max: last);
        return (drawn, logProbs.gather(1, drawn.unsqueeze(1)).squeeze(1));
    }

    /// <summary>Greedy decoding takes the likeliest, whatever the filters.</summary>
    private static bool Filters(SamplingOptions options) => options.Temperature > 0 && (options.TopK > 0 || options.TopP < 1 || options.MinP > 0);

    /// <summary>Divides by the temperature, and sets the logits of dropped tokens to minus infinity: top-k, then top-p of what is left, then min-p.</summary>
    private static void Filter(Tensor logits, SamplingOptions options)
    {
        Cool(logits, options);
        (Tensor sorted, Tensor order) = logits.sort(-1, descending: true, stable: true);
        Tensor drop = zeros_like(sorted, dtype: ScalarType.Bool);
        if (options.TopK > 0 && options.TopK < sorted.size(1))
        {
            drop.narrow(1, options.TopK, sorted.size(1) - options.TopK).fill_(Numbers.True);
            sorted = sorted.masked_fill(drop, Numbers.MinusInfinity);
        }
        Tensor probabilities = sorted.softmax(-1);
        if (options.TopP < 1)
        {
            // A token is kept while those before it have less than top-p; so the likeliest always is.
            Tensor before = probabilities.cumsum(-1, type: ScalarType.Float64).sub(probabilities);
            using Scalar topP = options.TopP.ToScalar();
            drop.logical_or_(before.ge(topP));
        }
        if (options.MinP > 0)
        {
            using Scalar minP = options.MinP.ToScalar();
            drop.logical_or_(probabilities.lt(probabilities.narrow(1, 0, 1).mul(minP)));
        }
        drop.narrow(1, 0, 1).fill_(Numbers.False);
        logits.masked_fill_(zeros_like(drop).scatter_(1, order, drop), Numbers.MinusInfinity);
    }

    /// <summary>Divides by the temperature.</summary>
    private static void Cool(Tensor logits, SamplingOptions options)
    {
        if (options.Temperature == 1) return;
        using Scalar temperature = options.Temperature.ToScalar();
        logits.div_(temperature);
    }
}

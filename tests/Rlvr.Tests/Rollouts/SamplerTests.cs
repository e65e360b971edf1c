using CsCheck;
using Rlvr.Rollouts;
using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tests.Rollouts;

public class SamplerTests
{
    private static readonly float[] Logits = [-4, -0.3f, 0.7f, 2.1f, 1.5f, 0.1f, 1.4f, -1, 0.7f, -2];

    public SamplerTests() => NativeRuntime.Initialize();

    public static TheoryData<string> Filters => ["none", "hot", "cold", "top-k", "top-p", "min-p", "top-k and top-p", "all"];

    private static SamplingOptions Options(string name) => name switch
    {
        "hot" => new SamplingOptions { Temperature = 1.7 },
        "cold" => new SamplingOptions { Temperature = 0.6 },
        "top-k" => new SamplingOptions { Temperature = 0.8, TopK = 3 },
        "top-p" => new SamplingOptions { TopP = 0.83 },
        "min-p" => new SamplingOptions { Temperature = 1.2, MinP = 0.2 },
        "top-k and top-p" => new SamplingOptions { TopK = 5, TopP = 0.9 },
        "all" => new SamplingOptions { Temperature = 1.5, TopK = 7, TopP = 0.9, MinP = 0.1 },
        _ => new SamplingOptions(),
    };

    [Theory]
    [MemberData(nameof(Filters))]
    public void Frequencies_are_those_of_the_filtered_softmax(string name)
    {
        const int draws = 20_000;
        double[] expected = Distribution(Logits, Options(name));
        (long[] tokens, float[] logProbs) = Draw(Logits, [.. Enumerable.Range(0, draws).Select(i => CounterRandom.Uniform(1, 2, (ulong)i, 3))], Options(name));
        double chiSquare = 0;
        for (int token = 0; token < expected.Length; token++)
        {
            int count = tokens.Count(t => t == token);
            if (expected[token] == 0) Assert.Equal(0, count);
            else chiSquare += (count - (draws * expected[token])) * (count - (draws * expected[token])) / (draws * expected[token]);
        }
        // At most 9 degrees of freedom; 33.7 is exceeded once in 10,000.
        Assert.InRange(chiSquare, 0, 33.7);
        Assert.All(tokens.Zip(logProbs), pair => Assert.Equal(double.Log(expected[pair.First]), pair.Second, 1e-5));
    }

    [Fact]
    public void Draws_are_the_inverse_of_the_distribution_function() =>
        Gen.Select(Gen.Float[-3, 3].Array[2, 12], Gen.Double[0.3, 2], Gen.Int[0, 6], Gen.Double[0.2, 1], Gen.Double[0, 0.3], Gen.Double[0, 0.999999]).Sample((logits, temperature, topK, topP, minP, uniform) =>
        {
            SamplingOptions options = new() { Temperature = temperature, TopK = topK, TopP = topP, MinP = minP };
            double[] expected = Distribution(logits, options, out double margin);
            if (margin < 1e-5) return; // where rounding decides
            double sum = 0, edge = double.Min(uniform, 1 - uniform);
            int token = -1;
            for (int i = 0; i < expected.Length; i++)
            {
                sum += expected[i];
                if (token < 0 && sum > uniform) token = i;
                edge = double.Min(edge, double.Abs(sum - uniform));
            }
            if (edge < 1e-6) return;
            (long[] tokens, float[] logProbs) = Draw(logits, [uniform], options);
            Assert.Equal(token, tokens[0]);
            Assert.Equal(double.Log(expected[token]), logProbs[0], 1e-4);
        }, iter: 300);

    [Theory]
    [MemberData(nameof(Filters))]
    public void The_ends_of_the_interval_are_tokens_that_are_left(string name)
    {
        double[] expected = Distribution(Logits, Options(name));
        (long[] tokens, _) = Draw(Logits, [0, double.BitDecrement(1)], Options(name));
        Assert.Equal(Array.FindIndex(expected, p => p > 0), tokens[0]);
        Assert.Equal(Array.FindLastIndex(expected, p => p > 0), tokens[1]);
    }

    [Fact]
    public void The_end_of_a_large_vocabulary_is_reached()
    {
        // A running sum in float32 would lose tokens of probability 7e-6 each.
        float[] logits = new float[150_000];
        (long[] tokens, _) = Draw(logits, [0, 0.25, 0.5, 0.999999], new SamplingOptions());
        Assert.Equal(0, tokens[0]);
        Assert.InRange(tokens[1], 37_499, 37_501);
        Assert.InRange(tokens[2], 74_999, 75_001);
        Assert.InRange(tokens[3], 149_998, 149_999);
    }

    [Fact]
    public void Greedy_takes_the_likeliest_and_the_lowest_id_of_equals()
    {
        SamplingOptions greedy = new() { Temperature = 0, TopK = 1, TopP = 0.1 };
        Assert.Equal([3], Draw(Logits, [0.99], greedy).Tokens);
        (long[] tokens, float[] logProbs) = Draw([1, 5, 5, 2], [0.5], greedy);
        Assert.Equal([1], tokens);
        Assert.Equal(double.Log(Distribution([1, 5, 5, 2], new SamplingOptions())[1]), logProbs[0], 1e-6); // the model's own, unfiltered
    }

    [Fact]
    public void Equal_logits_at_the_edge_of_top_k_keep_the_lower_ids()
    {
        double[] uniforms = [.. Enumerable.Range(0, 200).Select(i => i / 200.0)];
        Assert.Equal([0, 1, 2], Draw([1, 1, 1, 1, 1], uniforms, new SamplingOptions { TopK = 3 }).Tokens.Distinct());
    }

    [Theory]
    [InlineData(0.4995, 1)]
    [InlineData(0.7995, 2)]
    [InlineData(0.8005, 3)]
    [InlineData(0.9505, 4)]
    public void Top_p_keeps_the_smallest_set_that_has_it(double topP, int kept)
    {
        float[] logits = [.. new[] { 0.5, 0.3, 0.15, 0.05 }.Select(p => (float)double.Log(p))];
        double[] uniforms = [.. Enumerable.Range(0, 500).Select(i => i / 500.0)];
        Assert.Equal(Enumerable.Range(0, kept).Select(i => (long)i), Draw(logits, uniforms, new SamplingOptions { TopP = topP }).Tokens.Distinct());
    }

    [Fact]
    public void Rows_have_their_own_distributions()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor logits = tensor(new float[,] { { 9, 0, 0 }, { 0, 9, 0 }, { 0, 0, 9 } });
        (Tensor tokens, _) = Sampler.Draw(logits, [0.5, 0.5, 0.5], new SamplingOptions { TopK = 1 });
        Assert.Equal([0, 1, 2], tokens.data<long>().ToArray());
    }

    [Fact]
    public void Reading_rows_where_they_lie_gives_what_the_tensor_operations_give()
    {
        Processor.NeedsKernels();
        Gen.Select(Gen.Int[1, 3000], Gen.Int[1, 3], Gen.Double[0, 3], Gen.Double[0, 0.9], Gen.ULong).Sample((words, rows, temperature, dropped, seed) =>
        {
            using DisposeScope scope = NewDisposeScope();
            float[] values = [.. Enumerable.Range(0, words * rows).Select(i => (float)(8 * CounterRandom.Uniform(seed, 1, 1, (ulong)i)))];
            for (int i = 0; i < values.Length; i++) if (i % words > 0 && CounterRandom.Uniform(seed, 2, 2, (ulong)i) < dropped) values[i] = float.NegativeInfinity;
            double[] uniforms = [.. Enumerable.Range(0, rows).Select(i => CounterRandom.Uniform(seed, 3, 3, (ulong)i))];
            SamplingOptions options = new() { Temperature = temperature < 0.3 ? 0 : temperature };
            Tensor logits = tensor(values).view(rows, words);
            Assert.True(VectorSampler.Suits(logits));
            (Tensor tokens, Tensor logProbs) = Sampler.Draw(logits, uniforms, options);
            (Tensor expected, Tensor expectedLogProbs) = Sampler.DrawByOperations(logits.clone(), uniforms, options);
            Assert.Equal(expected.data<long>().ToArray(), tokens.data<long>().ToArray());
            Assert.True(logProbs.allclose(expectedLogProbs, 1e-5, 1e-5));
        }, iter: 200);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_row_that_is_not_a_distribution_says_so_in_its_log_probability(double temperature)
    {
        foreach (float bad in (ReadOnlySpan<float>)[float.NaN, float.PositiveInfinity])
            Assert.Equal([float.NaN], Draw([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, bad, 1], [0.5], new SamplingOptions { Temperature = temperature }).LogProbs);
    }

    [Fact]
    public void A_point_within_rounding_of_the_end_is_the_last_word_that_is_left()
    {
        float[] logits = [.. Enumerable.Range(0, 5000).Select(i => i < 3000 ? i % 7 : float.NegativeInfinity)];
        Assert.Equal([2999], Draw(logits, [double.BitDecrement(1)], new SamplingOptions()).Tokens);
    }

    /// <summary>On whatever device: there the rows are repeated, here they are searched.</summary>
    [Theory]
    [MemberData(nameof(Filters))]
    public void Several_draws_from_a_row_are_those_from_copies_of_it(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (SamplingOptions options in new[] { Options(name), Options(name) with { Temperature = 0 } })
        {
            int[] rows = [.. Enumerable.Range(0, 300).Select(i => i % 7 % 3)];
            double[] uniforms = [0, double.BitDecrement(1), .. Enumerable.Range(2, 298).Select(i => CounterRandom.Uniform(4, 1, (ulong)i, 0))];
            Tensor logits = stack([tensor(Logits), tensor(Logits).neg(), zeros(Logits.Length)], 0);
            (Tensor expected, Tensor logProbs) = Sampler.Draw(logits.index_select(0, tensor(rows.Select(r => (long)r).ToArray())), uniforms, options);
            (int[] tokens, float[] values) = Sampler.Draw(logits, rows, uniforms, options);
            Assert.Equal(expected.data<long>().ToArray(), tokens.Select(t => (long)t));
            Assert.Equal(logProbs.data<float>().ToArray(), values);
        }
    }

    private static (long[] Tokens, float[] LogProbs) Draw(float[] logits, double[] uniforms, SamplingOptions options)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor tokens, Tensor logProbs) = Sampler.Draw(tensor(logits).repeat(uniforms.Length, 1), uniforms, options);
        return (tokens.data<long>().ToArray(), logProbs.data<float>().ToArray());
    }

    private static double[] Distribution(float[] logits, SamplingOptions options) => Distribution(logits, options, out _);

    /// <summary>The definition, token by token: top-k, then top-p of what is left, then min-p.</summary>
    private static double[] Distribution(float[] logits, SamplingOptions options, out double margin)
    {
        double[] p = Normalise([.. logits.Select(l => double.Exp(l / options.Temperature))]);
        int[] order = [.. Enumerable.Range(0, p.Length).OrderByDescending(i => p[i]).ThenBy(i => i)];
        // How near the order of two tokens, or one of the limits, is to a tie.
        margin = order.Zip(order.Skip(1)).Select(pair => logits[pair.First] == logits[pair.Second] ? 1 : p[pair.First] - p[pair.Second]).Min();
        if (options.TopK > 0)
            foreach (int dropped in order.Skip(options.TopK)) p[dropped] = 0;
        p = Normalise(p);
        double before = 0, least = options.MinP * p[order[0]];
        HashSet<int> drop = [];
        foreach (int token in order)
        {
            if (p[token] == 0) break;
            if (options.TopP < 1 && token != order[0])
            {
                margin = double.Min(margin, double.Abs(before - options.TopP));
                if (before >= options.TopP) drop.Add(token);
            }
            margin = double.Min(margin, options.MinP > 0 ? double.Abs(p[token] - least) : 1);
            if (p[token] < least) drop.Add(token);
            before += p[token];
        }
        foreach (int token in drop) p[token] = 0;
        return Normalise(p);
    }

    private static double[] Normalise(double[] weights) => [.. weights.Select(w => w / weights.Sum())];
}

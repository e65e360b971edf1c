using Rlvr.Algorithms.Advantages;
using Rlvr.Models;
using Rlvr.Tensors;
using Rlvr.Tests.Models;
using Rlvr.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tests.Training;

public class PolicyUpdateTests
{
    private static readonly Recipe Token = new()
    {
        Rollout = new RolloutOptions { Temperature = 0.8 },
        Loss = new LossOptions { Aggregation = "token", Entropy = 0.01, Kl = 0.05 },
        Optimizer = new OptimizerOptions { ClipNorm = 0 },
    };

    [Theory]
    [InlineData(1)] // every row by itself
    [InlineData(60)]
    public void Micro_batches_do_not_matter_where_every_token_weighs_the_same(int tokens)
    {
        UpdateSample[] samples = Samples(3, 4);
        Outcome whole = Run(Token, samples), parts = Run(Token with { Compute = new ComputeOptions { MicroBatchTokens = tokens } }, samples);
        Same(whole, parts);
        Assert.True(whole.Metrics.Actor.Kl > 0 && whole.Metrics.GradientNorm > 0.01);
    }

    [Theory]
    [InlineData("token")]
    [InlineData("sequence_mean")]
    public void Chunks_of_a_large_micro_batch_add_up(string aggregation)
    {
        // 4,800 tokens: two chunks in one micro-batch, or five micro-batches of one chunk.
        UpdateSample[] samples = Samples(2, 12, length: 150);
        Assert.True(samples.Sum(s => s.Tokens.Length) > PolicyUpdate.CpuChunkTokens);
        Recipe recipe = Token with { Loss = Token.Loss with { Aggregation = aggregation } };
        Same(Run(recipe, samples), Run(recipe with { Compute = new ComputeOptions { MicroBatchTokens = 1100 } }, samples));
    }

    /// <summary>Equal rollouts go through the model once; by itself, each goes through it as often as it is there.</summary>
    [Theory]
    [InlineData("none")]
    [InlineData("high entropy")]
    [InlineData("several updates")]
    public void Equal_rollouts_count_as_often_as_they_are_there(string what)
    {
        UpdateSample[] samples = Samples(2, 4);
        samples = [.. samples, .. samples.Take(5).Select((s, i) => s with { Advantages = [.. s.Advantages.Select(a => (a * 0.5f) - i)] }), samples[1], samples[6] with { Prompt = samples[0].Prompt }];
        RowBatch batch = new(samples, [.. Enumerable.Range(0, samples.Length)], CPU);
        Assert.Equal((8 + 1, 15), (((SharedPrefixBatch)batch.Batch).InputLengths.Count, samples.Length));
        Recipe recipe = what switch
        {
            "several updates" => Token with { Loss = Token.Loss with { UpdatesPerStep = 3 } },
            "high entropy" => Token with { Loss = Token.Loss with { HighEntropyShare = 0.5 } },
            _ => Token,
        };
        // Where tokens of a micro-batch are compared, both ways have the same micro-batches: then rows that differ in nothing but the array stand for rows by themselves.
        UpdateSample[] apart = what == "high entropy" ? [.. samples.Select(s => s with { Prompt = [.. s.Prompt] })] : samples;
        Same(Run(recipe, samples), Run(what == "high entropy" ? recipe : recipe with { Compute = new ComputeOptions { MicroBatchTokens = 1 } }, apart));
    }

    /// <summary>What is known of the reference and of the policy before is not computed again, also where rows have lost their tokens since.</summary>
    [Theory]
    [InlineData(2, 1)]
    [InlineData(2, 3)]
    public void Known_log_probabilities_give_what_computed_ones_do(int updates, int epochs)
    {
        UpdateSample[] samples = Samples(2, 4);
        UpdateSample[] learnt = [.. samples.Select((s, i) => i == 2 ? s.WithoutTokens() : s)];
        Recipe recipe = Token with { Loss = Token.Loss with { UpdatesPerStep = updates * epochs, Epochs = epochs } };
        using Transformer policy = TinyModels.Create(), reference = TinyModels.Create(seed: 2), other = TinyModels.Create();
        policy.RequireGradients(true);
        other.RequireGradients(true);
        using FusedAdamW optimizer = new(policy.Parameters.Select(p => (p.Key, p.Value))), second = new(other.Parameters.Select(p => (p.Key, p.Value)));
        PolicyUpdate known = new(policy, reference, optimizer, recipe), computed = new(other, reference, second, recipe);
        UpdateMetrics a = known.Run(learnt, 1e-3, 1, known.LogProbs(samples), known.ReferenceLogProbs(samples)), b = computed.Run(learnt, 1e-3, 1);
        Assert.Equal(b.Actor.Kl, a.Actor.Kl, 1e-6);
        Assert.All(policy.Parameters, p => Assert.True(TinyModels.Largest(p.Value.detach().sub(other.Parameters[p.Key].detach())) < 1e-4, p.Key));
    }

    /// <summary>Long prompts with short rollouts: no prompt goes through the model in more chunks than its rows fill.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Chunks_keep_the_rollouts_of_a_prompt_together(bool tree)
    {
        UpdateSample[] samples = [.. Enumerable.Range(0, 4).SelectMany(p =>
        {
            int[] prompt = TinyModels.Tokens(3000, (ulong)p);
            return Enumerable.Range(0, 6).Select(i => new UpdateSample(prompt, TinyModels.Tokens(20, (ulong)(100 + (p * 6) + i)), new float[20], 1));
        })];
        List<int> seen = [];
        RowChunks chunks = new(CPU, Token, tree);
        chunks.Evaluate(samples, batch =>
        {
            seen.Add(batch.Segments().Count(s => s.Before.Length == 0));
            return zeros(batch.Targets.size(0));
        });
        Assert.Equal([1, 1, 1, 1], seen);
    }

    [Fact]
    public void The_order_of_rows_does_not_matter()
    {
        UpdateSample[] samples = Samples(3, 4);
        Same(Run(Token, samples), Run(Token, [.. CounterRandom.Permutation(samples.Length, 1, 2).Select(i => samples[i])]));
    }

    [Fact]
    public void Released_weights_are_a_token_mean_in_each_micro_batch_times_its_share_of_the_rows()
    {
        UpdateSample[] samples = Samples(3, 4);
        int[][] parts = [[0, 5, 7], [1, 2, 3, 4, 6, 8, 9, 10], [11]];
        Recipe recipe = Token with { Loss = new LossOptions { Entropy = 0, Kl = 0 } };
        Outcome outcome = Run(recipe, samples, divide: _ => parts);
        // The ratio is 1, so a token's policy loss is minus its advantage.
        double expected = parts.Sum(part =>
            (double)part.Length / samples.Length * part.Sum(i => -samples[i].Advantages.Sum(a => (double)a)) / part.Sum(i => samples[i].Tokens.Length));
        Assert.Equal(expected, outcome.Metrics.Actor.Policy, 1e-5);
        Assert.Equal(expected, outcome.Metrics.Actor.Loss, 1e-5);
        Assert.NotEqual(expected, Run(recipe, samples, divide: _ => [[.. Enumerable.Range(0, 12)]]).Metrics.Actor.Policy, 1e-3);
    }

    [Fact]
    public void One_update_has_ratio_one_and_later_ones_have_not()
    {
        UpdateSample[] samples = Samples(4, 2);
        UpdateMetrics one = Run(Token, samples).Metrics;
        Assert.Equal((1, 1, 0), (one.Actor.Ratio, one.RatioMax, one.Actor.ClipFraction), new Near(1e-6));
        Assert.Equal(0, one.Actor.ApproximateKl, 1e-7);

        Recipe four = Token with { Loss = Token.Loss with { UpdatesPerStep = 4, ClipLow = 0.001, ClipHigh = 0.001 } };
        Outcome outcome = Run(four, samples, learningRate: 0.01);
        Assert.Equal(4, outcome.Steps);
        Assert.True(outcome.Metrics.RatioMax > 1.01);
        Assert.True(outcome.Metrics.Actor.ClipFraction > 0);
    }

    [Fact]
    public void The_gradient_is_clipped_and_the_norm_is_that_before()
    {
        UpdateSample[] samples = Samples(3, 4);
        Outcome free = Run(Token, samples), clipped = Run(Token with { Optimizer = new OptimizerOptions { ClipNorm = 0.01 } }, samples);
        Assert.Equal(free.Metrics.GradientNorm, clipped.Metrics.GradientNorm, 1e-6);
        double norm = double.Sqrt(clipped.Gradients.Values.Sum(g => g.Sum(x => (double)x * x)));
        Assert.Equal(0.01, norm, 1e-5);
    }

    [Fact]
    public void The_samplers_log_probs_are_compared()
    {
        UpdateSample[] samples = Samples(2, 3);
        UpdateMetrics right = Run(Token, samples).Metrics;
        Assert.InRange(right.SamplerDifferenceMax, 0, TinyModels.Rounding);
        samples[4].SamplerLogProbs[1] += 0.5f;
        UpdateMetrics wrong = Run(Token, samples).Metrics;
        Assert.Equal(0.5, wrong.SamplerDifferenceMax, 1e-4);
        Assert.Equal(0.5 / samples.Sum(s => s.Tokens.Length), wrong.SamplerDifference, 1e-5);
    }

    [Fact]
    public void Without_a_KL_term_no_reference_is_needed()
    {
        Outcome outcome = Run(Token with { Loss = Token.Loss with { Kl = 0 } }, Samples(2, 3), reference: false);
        Assert.Equal(0, outcome.Metrics.Actor.Kl);
        Assert.True(outcome.Metrics.GradientNorm > 0);
    }

    [Fact]
    public void Only_the_tokens_of_high_entropy_learn_where_the_recipe_says_so()
    {
        UpdateSample[] samples = Samples(3, 4);
        Recipe policyOnly = Token with { Loss = Token.Loss with { Entropy = 0, Kl = 0 } };
        double Norm(double share, int tokens = 24_000) => Run(policyOnly with
        {
            Loss = policyOnly.Loss with { HighEntropyShare = share },
            Compute = new ComputeOptions { MicroBatchTokens = tokens },
        }, samples).Metrics.GradientNorm;
        Assert.Equal(Run(policyOnly, samples).Metrics.GradientNorm, Norm(1), 1e-12);
        Assert.True(Norm(0.2) < Norm(1) && Norm(0.2) > 0);
        Assert.NotEqual(Norm(0.2), Norm(0.2, tokens: 1), 1e-6); // a quantile of each micro-batch
    }

    [Fact]
    public void Micro_batches_are_not_cut_for_losses_that_compare_tokens()
    {
        // 4,800 tokens: two chunks, of which the second alone would have other covariances.
        UpdateSample[] samples = Samples(2, 12, length: 150);
        Recipe covariance = Token with { Loss = Token.Loss with { PolicyLoss = "kl_cov", PolicyParameters = ["share=0.3", "coefficient=5"], UpdatesPerStep = 2, Epochs = 2 } };
        Outcome whole = Run(covariance, samples, learningRate: 0.01);
        Assert.Equal((int)(0.3 * samples.Sum(s => s.Tokens.Length)), whole.Metrics.Actor.ClipFraction * samples.Sum(s => s.Tokens.Length), 1e-2);
    }

    [Theory]
    [InlineData("token", 0.5, 2)]   // e^0.5 is below the bound
    [InlineData("token", 1, 2)]     // e^1 is not
    [InlineData("sequence", 0.1, 100)]
    public void A_samplers_difference_weighs_the_policy_term(string level, double difference, double bound)
    {
        // The sampler found every token of every row less likely by this than the trainer does.
        UpdateSample[] samples = [.. Samples(2, 3).Select(s => s with { SamplerLogProbs = [.. s.SamplerLogProbs.Select(lp => lp - (float)difference)] })];
        Recipe plain = Token with { Loss = Token.Loss with { Entropy = 0, Kl = 0 } };
        double Policy(string correction) => Run(plain with
        {
            Loss = plain.Loss with { SamplerCorrection = correction, SamplerCorrectionHigh = bound },
        }, samples).Metrics.Actor.Policy;
        double tokens = samples.Sum(s => s.Tokens.Length);
        double expected = samples.Sum(s => s.Advantages.Sum(a => -a * double.Min(bound, double.Exp(difference * (level == "token" ? 1 : s.Tokens.Length))))) / tokens;
        Assert.Equal(expected, Policy(level), 1e-4);
        Assert.NotEqual(Policy("none"), Policy(level), 1e-3);
    }

    [Fact]
    public void Rows_that_the_policy_has_left_behind_stay_out()
    {
        // For rows 1 and 4 the sampler's tokens were much likelier.
        UpdateSample[] samples = [.. Samples(2, 3).Select((s, i) => i is 1 or 4 ? s with { SamplerLogProbs = [.. s.SamplerLogProbs.Select(lp => lp + 2)] } : s)];
        Recipe plain = Token with { Loss = Token.Loss with { Entropy = 0, Kl = 0, OffPolicyThreshold = 1 } };
        double expected = samples.Where((s, i) => i is not (1 or 4) || s.Advantages[0] >= 0).Sum(s => -s.Advantages.Sum()) / samples.Sum(s => s.Tokens.Length);
        Assert.Equal(expected, Run(plain, samples).Metrics.Actor.Policy, 1e-4);
        Assert.Contains(samples.Where((_, i) => i is 1 or 4), s => s.Advantages[0] < 0);
    }

    [Fact]
    public void A_KL_without_a_reference_is_refused()
    {
        foreach (LossOptions loss in new[] { Token.Loss, Token.Loss with { Kl = 0, KlInReward = 0.1 } })
            Assert.Contains("there is no reference model", Assert.Throws<RlvrException>(() => Run(Token with { Loss = loss }, Samples(2, 3), reference: false)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_without_tokens_have_no_loss()
    {
        UpdateSample[] samples = Samples(2, 3);
        UpdateSample[] more = [.. samples, samples[0].WithoutTokens()];
        Same(Run(Token, samples), Run(Token, more));
        Recipe alone = Token with { Compute = new ComputeOptions { MicroBatchTokens = 1 } };
        Same(Run(alone, samples), Run(alone, more));
    }

    [Theory]
    [InlineData(true, "the policy term")]
    [InlineData(false, "the KL term")]
    public void NaN_stops_the_update_before_it_spreads(bool inPolicy, string term)
    {
        using DisposeScope scope = NewDisposeScope();
        using Transformer policy = TinyModels.Create(), reference = policy.Clone();
        UpdateSample[] samples = Samples(3, 4);
        // Only the rows with this token are affected.
        int poisoned = samples[6].Tokens[0];
        using (no_grad()) (inPolicy ? policy : reference).Parameters["model.embed_tokens.weight"][poisoned].fill_(float.NaN);
        policy.RequireGradients(true);
        float[][] before = [.. policy.Parameters.Values.Select(Values)];
        using FusedAdamW optimizer = new(policy.Parameters.Select(p => (p.Key, p.Value)));
        PolicyUpdate update = new(policy, reference, optimizer, Token);
        NonFiniteException error = Assert.Throws<NonFiniteException>(() => update.Run(samples, 0.1));
        Assert.Equal(term, error.Term);
        Assert.Contains(term + " is NaN", error.Message, StringComparison.Ordinal);
        Assert.NotEmpty(error.Rows);
        // With tied embeddings the output of every row has it; the row of the token at least is named.
        Assert.Contains(6, error.Rows);
        Assert.Equal(0, optimizer.StepCount);
        Assert.All(before.Zip(policy.Parameters.Values), pair => Assert.Equal(pair.First, Values(pair.Second)));
    }

    [Fact]
    public void Only_the_rows_at_fault_are_named()
    {
        using DisposeScope scope = NewDisposeScope();
        using Transformer policy = TinyModels.Create("llama MHA untied"), reference = policy.Clone();
        UpdateSample[] samples = Samples(3, 4);
        int poisoned = TinyModels.Vocabulary - 1;
        samples = [.. samples.Select((s, i) => s with { Tokens = [.. s.Tokens.Select(t => t == poisoned ? 0 : t)] })];
        samples[7].Tokens[0] = samples[9].Tokens[0] = poisoned;
        samples = [.. samples.Select(s => s with { Prompt = samples[0].Prompt })];
        using (no_grad()) policy.Parameters["model.embed_tokens.weight"][poisoned].fill_(float.PositiveInfinity);
        policy.RequireGradients(true);
        using FusedAdamW optimizer = new(policy.Parameters.Select(p => (p.Key, p.Value)));
        NonFiniteException error = Assert.Throws<NonFiniteException>(() => new PolicyUpdate(policy, reference, optimizer, Token).Run(samples, 0.1));
        Assert.Equal([7, 9], error.Rows.Order());
    }

    /// <summary>Groups of rollouts of different lengths; log-probs are the model's own, so the difference to the sampler is 0.</summary>
    private static UpdateSample[] Samples(int prompts, int group, int length = 0)
    {
        List<UpdateSample> samples = [];
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using Transformer model = TinyModels.Create();
        for (int p = 0; p < prompts; p++)
        {
            int[] prompt = TinyModels.Tokens(3 + (2 * p), 50 + (ulong)p);
            double[] scores = [.. Enumerable.Range(0, group).Select(i => CounterRandom.Uniform(3, (ulong)p, (ulong)i, 0))];
            double[] advantages = Grpo.Compute(scores, new int[group]);
            for (int i = 0; i < group; i++)
            {
                int[] tokens = TinyModels.Tokens(length > 0 ? length + (9 * i) : 2 + ((i * 5) % 7), (ulong)((100 * p) + i));
                SharedPrefixBatch batch = new([prompt], [(0, tokens)], CPU);
                Tensor hidden = model.Hidden(batch);
                samples.Add(new UpdateSample(prompt, tokens, Values(new TokenLogProbs(model, hidden, batch, 0.8).LogProbs), advantages[i]));
            }
        }
        return [.. samples];
    }

    private sealed record Outcome(UpdateMetrics Metrics, long Steps, Dictionary<string, float[]> Gradients);

    /// <summary>Runs a step from the same weights; the reference is another model, so that KL is not 0.</summary>
    private static Outcome Run(Recipe recipe, UpdateSample[] samples, double learningRate = 1e-3, bool reference = true, Func<IReadOnlyList<int>, IReadOnlyList<int[]>>? divide = null)
    {
        using DisposeScope scope = NewDisposeScope();
        using Transformer policy = TinyModels.Create(), other = TinyModels.Create(seed: 2);
        policy.RequireGradients(true);
        using FusedAdamW optimizer = new(policy.Parameters.Select(p => (p.Key, p.Value)));
        UpdateMetrics metrics = new PolicyUpdate(policy, reference ? other : null, optimizer, recipe, divide).Run(samples, learningRate);
        return new Outcome(metrics, optimizer.StepCount, policy.Parameters.ToDictionary(p => p.Key, p => Values(p.Value.grad!)));
    }

    private static void Same(Outcome expected, Outcome actual)
    {
        Assert.Equal(expected.Metrics.Actor.Loss, actual.Metrics.Actor.Loss, 1e-5);
        Assert.Equal(expected.Metrics.Actor.Policy, actual.Metrics.Actor.Policy, 1e-5);
        Assert.Equal(expected.Metrics.Actor.Entropy, actual.Metrics.Actor.Entropy, 1e-5);
        Assert.Equal(expected.Metrics.Actor.Kl, actual.Metrics.Actor.Kl, 1e-5);
        Assert.Equal(expected.Metrics.GradientNorm, actual.Metrics.GradientNorm, 1e-4);
        foreach ((string name, float[] gradient) in expected.Gradients)
        {
            double size = gradient.Max(float.Abs), difference = gradient.Zip(actual.Gradients[name]).Max(p => float.Abs(p.First - p.Second));
            Assert.True(difference <= 1e-6 + (1e-4 * size), $"gradient of {name}: off by {difference:g3}, largest is {size:g3}");
        }
    }

    private static float[] Values(Tensor tensor) => tensor.detach().contiguous().data<float>().ToArray();

    private sealed class Near(double tolerance) : IEqualityComparer<(double, double, double)>
    {
        public bool Equals((double, double, double) x, (double, double, double) y) =>
            double.Abs(x.Item1 - y.Item1) <= tolerance && double.Abs(x.Item2 - y.Item2) <= tolerance && double.Abs(x.Item3 - y.Item3) <= tolerance;

        public int GetHashCode((double, double, double) x) => 0;
    }
}

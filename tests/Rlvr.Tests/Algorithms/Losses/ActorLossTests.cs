using System.Text.Json;
using Rlvr.Algorithms;
using Rlvr.Algorithms.Losses;
using Rlvr.Tensors;
using Rlvr.Training;
using static TorchSharp.torch;

namespace Rlvr.Tests.Algorithms.Losses;

/// <summary>Whole policy updates of the released code on a model of two tables: logits = token_table[id] + position_table[position].</summary>
public class ActorLossTests
{
    public static TheoryData<bool> Layouts => [false, true];

    [Theory, MemberData(nameof(Layouts))]
    public void Whole_updates_equal_the_released_code(bool packed)
    {
        foreach (GoldenCase c in Golden.Read("seed_actor_update.json")) Check(c, packed);
    }

    [Fact]
    public void Micro_batches_add_up_to_the_global_token_mean()
    {
        using var scope = NewDisposeScope();
        int[] lengths = [3, 1, 4, 2];
        Tensor logProbs = linspace(-2, -0.1, 10, ScalarType.Float64), advantages = linspace(-1, 1.5, 10, ScalarType.Float64);
        var options = new ActorLossOptions { Entropy = 0, Kl = 0 };

        Tensor whole = Loss([.. lengths], logProbs, advantages);
        Tensor parts = Loss([3, 1], logProbs[..4], advantages[..4]) + Loss([4, 2], logProbs[4..], advantages[4..]);

        Golden.Close(whole.item<double>(), parts.item<double>(), "sum of micro-batches");
        Golden.Close(-advantages.mean().item<double>(), whole.item<double>(), "ratio 1: minus the mean advantage");

        Tensor Loss(int[] rows, Tensor lp, Tensor a) => ActorLoss.Compute(
            lp, a, Aggregation.Weights(AggregationMode.Token, TokenLayout.Packed(rows), lp, lengths.Length, lengths.Sum()), options).Loss;
    }

    [Fact]
    public void Without_old_log_probabilities_the_ratio_is_exactly_one_and_has_a_gradient()
    {
        using var scope = NewDisposeScope();
        Tensor logProbs = tensor([-1f, -2f, -3f]).requires_grad_(), advantages = tensor([1f, -1f, 2f]), weights = ones(3) / 3;

        ActorLossTerms terms = ActorLoss.Compute(logProbs, advantages, weights, new ActorLossOptions { Entropy = 0, Kl = 0 });
        terms.Loss.backward();
        ActorMetrics metrics = ActorMetrics.Read(terms.Metrics);

        Assert.Equal(0, metrics.ClipFraction);
        Assert.Equal(0, metrics.ApproximateKl);
        Assert.Equal(1, metrics.Ratio, 1e-6);
        Assert.True(logProbs.grad!.allclose(advantages.neg() / 3));
    }

    [Fact]
    public void A_term_without_its_tensor_is_refused()
    {
        using var scope = NewDisposeScope();
        Tensor x = ones(3);
        Assert.Contains("reference", Assert.Throws<ArgumentException>(() => ActorLoss.Compute(x, x, x, new ActorLossOptions())).Message);
        Assert.Contains("entropies", Assert.Throws<ArgumentException>(() => ActorLoss.Compute(x, x, x, new ActorLossOptions { Kl = 0 })).Message);
    }

    private static void Check(GoldenCase c, bool packed)
    {
        using var scope = NewDisposeScope();
        JsonElement config = c.Inputs.GetProperty("config"), optimizerConfig = config.GetProperty("optimizer");
        var options = new ActorLossOptions
        {
            Policy = config.TryGetProperty("pg_loss_coeff", out JsonElement coefficient) ? coefficient.GetDouble() : 1,
            ClipLow = config.GetProperty("clip_ratio").GetDouble(),
            ClipHigh = config.GetProperty("clip_ratio").GetDouble(),
            Entropy = config.GetProperty("entropy_coeff").GetDouble(),
            Kl = config.GetProperty("use_kl_loss").GetBoolean() ? config.GetProperty("kl_loss_coef").GetDouble() : 0,
            KlEstimator = LossTests.Estimator(config.GetProperty("kl_loss_type").GetString()!),
        };
        Tensor tokens = c.Tensor("token_table", gradient: true), positions = c.Tensor("position_table", gradient: true);
        Tensor ids = c.Tensor("input_ids", ScalarType.Int64), places = c.Tensor("position_ids", ScalarType.Int64);
        Tensor attention = c.Tensor("attention_mask"), responses = c.Tensor("responses", ScalarType.Int64);
        Tensor old = c.Tensor("old_log_probs"), reference = c.Tensor("ref_log_prob"), advantages = c.Tensor("advantages");
        int promptWidth = c.Integer("prompt_width"), width = c.Integer("response_width");
        double[] betas = Golden.Flatten(optimizerConfig.GetProperty("betas"));
        using var optimizer = new FusedAdamW([("tokens", tokens), ("positions", positions)], betas[0], betas[1],
            optimizerConfig.GetProperty("eps").GetDouble(), optimizerConfig.GetProperty("weight_decay").GetDouble());

        int miniRows = config.GetProperty("ppo_mini_batch_size").GetInt32();
        var metrics = new List<(ActorMetrics Metrics, double Share)>();
        int step = 0;
        for (int start = 0; start < ids.shape[0]; start += miniRows, step++)
        {
            optimizer.ZeroGradients();
            foreach (int[] batch in MicroBatchRows(config, attention.narrow(0, start, miniRows)))
            {
                Tensor rows = tensor(batch.Select(r => (long)(r + start)).ToArray());
                Tensor mask = attention.index_select(0, rows).narrow(1, promptWidth, width);
                Tensor logits = (tokens.index_select(0, ids.index_select(0, rows).flatten()) + positions.index_select(0, places.index_select(0, rows).flatten()))
                    .reshape(batch.Length, promptWidth + width, -1).narrow(1, promptWidth - 1, width);
                (Tensor logProbs, Tensor entropies) = LogProbs.WithEntropy(logits, responses.index_select(0, rows), c.Number("temperature"));
                if (step == 0)
                {
                    Golden.Close(c.Expected.GetProperty("log_prob_before"), logProbs, c.Name, rows, mask);
                    Golden.Close(c.Expected.GetProperty("entropy_before"), entropies, c.Name, rows, mask);
                }
                TokenLayout layout = packed ? TokenLayout.Packed([.. mask.sum(-1).data<double>().Select(n => (int)n)]) : TokenLayout.Padded(mask);
                Tensor lp = Pick(logProbs);
                ActorLossTerms terms = ActorLoss.Compute(lp, Pick(advantages.index_select(0, rows)),
                    Aggregation.Weights(AggregationMode.MicroBatch, layout, lp, miniRows, 0), options, Pick(old.index_select(0, rows)),
                    options.Kl == 0 ? null : Pick(reference.index_select(0, rows)), Pick(entropies));
                terms.Loss.backward();
                metrics.Add((ActorMetrics.Read(terms.Metrics), (double)batch.Length / miniRows));

                Tensor Pick(Tensor x) => packed ? x.masked_select(mask.to_type(ScalarType.Bool)) : x;
            }
            JsonElement expected = c.Expected.GetProperty("optimizer_steps")[step], gradients = expected.GetProperty("grad_before_clip"), parameters = expected.GetProperty("params_after_step");
            string what = $"{c.Name}: update {step}";
            Golden.Close(gradients.GetProperty("token_table"), tokens.grad!, what + " gradient of tokens");
            Golden.Close(gradients.GetProperty("position_table"), positions.grad!, what + " gradient of positions");
            Golden.Close(expected.GetProperty("grad_norm").GetDouble(), GradientNorm.Clip(optimizer.Parameters, config.GetProperty("grad_clip").GetDouble()), what + " norm");
            optimizer.Step(optimizerConfig.GetProperty("lr").GetDouble());
            Golden.Close(parameters.GetProperty("token_table"), tokens, what + " tokens");
            Golden.Close(parameters.GetProperty("position_table"), positions, what + " positions");
        }

        JsonElement perMicroBatch = c.Expected.GetProperty("metrics_per_micro_batch");
        CheckMetric("actor/loss", (m, _) => m.Loss);
        CheckMetric("actor/pg_loss", (m, share) => m.Policy / share);
        CheckMetric("actor/entropy_loss", (m, share) => m.Entropy / share);
        CheckMetric("actor/ppo_kl", (m, share) => m.ApproximateKl / share);
        CheckMetric("actor/pg_clipfrac", (m, share) => m.ClipFraction / share, 1e-6);
        if (c.Expects("kl_loss_of_the_last_micro_batch"))
            Golden.Close(c.Expected.GetProperty("kl_loss_of_the_last_micro_batch").GetDouble(), metrics[^1].Metrics.Kl / metrics[^1].Share, c.Name + " kl");

        void CheckMetric(string name, Func<ActorMetrics, double, double> of, double rtol = 1e-9)
        {
            double[] expected = Golden.Flatten(perMicroBatch.GetProperty(name));
            Assert.Equal(expected.Length, metrics.Count);
            for (int i = 0; i < expected.Length; i++) Golden.Close(expected[i], of(metrics[i].Metrics, metrics[i].Share), $"{c.Name}: {name}[{i}]", rtol);
        }
    }

    private static IReadOnlyList<int[]> MicroBatchRows(JsonElement config, Tensor attention)
    {
        int rows = (int)attention.shape[0];
        if (config.GetProperty("use_dynamic_bsz").GetBoolean())
            return MicroBatches.Pack([.. attention.sum(-1).data<double>().Select(n => (int)n)], config.GetProperty("ppo_max_token_len_per_gpu").GetInt32());
        return [.. Enumerable.Range(0, rows).Chunk(config.GetProperty("ppo_micro_batch_size_per_gpu").GetInt32())];
    }
}

using Rlvr.Algorithms;
using Rlvr.Algorithms.Losses;
using Rlvr.Tensors;
using static TorchSharp.torch;

namespace Rlvr.Tests.Algorithms.Losses;

public class LossTests
{
    [Fact]
    public void Clipped_policy_equals_the_released_code()
    {
        foreach (GoldenCase c in Golden.Read("seed_policy_loss.json"))
        {
            using var scope = NewDisposeScope();
            Tensor logProbs = c.Tensor("log_prob", gradient: true), old = c.Tensor("old_log_prob"), mask = c.Tensor("eos_mask");
            double clip = c.Number("cliprange");
            TokenLosses tokens = new ClippedPolicy(clip, clip).Compute(new PolicyLossInputs(logProbs, old, c.Tensor("advantages"), TokenLayout.Padded(mask)));
            Tensor loss = Masked.Mean(tokens.Losses, mask);
            loss.backward();
            c.Check("pg_loss", loss);
            c.Check("pg_clipfrac", Masked.Mean(tokens.Clipped.to(float64), mask), rtol: 1e-6);
            c.Check("ppo_kl", Masked.Mean(old - logProbs, mask));
            if (c.Expects("grad_log_prob")) c.Check("grad_log_prob", logProbs.grad!);
        }
    }

    [Fact]
    public void Kl_penalties_equal_the_released_code()
    {
        // A newer trainer's estimators are the same; its names with a + raise an error there.
        foreach (GoldenCase c in Golden.Read("seed_kl.json").Concat(Golden.Read("verl_new_kl.json")).Where(c => c.Function is null && !c.Expects("error")))
        {
            using var scope = NewDisposeScope();
            Tensor logProbs = c.Tensor("logprob", gradient: true);
            Tensor penalty = Kl.Penalty(logProbs, c.Tensor("ref_logprob"), Estimator(c.Text("kl_penalty")));
            penalty.sum().backward();
            c.Check("penalty", penalty);
            c.Check("grad_logprob", logProbs.grad!);
        }
    }

    [Fact]
    public void Kl_in_the_reward_equals_the_released_code()
    {
        foreach (GoldenCase c in Golden.Read("seed_kl.json").Where(c => c.Function is "compute_rewards" or "apply_kl_penalty"))
        {
            using var scope = NewDisposeScope();
            Tensor scores = c.Tensor("token_level_scores");
            if (c.Function == "compute_rewards")
            {
                Tensor all = KlInReward.Compute(scores, c.Tensor("old_log_prob"), c.Tensor("ref_log_prob"), ones_like(scores), c.Number("kl_ratio")).Rewards;
                c.Check("rewards", all);
                continue;
            }
            Tensor attention = c.Tensor("attention_mask");
            int width = c.Integer("response_length");
            (Tensor rewards, Tensor kl) = KlInReward.Compute(scores, c.Tensor("old_log_probs"), c.Tensor("ref_log_prob"),
                attention.narrow(1, attention.shape[1] - width, width), c.Number("kl_coef"), Estimator(c.Text("kl_penalty")));
            c.Check("token_level_rewards", rewards);
            Golden.Close(c.Expected.GetProperty("metrics").GetProperty("critic/kl").GetDouble(), kl.item<double>(), c.Name);
        }
    }

    [Fact]
    public void The_adaptive_coefficient_equals_the_released_code()
    {
        foreach (GoldenCase c in Golden.Read("seed_kl.json").Where(c => c.Function == "AdaptiveKLController.update"))
        {
            double next = AdaptiveKl.Next(c.Number("init_kl_coef"), c.Number("current_kl"), c.Number("target_kl"), c.Integer("n_steps"), c.Number("horizon"));
            Golden.Close(c.Expected.GetProperty("value").GetDouble(), next, c.Name);
        }
    }

    [Fact]
    public void K3_far_off_the_reference_has_no_gradient_even_where_exp_overflows()
    {
        using var scope = NewDisposeScope();
        Tensor logProbs = tensor([-800f, 0f, -1f]).requires_grad_();
        Kl.Penalty(logProbs, tensor([0f, -800f, -1f]), KlEstimator.K3).sum().backward();

        Assert.Equal(new float[] { 0, 0, 0 }, logProbs.grad!.data<float>().ToArray());
    }

    [Fact]
    public void Entropy_equals_the_released_code()
    {
        foreach (GoldenCase c in Golden.Read("seed_entropy.json"))
        {
            using var scope = NewDisposeScope();
            Tensor logits = c.Tensor("logits", gradient: true), mask = c.Tensor("eos_mask");
            Tensor entropy = Entropy.FromLogits(logits);
            Tensor loss = Masked.Mean(entropy, mask);
            loss.backward();
            // With logits around 300 the reference itself loses digits.
            c.Check("entropy", entropy, atol: 1e-10);
            c.Check("entropy_loss", loss, atol: 1e-10);
            c.Check("grad_logits", logits.grad!, atol: 1e-10);
        }
    }

    [Fact]
    public void Log_probabilities_equal_the_released_code()
    {
        foreach (GoldenCase c in Golden.Read("seed_logprobs.json").Where(c => c.Function is null))
        {
            using var scope = NewDisposeScope();
            Tensor logits = c.Tensor("logits", gradient: true), labels = c.Tensor("labels", ScalarType.Int64);
            Tensor logProbs = LogProbs.FromLogits(logits, labels);
            (logProbs * c.Tensor("w")).sum().backward();
            c.Check("logprobs", logProbs, atol: 1e-10);
            c.Check("grad_logits", logits.grad!, atol: 1e-10);
            c.Check("logprobs", LogProbs.WithEntropy(logits, labels).LogProbs, atol: 1e-10);
        }
    }

    [Fact]
    public void Log_probabilities_of_a_response_equal_the_released_code()
    {
        foreach (GoldenCase c in Golden.Read("seed_logprobs.json").Where(c => c.Function == "log_probs_from_logits_response"))
        {
            using var scope = NewDisposeScope();
            int width = c.Integer("response_length");
            Tensor logits = c.Tensor("logits"), ids = c.Tensor("input_ids", ScalarType.Int64);
            long length = ids.shape[1];
            // The logits at a position predict the next token.
            Tensor logProbs = LogProbs.FromLogits(logits.narrow(1, length - width - 1, width), ids.narrow(1, length - width, width));
            c.Check("response_logprobs", logProbs);
        }
    }

    [Fact]
    public void Temperature_divides_the_logits()
    {
        using var scope = NewDisposeScope();
        GoldenCase c = Golden.Read("seed_logprobs.json")[0];
        Tensor logits = c.Tensor("logits"), labels = c.Tensor("labels", ScalarType.Int64);
        (Tensor logProbs, Tensor entropies) = LogProbs.WithEntropy(logits, labels, 0.6);

        Assert.True(logProbs.allclose(LogProbs.FromLogits(logits / 0.6, labels), rtol: 1e-12));
        Assert.True(logProbs.allclose(LogProbs.FromLogits(logits, labels, 0.6), rtol: 1e-12));
        Assert.True(entropies.allclose(Entropy.FromLogits(logits / 0.6), rtol: 1e-12));
        Assert.True(entropies.allclose(Entropy.FromLogits(logits, 0.6), rtol: 1e-12));
    }

    [Fact]
    public void Value_loss_equals_the_released_code()
    {
        foreach (GoldenCase c in Golden.Read("seed_value_loss.json"))
        {
            using var scope = NewDisposeScope();
            Tensor values = c.Tensor("vpreds", gradient: true), mask = c.Tensor("eos_mask");
            (Tensor losses, Tensor clipped) = ValueLoss.Compute(values, c.Tensor("returns"), c.Tensor("values"), c.Number("cliprange_value"));
            Tensor loss = Masked.Mean(losses, mask);
            loss.backward();
            c.Check("vf_loss", loss);
            c.Check("vf_clipfrac", Masked.Mean(clipped.to(float64), mask), rtol: 1e-6);
            c.Check("grad_vpreds", values.grad!);
        }
    }

    [Fact]
    public void Aggregation_equals_verl()
    {
        foreach (GoldenCase c in Golden.Read("verl_new_agg_loss.json"))
        {
            using var scope = NewDisposeScope();
            Tensor losses = c.Tensor("loss_mat"), mask = c.Tensor("loss_mask");
            TokenLayout layout = TokenLayout.Padded(mask);
            (AggregationMode mode, double constant) = c.Text("loss_agg_mode") switch
            {
                "token-mean" => (AggregationMode.Token, 1.0),
                "seq-mean-token-sum" => (AggregationMode.SequenceSum, 1),
                "seq-mean-token-mean" => (AggregationMode.SequenceMean, 1),
                // A sum over everything divided by a constant: as many rows as the batch has, undone.
                _ => (AggregationMode.SequenceConstant, c.HasInput("loss_scale_factor") ? c.Number("loss_scale_factor") : mask.shape[1]),
            };
            // With several data-parallel ranks verl multiplies by their number, because the gradients are averaged afterwards.
            bool global = c.HasInput("dp_size");
            double ranks = global && mode != AggregationMode.SequenceConstant ? c.Number("dp_size") : 1;
            long rows = mode == AggregationMode.SequenceConstant ? 1 : global ? c.Integer("global_batch_size") : mask.any(1).sum().item<long>();
            long tokens = global ? c.Integer("batch_num_tokens") : (long)mask.sum().item<double>();
            Tensor weights = Aggregation.Weights(mode, layout, losses, rows, tokens, constant);
            c.Check("loss", (losses * weights).sum() * ranks, rtol: 1e-7); // verl divides row sums by length + 1e-8
        }
    }

    internal static KlEstimator Estimator(string name) => name switch
    {
        "kl" => KlEstimator.K1,
        "mse" => KlEstimator.K2,
        "low_var_kl" => KlEstimator.K3,
        _ => Kl.Parse(name),
    };
}

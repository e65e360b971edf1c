using System.Text.Json;
using Rlvr.Algorithms;
using Rlvr.Algorithms.Losses;
using Rlvr.Tensors;
using static TorchSharp.torch;

namespace Rlvr.Tests.Algorithms.Losses;

/// <summary>The policy losses of a newer trainer, by their names there, in both layouts.</summary>
public class VerlPolicyLossTests
{
    [Theory]
    [InlineData("vanilla")]
    [InlineData("gspo")]
    [InlineData("sapo")]
    [InlineData("gpg")]
    [InlineData("cispo")]
    [InlineData("geo_mean")]
    [InlineData("kl_cov")]
    [InlineData("clip_cov")]
    public void Values_and_gradients_equal_verl(string loss)
    {
        foreach (GoldenCase c in Golden.Read("verl_new_policy_losses.json").Where(c => c.Property("loss") == loss))
        {
            Check(c, packed: false);
            Check(c, packed: true);
        }
    }

    private static void Check(GoldenCase c, bool packed)
    {
        using var scope = NewDisposeScope();
        Tensor logProbs = c.Tensor("log_prob", gradient: true), mask = c.Tensor("response_mask");
        int[] lengths = [.. mask.sum(-1).data<double>().Select(n => (int)n)];
        TokenLayout layout = packed ? TokenLayout.Packed(lengths) : TokenLayout.Padded(mask);
        IPolicyLoss policy = Create(c);
        var inputs = new PolicyLossInputs(Pick(logProbs), Pick(c.Tensor("old_log_prob")), Pick(c.Tensor("advantages")), layout)
        {
            SamplerRatios = c.HasInput("rollout_is_weights") ? Pick(c.Tensor("rollout_is_weights")) : null,
        };
        TokenLosses tokens = policy.Compute(inputs);

        (AggregationMode mode, double constant) = c.Text("loss_agg_mode") switch
        {
            _ when policy.Aggregation is { } required => (required, 1),
            "token-mean" => (AggregationMode.Token, 1.0),
            "seq-mean-token-sum" => (AggregationMode.SequenceSum, 1),
            "seq-mean-token-mean" => (AggregationMode.SequenceMean, 1),
            _ => (AggregationMode.SequenceConstant, mask.shape[1]),
        };
        // The mean over rows of GMPO counts rows without tokens, the others do not.
        long rows = mode == AggregationMode.SequenceConstant ? 1 : policy is GeometricMean ? lengths.Length : lengths.Count(n => n > 0);
        Tensor weights = Aggregation.Weights(mode, layout, tokens.Losses, rows, lengths.Sum(), constant);
        Tensor value = (tokens.Losses * weights).sum();
        value.backward();

        // verl divides row sums by length + 1e-8, here by the length.
        c.Check("loss", value, rtol: 1e-7, atol: 1e-8);
        c.Check("grad_log_prob", logProbs.grad!, rtol: 1e-7, atol: 1e-9);
        JsonElement metrics = c.Expected.GetProperty("metrics");
        if (metrics.TryGetProperty("actor/pg_clipfrac", out JsonElement fraction) && policy is not GeometricMean)
            Golden.Close(fraction.GetDouble(), Masked.Mean(tokens.Clipped.to(float64), layout.Mask).item<double>(), c.Name + " clip fraction", rtol: 1e-6, atol: 1e-7);

        Tensor Pick(Tensor x) => packed ? x.masked_select(mask.to_type(ScalarType.Bool)) : x;
    }

    private static IPolicyLoss Create(GoldenCase c)
    {
        JsonElement config = c.Inputs.GetProperty("config"), cov = config.GetProperty("policy_loss");
        double low = config.GetProperty("clip_ratio_low").GetDouble(), high = config.GetProperty("clip_ratio_high").GetDouble();
        switch (c.Property("loss"))
        {
            case "vanilla": return new DualClip(low, high, config.GetProperty("clip_ratio_c").GetDouble());
            case "gspo": return new Gspo(low, high);
            case "sapo": return new Sapo(config.GetProperty("tau_pos").GetDouble(), config.GetProperty("tau_neg").GetDouble());
            case "gpg": return new PolicyGradient();
            case "cispo": return new Cispo(low, high);
            case "geo_mean": return new GeometricMean(low, high);
            case "kl_cov": return new KlCov(cov.GetProperty("kl_cov_ratio").GetDouble(), cov.GetProperty("ppo_kl_coef").GetDouble());
            default:
                var loss = new ClipCov(low, high, cov.GetProperty("clip_cov_ratio").GetDouble(), cov.GetProperty("clip_cov_lb").GetDouble(), cov.GetProperty("clip_cov_ub").GetDouble());
                return c.HasInput("permutation_of_candidates_in_row_major_order")
                    ? loss with { Order = (count, _) => Recorded(c.Integers("permutation_of_candidates_in_row_major_order"), count) }
                    : loss;
        }
    }

    private static int[] Recorded(int[] permutation, int count)
    {
        Assert.Equal(permutation.Length, count);
        return permutation;
    }
}

using Rlvr.Algorithms;
using Rlvr.Algorithms.Losses;
using static TorchSharp.torch;

namespace Rlvr.Tests.Algorithms;

/// <summary>Corrections for a sampler that differs from the trainer, against verl.</summary>
public class SamplerMismatchTests
{
    [Fact]
    public void Importance_weights_equal_verl()
    {
        int compared = 0;
        foreach (GoldenCase c in Golden.Read("verl_new_rollout_correction.json").Where(c => c.HasInput("rollout_is")))
        {
            using var scope = NewDisposeScope();
            Tensor mask = c.Tensor("response_mask");
            Tensor ratios = Correction(c.Text("rollout_is"), c.Number("rollout_is_threshold"), c.HasInput("rollout_is_batch_normalize"))
                .Ratios(c.Tensor("old_log_prob"), c.Tensor("rollout_log_prob"), TokenLayout.Padded(mask));
            c.Check("rollout_is_weights", ratios * mask, rtol: 1e-7);
            compared++;
        }
        Assert.True(compared >= 4);
    }

    [Fact]
    public void Rejections_equal_verl_in_both_layouts()
    {
        int compared = 0;
        foreach (GoldenCase c in Golden.Read("verl_new_rollout_correction.json").Where(c => c.HasInput("rollout_rs")))
        {
            using var scope = NewDisposeScope();
            Tensor mask = c.Tensor("response_mask"), lp = c.Tensor("old_log_prob"), sampler = c.Tensor("rollout_log_prob");
            Tensor padded = Rejected(c.Text("rollout_rs"), c.Text("rollout_rs_threshold"), lp, sampler, TokenLayout.Padded(mask));
            c.Check("response_mask", padded);

            int[] lengths = [.. mask.sum(-1).data<double>().Select(n => (int)n)];
            Tensor packed = Rejected(c.Text("rollout_rs"), c.Text("rollout_rs_threshold"), lp.masked_select(mask.gt(0)), sampler.masked_select(mask.gt(0)), TokenLayout.Packed(lengths));
            Assert.Equal(padded.masked_select(mask.gt(0)).data<double>().ToArray(), packed.data<double>().ToArray());
            compared++;
        }
        Assert.True(compared >= 10);
    }

    /// <summary>The sampler's log-probabilities as the old ones: verl's bypass mode.</summary>
    [Fact]
    public void Composed_losses_equal_verl()
    {
        foreach (GoldenCase c in Golden.Read("verl_new_policy_losses.json").Where(c => c.Property("loss") == "bypass_mode"))
        {
            using var scope = NewDisposeScope();
            System.Text.Json.JsonElement settings = c.Config("policy_loss").GetProperty("rollout_correction");
            Tensor lp = c.Tensor("log_prob", gradient: true), sampler = c.Tensor("old_log_prob"), mask = c.Tensor("response_mask");
            bool reinforce = settings.GetProperty("loss_type").GetString() == "reinforce";
            Tensor? ratios = null;
            if (reinforce && settings.TryGetProperty("rollout_is", out var level))
                ratios = Correction(level.GetString()!, settings.GetProperty("rollout_is_threshold").GetDouble(), settings.TryGetProperty("rollout_is_batch_normalize", out _))
                    .Ratios(lp, sampler, TokenLayout.Padded(mask));
            if (settings.TryGetProperty("rollout_rs", out var rejection))
                mask = Rejected(rejection.GetString()!, settings.GetProperty("rollout_rs_threshold").GetString()!, lp, sampler, TokenLayout.Padded(mask));
            var layout = TokenLayout.Padded(mask);
            IPolicyLoss policy = reinforce ? new PolicyGradient() : new DualClip();
            TokenLosses tokens = policy.Compute(new PolicyLossInputs(lp, sampler, c.Tensor("advantages"), layout) { SamplerRatios = ratios });
            Tensor loss = (tokens.Losses * Aggregation.Weights(AggregationMode.Token, layout, tokens.Losses, 1, (long)mask.sum().item<double>())).sum();
            loss.backward();
            c.Check("loss", loss, rtol: 1e-7);
            c.Check("grad_log_prob", lp.grad!, rtol: 1e-7);
        }
    }

    private static SamplerCorrection Correction(string level, double upper, bool normalize) =>
        new(level == "token" ? CorrectionLevel.Token : CorrectionLevel.Sequence, Upper: upper, Normalize: normalize);

    /// <summary>verl's rules: comma-separated names such as seq_mean_k3, with thresholds "upper" or "lower_upper".</summary>
    private static Tensor Rejected(string rules, string thresholds, Tensor lp, Tensor sampler, TokenLayout layout)
    {
        Tensor stays = layout.Ones(lp);
        foreach ((string rule, string threshold) in rules.Split(',').Zip(thresholds.Split(',')))
        {
            double[] bounds = [.. threshold.Split('_').Select(double.Parse)];
            RejectionLevel level = rule[..^3] switch
            {
                "token" => RejectionLevel.Token,
                "seq_sum" => RejectionLevel.SequenceSum,
                "seq_mean" => RejectionLevel.SequenceMean,
                _ => RejectionLevel.SequenceMax,
            };
            stays *= new SamplerRejection(rule[^1] - '0', level, bounds[^1], bounds.Length > 1 ? bounds[0] : null).Mask(lp, sampler, layout);
        }
        return stays;
    }
}

using Rlvr.Algorithms;
using Rlvr.Algorithms.Losses;
using static TorchSharp.torch;

namespace Rlvr.Tests.Algorithms;

/// <summary>Masks and factors of tokens, against TRL.</summary>
public class TokenMaskTests
{
    [Fact]
    public void High_entropy_masks_equal_trl()
    {
        foreach (GoldenCase c in Cases("get_high_entropy_mask"))
        {
            using var scope = NewDisposeScope();
            Tensor entropies = c.Tensor("entropies"), mask = c.Tensor("mask");
            // Their argument is the share to drop.
            c.Check("entropy_mask", HighEntropyMask.Compute(entropies, TokenLayout.Padded(mask), 1 - c.Number("threshold")));
            Tensor packed = HighEntropyMask.Compute(entropies.masked_select(mask.gt(0)), TokenLayout.OneRow(entropies.masked_select(mask.gt(0))), 1 - c.Number("threshold"));
            Assert.Equal(Golden.Flatten(c.Expected.GetProperty("entropy_mask")).Sum(), packed.sum().item<double>());
        }
    }

    [Fact]
    public void Off_policy_masks_equal_trl()
    {
        foreach (GoldenCase c in Cases("get_off_policy_mask"))
        {
            using var scope = NewDisposeScope();
            c.Check("off_policy_mask", OffPolicyMask.Compute(c.Tensor("advantages"), c.Tensor("per_token_logps"),
                c.Tensor("sampling_per_token_logps"), TokenLayout.Padded(c.Tensor("mask")), c.Number("off_policy_threshold")));
        }
    }

    [Fact]
    public void Vespo_weights_equal_trl()
    {
        foreach (GoldenCase c in Cases("get_gamma_weights"))
        {
            using var scope = NewDisposeScope();
            Tensor logRatios = c.Tensor("log_ratio_per_token");
            var loss = new Vespo(c.Number("k_pos"), c.Number("lambda_pos"), c.Number("k_neg"), c.Number("lambda_neg"));
            // TRL sums the sampler's logarithms over padding as well; here the mask counts, so the padding's ratios are set to 1.
            Tensor mask = c.Tensor("mask");
            bool sampler = c.HasInput("importance_sampling_ratio");
            Tensor weights = loss.Weights(new PolicyLossInputs(logRatios * mask, zeros_like(logRatios), c.Tensor("advantages"),
                TokenLayout.Padded(sampler ? ones_like(mask) : mask))
            { SamplerRatios = sampler ? c.Tensor("importance_sampling_ratio") : null });
            c.Check("phi_seq", weights);
        }
    }

    [Fact]
    public void Sampler_ratios_equal_trl()
    {
        foreach (GoldenCase c in Cases("vLLM importance sampling block"))
        {
            using var scope = NewDisposeScope();
            string mode = c.Text("mode");
            var correction = new SamplerCorrection(
                mode.StartsWith("token") ? CorrectionLevel.Token : CorrectionLevel.Sequence,
                mode.EndsWith("truncate") ? CorrectionMode.Truncate : CorrectionMode.Mask,
                c.HasInput("clip_min") ? c.Number("clip_min") : 0, c.Number("clip_max"));
            Tensor mask = c.Tensor("completion_mask"), lp = c.Tensor("old_per_token_logps"), sampler = c.Tensor("sampling_per_token_logps");
            Tensor ratios = correction.Ratios(lp, sampler, TokenLayout.Padded(mask));
            c.Check("importance_sampling_ratio", ratios);

            int[] lengths = [.. mask.sum(-1).data<double>().Select(n => (int)n)];
            Tensor packed = correction.Ratios(lp.masked_select(mask.gt(0)), sampler.masked_select(mask.gt(0)), TokenLayout.Packed(lengths));
            Assert.True(packed.allclose(ratios.expand_as(mask).masked_select(mask.gt(0)), rtol: 1e-12));
        }
    }

    [Fact]
    public void Log_probabilities_and_entropies_equal_trl()
    {
        foreach (GoldenCase c in Cases("selective_log_softmax, entropy_from_logits"))
        {
            using var scope = NewDisposeScope();
            Tensor ids = c.Tensor("index", ScalarType.Int64), w = c.Tensor("w");
            Tensor forLogProbs = c.Tensor("logits", gradient: true), forEntropies = c.Tensor("logits", gradient: true);
            Tensor logProbs = LogProbs.WithEntropy(forLogProbs, ids).LogProbs, entropies = LogProbs.WithEntropy(forEntropies, ids).Entropies;
            (logProbs * w).sum().backward();
            (entropies * w).sum().backward();
            c.Check("logps", logProbs);
            c.Check("entropies", entropies);
            c.Check("grad_logits_of_sum_w_logps", forLogProbs.grad!);
            c.Check("grad_logits_of_sum_w_entropies", forEntropies.grad!);
        }
    }

    private static List<GoldenCase> Cases(string function)
    {
        List<GoldenCase> cases = [.. Golden.Read("trl_masks.json").Where(c => c.Function == function)];
        Assert.NotEmpty(cases);
        return cases;
    }
}

using System.Text.Json;
using Rlvr.Algorithms;
using Rlvr.Algorithms.Losses;
using static TorchSharp.torch;

namespace Rlvr.Tests.Algorithms.Losses;

/// <summary>The whole loss of TRL's GRPO trainer, composed from this library's parts, in both layouts.</summary>
public class TrlLossTests
{
    [Theory]
    [InlineData("grpo")]
    [InlineData("bnpo")]
    [InlineData("dr_grpo")]
    [InlineData("dapo")]
    [InlineData("cispo")]
    [InlineData("sapo")]
    [InlineData("luspo")]
    [InlineData("vespo")]
    public void Values_and_gradients_equal_trl(string loss)
    {
        int compared = 0;
        foreach (GoldenCase c in Golden.Read("trl_losses.json").Where(c => c.Property("loss") == loss))
        {
            // At token level TRL's luspo averages over the padding, too: its value depends on the width of the batch.
            if (loss == "luspo" && c.Config("importance_sampling_level").GetString() == "token") continue;
            Check(c, packed: false);
            Check(c, packed: true);
            compared++;
        }
        Assert.True(compared > 0);
    }

    private static void Check(GoldenCase c, bool packed)
    {
        using var scope = NewDisposeScope();
        Tensor logProbs = c.Tensor("per_token_logps", gradient: true), mask = c.Tensor("completion_mask");
        if (c.HasInput("tool_mask")) mask *= c.Tensor("tool_mask");
        int[] lengths = [.. mask.sum(-1).data<double>().Select(n => (int)n)];
        TokenLayout layout = packed ? TokenLayout.Packed(lengths) : TokenLayout.Padded(mask);
        Tensor advantages = c.Tensor("advantages");
        if (advantages.dim() == 1) advantages = advantages.unsqueeze(-1);
        Tensor lp = Pick(logProbs), a = Pick(advantages.expand_as(mask)), entropies = Pick(c.Tensor("entropies"));
        Tensor? old = c.HasInput("old_per_token_logps") ? Pick(c.Tensor("old_per_token_logps")) : null;

        double keep = c.Config("top_entropy_quantile").GetDouble(), beta = c.Config("beta").GetDouble(), bonus = c.Config("entropy_coef").GetDouble();
        Tensor? entropyMask = keep < 1 ? HighEntropyMask.Compute(entropies, layout, keep) : null, factors = entropyMask;
        if (c.Config("off_policy_mask_threshold").ValueKind == JsonValueKind.Number)
        {
            Tensor sampler = c.HasInput("sampling_per_token_logps") ? Pick(c.Tensor("sampling_per_token_logps")) : old ?? lp.detach();
            Tensor near = OffPolicyMask.Compute(a, lp, sampler, layout, c.Config("off_policy_mask_threshold").GetDouble());
            factors = factors is null ? near : factors * near;
        }
        (IPolicyLoss policy, AggregationMode mode, double constant) = Create(c);
        double accumulation = mode == AggregationMode.Token && c.Property("loss") != "bnpo" ? 1 : c.Config("gradient_accumulation").GetDouble();
        long tokens = c.Property("loss") == "bnpo" ? lengths.Sum() : long.Max(1, c.Integer("num_items_in_batch"));
        Tensor weights = Aggregation.Weights(mode, layout, lp, lengths.Length, tokens, constant) / accumulation;
        ActorLossTerms terms = ActorLoss.Compute(new ActorBatch
        {
            LogProbs = lp,
            Advantages = a,
            Weights = weights,
            OldLogProbs = old,
            ReferenceLogProbs = beta == 0 ? null : Pick(c.Tensor("ref_per_token_logps")),
            Layout = layout,
            Factors = factors,
            SamplerRatios = c.HasInput("importance_sampling_ratio") ? Pick(c.Tensor("importance_sampling_ratio").expand_as(mask)) : null,
        }, new ActorLossOptions
        {
            PolicyLoss = policy,
            Kl = beta,
            Entropy = 0,
            KlTimesRatio = c.Config("use_bias_correction_kl").GetBoolean(),
        });
        Tensor loss = terms.Loss;
        if (bonus != 0)
        {
            // The bonus is a token mean of its own, whatever the aggregation of the other terms, over the tokens of the entropy mask.
            Tensor active = layout.Ones(lp) * (entropyMask ?? ones_like(lp, requires_grad: false));
            Tensor normaliser = mode == AggregationMode.Token && c.Property("loss") != "bnpo" ? tensor((double)tokens) : active.sum() * accumulation;
            loss -= (entropies * active).sum() / normaliser * bonus;
        }
        loss.backward();

        c.Check("loss", loss, rtol: 1e-9, atol: 1e-12);
        c.Check("grad_per_token_logps", logProbs.grad!, rtol: 1e-9, atol: 1e-12);

        Tensor Pick(Tensor x) => packed ? x.masked_select(mask.to_type(ScalarType.Bool)) : x;
    }

    private static (IPolicyLoss, AggregationMode, double) Create(GoldenCase c)
    {
        double low = c.Config("epsilon_low").GetDouble(), high = c.Config("epsilon_high").GetDouble();
        RatioLevel level = c.Config("importance_sampling_level").GetString() == "sequence" ? RatioLevel.Sequence : RatioLevel.Token;
        IPolicyLoss clipped = c.Config("delta").ValueKind == JsonValueKind.Number
            ? new DualClip(low, high, c.Config("delta").GetDouble())
            : new ClippedPolicy(low, high, level);
        return c.Property("loss") switch
        {
            "grpo" => (clipped, AggregationMode.SequenceMean, 1),
            "bnpo" or "dapo" => (clipped, AggregationMode.Token, 1),
            "dr_grpo" => (clipped, AggregationMode.SequenceConstant, c.Config("max_completion_length").GetDouble()),
            "cispo" => (new Cispo(10, high - 1, level), AggregationMode.Token, 1), // their bound is the weight itself
            "sapo" => (new Sapo(c.Config("sapo_temperature_pos").GetDouble(), c.Config("sapo_temperature_neg").GetDouble(), level), AggregationMode.SequenceMean, 1),
            "luspo" => (clipped, AggregationMode.SequenceSum, 1),
            _ => (new Vespo(c.Config("vespo_k_pos").GetDouble(), c.Config("vespo_lambda_pos").GetDouble(),
                            c.Config("vespo_k_neg").GetDouble(), c.Config("vespo_lambda_neg").GetDouble()), AggregationMode.Token, 1),
        };
    }
}

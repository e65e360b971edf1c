using Rlvr.Algorithms.Advantages;
using static TorchSharp.torch;

namespace Rlvr.Tests.Algorithms.Advantages;

/// <summary>The estimators of a newer trainer, by their names there.</summary>
public class VerlAdvantagesTests
{
    [Theory]
    [InlineData("grpo")]
    [InlineData("rloo")]
    [InlineData("opo")]
    [InlineData("gpg")]
    [InlineData("grpo_passk")]
    [InlineData("reinforce_plus_plus_baseline")]
    public void Row_estimators_equal_verl(string estimator)
    {
        foreach (GoldenCase c in Cases(estimator))
        {
            using var scope = NewDisposeScope();
            Tensor mask = c.Tensor("response_mask");
            double[] scores = c.Tensor("token_level_rewards").sum(-1).data<double>().ToArray();
            int[] groups = c.Integers("index"), lengths = [.. mask.sum(-1).data<double>().Select(x => (int)x)];
            bool normalize = Normalize(c);
            double[] advantages = estimator switch
            {
                "grpo" => normalize ? Grpo.Compute(scores, groups) : DrGrpo.Compute(scores, groups),
                "rloo" => Rloo.Compute(scores, groups),
                "opo" => Opo.Compute(scores, groups, lengths),
                "gpg" => GroupPolicyGradient.Compute(scores, groups),
                "grpo_passk" => GrpoPassK.Compute(scores, groups, normalize),
                _ => ReinforcePlusPlusBaseline.Compute(scores, groups, lengths),
            };
            // Their masked mean divides by the count + 1e-8.
            c.Check("advantages", RowAdvantages.ToPadded(advantages, mask), rtol: 1e-7, atol: 1e-9);
        }
    }

    [Theory]
    [InlineData("gae")]
    [InlineData("reinforce_plus_plus")]
    [InlineData("remax")]
    public void Token_estimators_equal_verl(string estimator)
    {
        foreach (GoldenCase c in Cases(estimator))
        {
            using var scope = NewDisposeScope();
            Tensor rewards = c.Tensor("token_level_rewards"), mask = c.Tensor("response_mask");
            TokenAdvantages result = estimator switch
            {
                "gae" => Gae.Compute(rewards, c.Tensor("values"), mask, c.Number("gamma"), c.Number("lam")),
                "remax" => ReMax.Compute(rewards, c.Tensor("reward_baselines"), mask),
                _ => ReinforcePlusPlus.Compute(rewards, mask, c.Inputs.GetProperty("config").GetProperty("gamma").GetDouble()),
            };
            c.Check("advantages", result.Advantages, rtol: 1e-7, atol: 1e-8);
            c.Check("returns", result.Returns);
        }
    }

    [Theory]
    [InlineData("optimal_token_baseline")]
    [InlineData("tir_optimal_token_baseline")]
    public void Token_baselines_equal_verl(string estimator)
    {
        foreach (GoldenCase c in Cases(estimator))
        {
            using var scope = NewDisposeScope();
            bool counting = estimator.StartsWith("tir");
            bool zeroTail = c.HasInput("handle_zero_tail") ? c.Inputs.GetProperty("handle_zero_tail").GetBoolean() : counting;
            TokenAdvantages result = new OptimalTokenBaseline(counting, zeroTail).Compute(c.Tensor("token_level_rewards"), c.Tensor("response_mask"),
                c.Integers("index"), c.Tensor("old_log_probs"), c.Tensor("sum_pi_squared"), c.HasInput("rollout_is_weights") ? c.Tensor("rollout_is_weights") : null);
            c.Check("advantages", result.Advantages);
            c.Check("returns", result.Returns);
        }
    }

    [Fact]
    public void Squared_probabilities_equal_verl()
    {
        using var scope = NewDisposeScope();
        GoldenCase c = Golden.Read("verl_new_kl.json").Single(c => c.Function == "calculate_sum_pi_squared_from_logits");
        c.Check("sum_pi_squared", OptimalTokenBaseline.FromLogits(c.Tensor("logits")));
    }

    [Fact]
    public void Pass_at_k_needs_two_rows() =>
        Assert.Contains("group 4", Assert.Throws<RlvrException>(() => GrpoPassK.Compute([1, 0, 1], [3, 3, 4])).Message);

    private static IEnumerable<GoldenCase> Cases(string estimator) =>
        Golden.Read("verl_new_advantages.json").Where(c => c.Property("estimator") == estimator);

    private static bool Normalize(GoldenCase c)
    {
        bool inConfig = c.HasInput("config");
        if (!inConfig && !c.HasInput("norm_adv_by_std_in_grpo")) return true;
        return (inConfig ? c.Inputs.GetProperty("config") : c.Inputs).GetProperty("norm_adv_by_std_in_grpo").GetBoolean();
    }
}

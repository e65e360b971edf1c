using Rlvr.Algorithms.Advantages;
using static TorchSharp.torch;

namespace Rlvr.Tests.Algorithms.Advantages;

public class TokenAdvantagesTests
{
    [Fact]
    public void Gae_equals_the_released_code()
    {
        foreach (GoldenCase c in Golden.Read("seed_gae.json"))
        {
            using var scope = NewDisposeScope();
            TokenAdvantages result = Gae.Compute(c.Tensor("token_level_rewards"), c.Tensor("values"), c.Tensor("eos_mask"),
                c.Number("gamma"), c.Number("lam"), skipMasked: false);
            c.Check("advantages", result.Advantages);
            c.Check("returns", result.Returns);
        }
    }

    [Fact]
    public void Gae_does_not_depend_on_the_mask_handling_where_padding_is_zero()
    {
        using var scope = NewDisposeScope();
        GoldenCase c = Golden.Read("seed_gae.json").Single(c => c.Name == "values and rewards zero after the end");
        Tensor rewards = c.Tensor("token_level_rewards"), values = c.Tensor("values"), mask = c.Tensor("eos_mask");
        Tensor skipping = Gae.Compute(rewards, values, mask, 0.9, 0.8).Advantages, plain = Gae.Compute(rewards, values, mask, 0.9, 0.8, skipMasked: false).Advantages;

        Assert.True((skipping * mask).allclose(plain * mask, rtol: 1e-12));
    }

    [Fact]
    public void Reinforce_plus_plus_equals_the_released_code()
    {
        foreach (GoldenCase c in Golden.Read("seed_reinforce_plus_plus.json"))
        {
            using var scope = NewDisposeScope();
            TokenAdvantages result = ReinforcePlusPlus.Compute(c.Tensor("token_level_rewards"), c.Tensor("eos_mask"), c.Number("gamma"));
            c.Check("advantages", result.Advantages);
            c.Check("returns", result.Returns);
        }
    }

    [Fact]
    public void ReMax_equals_the_released_code()
    {
        foreach (GoldenCase c in Golden.Read("seed_remax.json"))
        {
            using var scope = NewDisposeScope();
            TokenAdvantages result = ReMax.Compute(c.Tensor("token_level_rewards"), c.Tensor("reward_baselines"), c.Tensor("eos_mask"));
            c.Check("advantages", result.Advantages);
            c.Check("returns", result.Returns);
        }
    }
}

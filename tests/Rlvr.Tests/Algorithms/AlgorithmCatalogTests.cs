using Rlvr.Algorithms.Advantages;
using Rlvr.Algorithms.Losses;

namespace Rlvr.Tests.Algorithms;

public class AlgorithmCatalogTests
{
    [Fact]
    public void Parameters_are_those_of_the_record_in_snake_case()
    {
        Assert.Equal(["gamma=1", "lambda=1"], AdvantageEstimators.Parameters("gae"));
        Assert.Equal(["normalize=true", "epsilon=1E-06"], AdvantageEstimators.Parameters("grpo_passk"));
        Assert.Equal(["clip_low=10", "clip_high=0.2", "level=token"], PolicyLosses.Parameters("cispo"));
        Assert.Empty(PolicyLosses.Parameters("policy_gradient"));
    }

    [Fact]
    public void What_is_left_out_has_its_default()
    {
        Assert.Equal(new Gae(), AdvantageEstimators.Parse("gae"));
        Assert.Equal(new Gae(1, 0.95), AdvantageEstimators.Parse("gae", ["lambda = 0.95"]));
        Assert.Equal(new GrpoPassK(false, 0.5), AdvantageEstimators.Parse("grpo_passk", ["normalize=false", "epsilon=0.5"]));
        Assert.Equal(new Cispo(Level: RatioLevel.Sequence), PolicyLosses.Parse("cispo", ["level=sequence"]));
    }

    [Theory]
    [InlineData("grop", "", "loss.advantage: unknown estimator 'grop'; expected one of dr_grpo, gae, ", " Did you mean 'grpo'?")]
    [InlineData("gae", "lamda=1", "loss.advantage_parameters: 'gae' has no parameter 'lamda'. It has gamma, lambda.", " Did you mean 'lambda'?")]
    [InlineData("rloo", "gamma=1", "loss.advantage_parameters: 'rloo' has no parameter 'gamma'. It has none.", "")]
    [InlineData("gae", "gamma", "loss.advantage_parameters: 'gamma' is no parameter; expected name=value, such as lambda=1", "")]
    [InlineData("gae", "gamma=1.5", "loss.advantage_parameters: 'gamma' of 'gae' must be from 0 to 1; found 1.5", "")]
    [InlineData("gae", "gamma=nan", "loss.advantage_parameters: 'gamma': expected a number, found 'nan'", "")]
    [InlineData("gae", "gamma=1,gamma=0.5", "loss.advantage_parameters: 'gamma' is set twice", "")]
    [InlineData("grpo_passk", "normalize=yes", "loss.advantage_parameters: 'normalize': expected true or false, found 'yes'", "")]
    public void A_mistake_in_an_estimator_is_named(string name, string parameters, string start, string end)
    {
        string message = Assert.Throws<RlvrException>(() => AdvantageEstimators.Parse(name, parameters.Split(',', StringSplitOptions.RemoveEmptyEntries))).Message;
        Assert.StartsWith(start, message, StringComparison.Ordinal);
        Assert.EndsWith(end, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cispoo", "", "loss.policy_loss: unknown policy loss 'cispoo'; expected one of ", " Did you mean 'cispo'?")]
    [InlineData("dual_clip", "clip_low=0.1", "loss.policy_parameters: 'clip_low' of 'dual_clip' has a key of its own: set loss.clip_low", "")]
    [InlineData("dual_clip", "bond=4", "loss.policy_parameters: 'dual_clip' has no parameter 'bond'. It has bound.", " Did you mean 'bound'?")]
    [InlineData("dual_clip", "bound=0.5", "loss.policy_parameters: 'bound' of 'dual_clip' must be at least 1; found 0.5", "")]
    [InlineData("sapo", "tau_positive=0", "loss.policy_parameters: 'tau_positive' of 'sapo' must be above 0; found 0", "")]
    [InlineData("cispo", "level=row", "loss.policy_parameters: 'level': expected token or sequence, found 'row'", "")]
    public void A_mistake_in_a_policy_loss_is_named(string name, string parameters, string start, string end)
    {
        string message = Assert.Throws<RlvrException>(() => PolicyLosses.Parse(name, parameters.Split(',', StringSplitOptions.RemoveEmptyEntries))).Message;
        Assert.StartsWith(start, message, StringComparison.Ordinal);
        Assert.EndsWith(end, message, StringComparison.Ordinal);
    }
}

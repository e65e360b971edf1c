using Rlvr.Math;
using Rlvr.Rewards;

namespace Rlvr.Tests.Rewards;

public class RewardVerdictsTests
{
    [Fact]
    public void Every_verdict_of_the_verifier_is_counted() => Assert.Equal([.. Enum.GetNames<Verdict>(), "RewardFailed"], RewardVerdicts.All);

    [Fact]
    public void Shares_have_every_name_and_add_up_to_1()
    {
        IReadOnlyDictionary<string, double> shares = RewardVerdicts.Shares(["Correct", "Wrong", "Wrong", "Unjudged", "too slow"]);
        Assert.Equal([.. RewardVerdicts.All, "Other"], shares.Keys);
        Assert.Equal([0.2, 0.4, 0, 0, 0, 0, 0.4], shares.Values);
        Assert.All(RewardVerdicts.Shares([]).Values, v => Assert.Equal(0, v));
    }
}

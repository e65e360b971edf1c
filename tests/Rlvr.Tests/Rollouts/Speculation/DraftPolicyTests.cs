using CsCheck;
using Rlvr.Rollouts.Speculation;
using Rlvr.Tests.Models;

namespace Rlvr.Tests.Rollouts.Speculation;

public class DraftPolicyTests
{
    private static readonly Gen<DraftPolicy> Policy = Gen.Select(Gen.Int[1, 40], Gen.Double[1e5, 1e10]).Select((layers, weights) => new DraftPolicy(new PassCost(layers, weights)));

    [Fact]
    public void The_number_of_guesses_gives_the_most_tokens_for_the_time() =>
        Gen.Select(Policy, Gen.Int[1, 80], Gen.Double[0, 1].Array[0, 60]).Sample((policy, rows, probabilities) =>
        {
            double[] sorted = [.. probabilities.OrderDescending()];
            double Rate(int count) => (rows + sorted.Take(count).Sum()) / policy.Cost.Of(rows + count);
            double best = Enumerable.Range(0, sorted.Length + 1).Max(Rate), chosen = Rate(policy.Choose(rows, sorted));
            Assert.Equal(best, chosen, best * 1e-9);
        });

    /// <summary>So nothing is lost by not making such guesses.</summary>
    [Fact]
    public void A_guess_below_the_threshold_never_pays() =>
        Gen.Select(Policy, Gen.Int[1, 80], Gen.Double[0, 1].Array[0, 60]).Sample((policy, rows, probabilities) =>
            Assert.Equal(0, policy.Choose(rows, probabilities.Select(p => 0.9999 * p * policy.Threshold(rows)).OrderDescending())));

    [Fact]
    public void With_more_rows_()
    {
        DraftPolicy policy = new(PassCost.Of(TinyModels.Config("llama MHA untied")));
        Assert.Equal(policy.Cost, PassCost.Of(TinyModels.Config("llama MHA untied") with { TieWordEmbeddings = true })); // a look-up is no product
        Assert.True(policy.Threshold(1) < policy.Threshold(8) && policy.Threshold(8) < policy.Threshold(64) && policy.Threshold(64) < 1);
    }
}

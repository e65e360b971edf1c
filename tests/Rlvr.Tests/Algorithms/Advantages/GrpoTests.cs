using Rlvr.Algorithms.Advantages;
using static TorchSharp.torch;

namespace Rlvr.Tests.Algorithms.Advantages;

public class GrpoTests
{
    [Fact]
    public void Equals_the_released_code()
    {
        foreach (GoldenCase c in Golden.Read("seed_grpo_advantage.json"))
        {
            using var scope = NewDisposeScope();
            double[] scores = c.Tensor("token_level_rewards").sum(-1).data<double>().ToArray();
            double[] advantages = Grpo.Compute(scores, c.Integers("index"), c.Number("epsilon"));
            // The reference's mean of equal scores is off by one rounding, which 1 / 1e-6 makes 1e-10; ours is exact.
            c.Check("advantages", RowAdvantages.ToPadded(advantages, c.Tensor("eos_mask")), atol: 1e-9);
        }
    }

    [Fact]
    public void A_group_of_equal_scores_has_no_advantage()
    {
        double[] advantages = Grpo.Compute([0.1, 0.1, 0.1, 0.7, 0.7, 0.7], [5, 5, 5, 2, 2, 2]);

        Assert.All(advantages, a => Assert.Equal(0, a));
    }

    [Fact]
    public void DrGrpo_is_grpo_times_deviation()
    {
        double[] scores = [1, 0, 0, 1, 3, 2, 2.5];
        int[] groups = [0, 0, 1, 1, 1, 0, 7];
        double[] expected = [0, -1, -4.0 / 3, -1.0 / 3, 5.0 / 3, 1, 2.5];

        double[] advantages = DrGrpo.Compute(scores, groups);

        for (int i = 0; i < scores.Length; i++) Assert.Equal(expected[i], advantages[i], 12);
    }

    [Fact]
    public void Packed_and_padded_tokens_agree()
    {
        using var scope = NewDisposeScope();
        double[] advantages = [1.5, -2, 0.25];
        using Tensor mask = tensor(new double[] { 1, 1, 0, 1, 0, 0, 1, 1, 1 }).reshape(3, 3);

        Tensor padded = RowAdvantages.ToPadded(advantages, mask).masked_select(mask.to_type(ScalarType.Bool));
        Tensor packed = RowAdvantages.ToPacked(advantages, [2, 1, 3]);

        Assert.Equal(padded.data<double>().ToArray(), packed.to(float64).data<double>().ToArray());
    }

    [Fact]
    public void Different_lengths_are_refused() => Assert.Throws<ArgumentException>(() => Grpo.Compute([1, 2], [0]));
}

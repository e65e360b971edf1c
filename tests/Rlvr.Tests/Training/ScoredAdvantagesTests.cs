using Rlvr.Algorithms.Advantages;
using Rlvr.Training;

namespace Rlvr.Tests.Training;

public class ScoredAdvantagesTests
{
    public static TheoryData<string> Names => [.. AdvantageEstimators.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void What_could_not_be_scored_is_as_if_it_had_not_been_drawn(string name)
    {
        AdvantageEstimator estimator = AdvantageEstimators.Parse(name);
        double[] rewards = [1, double.NaN, 0, 0.5, 1, double.NaN, 0, 2];
        double[] expected = estimator([1, 0, 0.5, 1, 0, 2], [0, 0, 0, 1, 1, 1], [3, 5, 6, 7, 9, 10]);
        double[] found = ScoredAdvantages.Compute(estimator, rewards, [0, 0, 0, 0, 1, 1, 1, 1], [3, 4, 5, 6, 7, 8, 9, 10]);
        Assert.Equal([expected[0], 0, expected[1], expected[2], expected[3], 0, expected[4], expected[5]], found);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_only_one_left_of_a_group_has_nothing_to_be_compared_with(string name)
    {
        AdvantageEstimator estimator = AdvantageEstimators.Parse(name);
        double[] found = ScoredAdvantages.Compute(estimator, [5, double.NaN, 1, 0], [0, 0, 1, 1], [3, 4, 5, 6]);
        double[] expected = estimator([1, 0], [1, 1], [5, 6]);
        Assert.Equal([0, 0, expected[0], expected[1]], found);
        Assert.Equal([0, 0], ScoredAdvantages.Compute(estimator, [5, double.NaN], [0, 0], [3, 4]));
        Assert.Equal([0, 0], ScoredAdvantages.Compute(estimator, [double.NaN, double.NaN], [0, 0], [3, 4]));
    }

    [Fact]
    public void A_group_of_one_by_intention_stays_what_its_estimator_makes_of_it() =>
        Assert.Equal([2, 0, 3], ScoredAdvantages.Compute(AdvantageEstimators.Parse("dr_grpo"), [2, double.NaN, 3], [0, 1, 2], [1, 1, 1]));
}

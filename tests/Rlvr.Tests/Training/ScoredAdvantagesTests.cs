using Rlvr.Algorithms.Advantages;
using Rlvr.Tensors;
using Rlvr.Training;

namespace Rlvr.Tests.Training;

public class ScoredAdvantagesTests
{
    public static TheoryData<string> Names => [.. AdvantageEstimators.Names];

    /// <summary>Rows with everything that an estimator may ask for, a function of their lengths.</summary>
    private static AdvantageBatch Batch(double[] scores, int[] groups, int[] lengths)
    {
        NativeRuntime.Initialize();
        float[][] Tokens(ulong seed, double scale) => [.. lengths.Select(length =>
            Enumerable.Range(0, length).Select(t => (float)(scale * CounterRandom.Uniform(seed, (ulong)length, (ulong)t, 0))).ToArray())];
        return new AdvantageBatch
        {
            Scores = scores,
            Groups = groups,
            Lengths = lengths,
            Values = Tokens(1, 1),
            LogProbs = Tokens(2, -3),
            SumPiSquared = Tokens(3, 1),
            Baselines = [.. groups.Select(g => 0.1 * g)],
        };
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_could_not_be_scored_is_as_if_it_had_not_been_drawn(string name)
    {
        IAdvantageEstimator estimator = AdvantageEstimators.Parse(name);
        StepAdvantages expected = estimator.Compute(Batch([1, 0, 0.5, 1, 0, 2], [0, 0, 0, 1, 1, 1], [3, 5, 6, 7, 9, 10]));
        StepAdvantages found = ScoredAdvantages.Compute(estimator, Batch([1, double.NaN, 0, 0.5, 1, double.NaN, 0, 2], [0, 0, 0, 0, 1, 1, 1, 1], [3, 4, 5, 6, 7, 8, 9, 10]));
        Assert.Equal([expected.Rows[0], 0, expected.Rows[1], expected.Rows[2], expected.Rows[3], 0, expected.Rows[4], expected.Rows[5]], found.Rows);
        Assert.Equal([.. expected.Tokens[1]], found.Tokens[2]);
        Assert.Equal(new float[8], found.Tokens[5]);
        Assert.Equal(expected.Returns?[5], found.Returns?[7]);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_only_one_left_of_a_group_has_nothing_to_be_compared_with(string name)
    {
        IAdvantageEstimator estimator = AdvantageEstimators.Parse(name);
        IReadOnlyList<double> Rows(double[] scores, int[] groups, int[] lengths) => ScoredAdvantages.Compute(estimator, Batch(scores, groups, lengths)).Rows;
        Assert.Equal([0, 0], Rows([double.NaN, double.NaN], [0, 0], [3, 4]));
        IReadOnlyList<double> found = Rows([5, double.NaN, 1, 0], [0, 0, 1, 1], [3, 4, 5, 6]);
        if (!estimator.Needs.HasFlag(AdvantageNeeds.Groups))
        {
            Assert.NotEqual(0, found[0]); // it is not compared with its group
            return;
        }
        IReadOnlyList<double> expected = estimator.Compute(Batch([1, 0], [1, 1], [5, 6])).Rows;
        Assert.Equal([0, 0, expected[0], expected[1]], found);
        Assert.Equal([0, 0], Rows([5, double.NaN], [0, 0], [3, 4]));
    }

    [Fact]
    public void A_group_of_one_by_intention_stays_what_its_estimator_makes_of_it() =>
        Assert.Equal([2, 0, 3], ScoredAdvantages.Compute(new DrGrpo(), Batch([2, double.NaN, 3], [0, 1, 2], [1, 1, 1])).Rows);

    [Fact]
    public void A_row_whose_greedy_response_could_not_be_scored_moves_nothing()
    {
        AdvantageBatch batch = Batch([1, 1], [0, 1], [2, 2]) with { Baselines = [double.NaN, 0.25] };
        Assert.Equal([0, 0.75], ScoredAdvantages.Compute(new ReMax(), batch).Rows);
    }
}

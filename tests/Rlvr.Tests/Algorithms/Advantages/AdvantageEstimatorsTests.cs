using CsCheck;
using Rlvr.Algorithms;
using Rlvr.Algorithms.Advantages;
using Rlvr.Tensors;
using static TorchSharp.torch;

namespace Rlvr.Tests.Algorithms.Advantages;

public class AdvantageEstimatorsTests
{
    private static readonly Gen<(double[] Scores, int[] Groups, int[] Lengths)> Batches =
        from groups in Gen.Int[1, 5]
        from size in Gen.Int[2, 6]
        from scores in Gen.Double[0, 1].Array[groups * size]
        from lengths in Gen.Int[1, 20].Array[groups * size]
        select (scores, Enumerable.Range(0, groups * size).Select(row => row % groups).ToArray(), lengths);

    public static TheoryData<string> Names => [.. AdvantageEstimators.Names];

    /// <summary>A batch with all that any estimator may ask for.</summary>
    private static AdvantageBatch Batch(double[] scores, int[] groups, int[] lengths)
    {
        float[][] Tokens(ulong seed, double scale) => [.. lengths.Select((length, row) =>
            Enumerable.Range(0, length).Select(t => (float)(scale * CounterRandom.Uniform(seed, (ulong)row, (ulong)t, 0))).ToArray())];
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

    private static AdvantageBatch Reversed(AdvantageBatch batch) => new()
    {
        Scores = [.. batch.Scores.Reverse()],
        Groups = [.. batch.Groups.Reverse()],
        Lengths = [.. batch.Lengths.Reverse()],
        Values = [.. batch.Values!.Reverse()],
        LogProbs = [.. batch.LogProbs!.Reverse()],
        SumPiSquared = [.. batch.SumPiSquared!.Reverse()],
        Baselines = [.. batch.Baselines!.Reverse()],
    };

    [Theory, MemberData(nameof(Names))]
    public void Advantages_are_finite_and_move_with_their_rows(string name)
    {
        NativeRuntime.Initialize();
        IAdvantageEstimator estimator = AdvantageEstimators.Parse(name);
        Batches.Sample(given =>
        {
            AdvantageBatch batch = Batch(given.Scores, given.Groups, given.Lengths);
            StepAdvantages forwards = estimator.Compute(batch), backwards = estimator.Compute(Reversed(batch));

            for (int row = 0; row < given.Scores.Length; row++)
            {
                Golden.Close(forwards.Rows[row], backwards.Rows[^(row + 1)], name, 1e-6, 1e-8);
                Assert.Equal(given.Lengths[row], forwards.Tokens[row].Length);
                Assert.All(forwards.Tokens[row], a => Assert.True(float.IsFinite(a)));
                Golden.Close(forwards.Rows[row], forwards.Tokens[row].Average(a => (double)a), name, 1e-5, 1e-6);
            }
        }, iter: 30);
    }

    [Theory]
    [InlineData("grpo")]
    [InlineData("dr_grpo")]
    [InlineData("rloo")]
    public void Baselines_by_group_do_not_care_about_a_bonus_for_everybody(string name)
    {
        IAdvantageEstimator estimator = AdvantageEstimators.Parse(name);
        Batches.Sample(batch =>
        {
            IReadOnlyList<double> plain = estimator.Compute(Batch(batch.Scores, batch.Groups, batch.Lengths)).Rows;
            IReadOnlyList<double> shifted = estimator.Compute(Batch([.. batch.Scores.Select(s => s + 3)], batch.Groups, batch.Lengths)).Rows;
            for (int row = 0; row < plain.Count; row++) Golden.Close(plain[row], shifted[row], name, 1e-6, 1e-8);
        }, iter: 50);
    }

    [Fact]
    public void A_reward_belongs_to_the_last_token_unless_every_token_has_one()
    {
        NativeRuntime.Initialize();
        using var scope = NewDisposeScope();
        AdvantageBatch batch = Batch([2, 1, 3], [0, 0, 0], [2, 3, 1]);
        Assert.Equal([0, 2, 0, 0, 0, 1, 3, 0, 0], batch.Rewards().data<double>().ToArray());
        Assert.Equal([1, 1, 0, 1, 1, 1, 1, 0, 0], batch.Mask().data<double>().ToArray());
        batch = batch with { TokenRewards = [[0.5, 1.5], [0, 0, 1], [3]] };
        Assert.Equal([0.5, 1.5, 0, 0, 0, 1, 3, 0, 0], batch.Rewards().data<double>().ToArray());
        Assert.Equal([3, 0, 0.5, 1.5], batch.Only([2, 0]).Rewards().data<double>().ToArray());
    }

    [Fact]
    public void A_function_of_scores_groups_and_lengths_is_an_estimator()
    {
        RowEstimator longest = new((scores, groups, lengths) => [.. lengths.ToArray().Select(l => l - 1.0)], comparesGroups: false);
        StepAdvantages advantages = longest.Compute(Batch([0, 1], [0, 0], [3, 2]));
        Assert.Equal([2, 1], advantages.Rows);
        Assert.Equal([2, 2, 2], advantages.Tokens[0]);
        Assert.Equal((AdvantageNeeds.None, AdvantageNeeds.Groups), (longest.Needs, new RowEstimator((s, _, _) => s.ToArray()).Needs));
    }

    [Fact]
    public void The_row_form_of_reinforce_plus_plus_is_the_token_form()
    {
        NativeRuntime.Initialize();
        using var scope = NewDisposeScope();
        double[] scores = [1, 0, 0.5];
        int[] lengths = [3, 1, 2];
        Tensor rewards = tensor(new double[] { 0, 0, 1, 0, 0, 0, 0, 0.5, 0 }).reshape(3, 3);
        Tensor mask = tensor(new double[] { 1, 1, 1, 1, 0, 0, 1, 1, 0 }).reshape(3, 3);

        Tensor byRow = RowAdvantages.ToPadded(ReinforcePlusPlus.Compute(scores, lengths), mask);

        Assert.True(byRow.allclose(ReinforcePlusPlus.Compute(rewards, mask).Advantages, rtol: 1e-12));
    }

    [Fact]
    public void Unscored_rows_do_not_count()
    {
        double[] with = Grpo.Compute([1, double.NaN, 0, 0], [0, 0, 0, 0]), without = Grpo.Compute([1, 0, 0], [0, 0, 0]);

        Assert.Equal([without[0], 0, without[1], without[2]], with);
    }

    [Fact]
    public void Groups_without_signal_are_counted_and_left_out()
    {
        double[] scores = [1, 1, 0, 1, 0, 0, 7];
        int[] groups = [0, 0, 1, 1, 2, 2, 3];

        GroupStatistics statistics = GroupStatistics.Of(scores, groups);

        Assert.Equal((4, 2), (statistics.Groups, statistics.EqualGroups));
        Assert.Equal([false, false, true, true, false, false, false], DynamicSampling.Informative(scores, groups));
    }

    [Theory]
    [InlineData(50, 0)]
    [InlineData(80, 0)]
    [InlineData(90, -0.5)]
    [InlineData(100, -1)]
    [InlineData(120, -1)]
    public void The_overlong_penalty_grows_over_the_buffer(int length, double penalty) =>
        Assert.Equal(penalty, OverlongPenalty.Of(length, 100, 20), 12);

    [Fact]
    public void An_unknown_name_is_an_error_with_a_suggestion()
    {
        var error = Assert.Throws<RlvrException>(() => AdvantageEstimators.Parse("grop"));

        Assert.Contains("loss.advantage", error.Message);
        Assert.Contains("Did you mean 'grpo'?", error.Message);
    }
}

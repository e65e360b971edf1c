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

    [Theory, MemberData(nameof(Names))]
    public void Advantages_are_finite_and_move_with_their_rows(string name)
    {
        AdvantageEstimator estimator = AdvantageEstimators.Parse(name);
        Batches.Sample(batch =>
        {
            double[] advantages = estimator(batch.Scores, batch.Groups, batch.Lengths);
            double[] reversed = estimator([.. batch.Scores.Reverse()], [.. batch.Groups.Reverse()], [.. batch.Lengths.Reverse()]);

            Assert.All(advantages, a => Assert.True(double.IsFinite(a)));
            for (int row = 0; row < advantages.Length; row++) Golden.Close(advantages[row], reversed[^(row + 1)], name, 1e-6, 1e-8);
        }, iter: 50);
    }

    [Theory]
    [InlineData("grpo")]
    [InlineData("dr_grpo")]
    [InlineData("rloo")]
    public void Baselines_by_group_do_not_care_about_a_bonus_for_everybody(string name)
    {
        AdvantageEstimator estimator = AdvantageEstimators.Parse(name);
        Batches.Sample(batch =>
        {
            double[] plain = estimator(batch.Scores, batch.Groups, batch.Lengths), shifted = estimator([.. batch.Scores.Select(s => s + 3)], batch.Groups, batch.Lengths);
            for (int row = 0; row < plain.Length; row++) Golden.Close(plain[row], shifted[row], name, 1e-6, 1e-8);
        }, iter: 50);
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

using Rlvr.Data;
using Rlvr.Rewards;

namespace Rlvr.Tests.Rewards;

public class WeightedSumTests
{
    private static readonly Problem Problem = new("p", "?", "3");
    private static readonly FunctionReward Broken = new((_, _) => double.NaN);

    [Fact]
    public void Values_add_up_by_weight_and_stay_visible()
    {
        WeightedSum sum = new(new RewardTerm("characters", -0.01, new LengthCost(LengthUnit.Characters)), new("math", 1, new MathReward()), new("format", 0.1, new FormatReward()));
        Assert.Equal(["characters", "math", "format"], sum.ComponentNames);
        RewardResult right = sum.Score(Problem, @"\boxed{3}"), wrong = sum.Score(Problem, @"\boxed{4}"), none = sum.Score(Problem, "3");
        Assert.Equal(1.1 - 0.09, right.Value, 12);
        Assert.Equal([("characters", 9.0), ("math", 1.0), ("format", 1.0)], right.Components!);
        Assert.Equal((true, "Correct", "3"), (right.Correct, right.Verdict, right.Extracted));
        Assert.Equal(0.1 - 0.09, wrong.Value, 12);
        Assert.Equal((false, "Wrong"), (wrong.Correct, wrong.Verdict));
        Assert.Equal((-0.01, "NoAnswer"), (double.Round(none.Value, 12), none.Verdict));
    }

    [Fact]
    public void The_first_term_that_judges_says_what_is_right()
    {
        WeightedSum sum = new(new RewardTerm("a", 1, new RepetitionCost()), new("exact", 0, new ExactReward()), new("math", 1, new MathReward()));
        Assert.Equal((1, "Wrong"), (sum.Score(Problem, @"\boxed{3.0}").Value, sum.Score(Problem, @"\boxed{3.0}").Verdict));
    }

    [Fact]
    public void Where_one_term_fails_all_fails_and_says_which()
    {
        WeightedSum sum = new(new RewardTerm("math", 1, new MathReward()), new("mine", 0, Broken));
        RewardResult result = sum.Score(Problem, @"\boxed{3}");
        Assert.True(result.IsFailure);
        Assert.Equal((false, "RewardFailed", "mine: the reward function gave NaN"), (result.Correct, result.Verdict, result.Reason));
        Assert.Equal([("math", 1.0), ("mine", double.NaN)], result.Components!);
    }

    [Fact]
    public void A_label_must_please_every_term()
    {
        WeightedSum sum = new(new RewardTerm("exact", 1, new ExactReward()), new("numeric", 1, new NumericReward()));
        Assert.Equal("not a number", sum.LabelProblem(Problem with { Answer = "three" }));
        Assert.Null(sum.LabelProblem(Problem));
    }

    [Fact]
    public void A_label_that_one_term_cannot_read_earns_nothing()
    {
        WeightedSum sum = new(new RewardTerm("exact", 1, new ExactReward()), new("numeric", 1, new NumericReward()));
        RewardResult result = sum.Score(Problem with { Answer = "three" }, @"\boxed{three}");
        Assert.Equal((0, false, "UnparsableLabel", "not a number"), (result.Value, result.Correct, result.Verdict, result.Reason));
    }

    [Fact]
    public void Terms_have_names_of_their_own_and_finite_weights()
    {
        Assert.Throws<ArgumentException>(() => new WeightedSum());
        Assert.Throws<ArgumentException>(() => new WeightedSum(new RewardTerm("a", 1, Broken), new("a", 1, Broken)));
        Assert.Throws<ArgumentException>(() => new WeightedSum(new RewardTerm("A b", 1, Broken)));
        Assert.Throws<ArgumentException>(() => new WeightedSum(new RewardTerm("", 1, Broken)));
        Assert.Throws<ArgumentException>(() => new WeightedSum(new RewardTerm("a", double.NaN, Broken)));
    }

    [Fact]
    public void Terms_are_disposed_of_with_the_sum()
    {
        Disposable term = new();
        using (WeightedSum sum = new(new RewardTerm("math", 1, new MathReward()), new("mine", 1, term)))
            Assert.Equal(2, sum.Terms.Count);
        Assert.True(term.IsDisposed);
    }

    private sealed class Disposable : IReward, IDisposable
    {
        public bool IsDisposed { get; private set; }

        public RewardResult Score(Problem problem, string response, RewardContext context = default) => new(1, true, "Correct");

        public void Dispose() => IsDisposed = true;
    }
}

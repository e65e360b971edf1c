using CsCheck;
using Rlvr.Data;
using Rlvr.Math;
using Rlvr.Rewards;

namespace Rlvr.Tests.Rewards;

public class LabelNoiseTests
{
    private static readonly MathReward Reward = new();

    private static Problem[] Problems(params string[] labels) => [.. labels.Select((label, i) => new Problem($"p{i}", "?", label))];

    [Theory]
    [InlineData("12.8", @"^-?\d{1,2}\.8$|^-?\d\.2$")]
    [InlineData("7", @"^-?\d{1,2}$")]
    [InlineData("-5", @"^-?\d{1,2}$")]
    [InlineData("1,234", @"^12[234]\d$")]
    [InlineData("1014049", @"^10140[345]\d$")]
    [InlineData("0.05", @"^-?\d{1,2}\.(05|95)$")]
    [InlineData(@"45^\circ", @"^(3[5-9]|4[0-9]|5[0-5])\^\\circ$")]
    [InlineData(@"\frac{4}{3}", @"^\\frac\{-?\d{1,2}\}\{\d{1,2}\}$")]
    [InlineData(@"-\dfrac{1}{12}", @"^-\\dfrac\{-?\d{1,2}\}\{\d{1,2}\}$")]
    [InlineData(@"\frac12", @"^\\frac\{-?\d{1,2}\}\{\d{1,2}\}$")]
    [InlineData("1/2", @"^-?\d{1,2}/\d{1,2}$")]
    [InlineData(@"2\sqrt{3}", @"^2\\sqrt\{\d{1,2}\}$|^\d{1,2}\\sqrt\{3\}$")]
    [InlineData("(1, 5)", @"^\(1, \d{1,2}\)$|^\(\d{1,2}, 5\)$")]
    public void A_label_is_moved_by_at_most_ten(string label, string pattern)
    {
        HashSet<string> seen = [];
        for (ulong seed = 0; seed < 40; seed++)
        {
            Problem noisy = LabelNoise.Apply(Problems(label), 1, seed, Reward).Single();
            Assert.Equal(label, noisy.CleanAnswer);
            Assert.Matches(pattern, noisy.Answer);
            Assert.Null(Reward.LabelProblem(noisy));
            Assert.False(new MathVerifier(VerifierProfile.Strict).VerifyAnswer(label, noisy.Answer).IsCorrect);
            Assert.Equal(0, Reward.Score(noisy, $@"\boxed{{{label}}}").Value);
            Assert.Equal(1, Reward.Score(noisy, $@"\boxed{{{noisy.Answer}}}").Value);
            seen.Add(noisy.Answer);
        }
        Assert.True(seen.Count > 5, $"only {string.Join(", ", seen)}");
    }

    [Fact]
    public void Where_the_reward_takes_near_numbers_for_equal_the_label_is_farther_away()
    {
        MathReward lenient = new(VerifierProfile.Evaluation);
        Problem noisy = LabelNoise.Apply(Problems("1014049", "3"), 1, 1, lenient)[0];
        Assert.Equal(0, lenient.Score(noisy, @"\boxed{1014049}").Value);
        Assert.Equal("3", noisy.Answer);
    }

    [Fact]
    public void A_number_takes_every_distance_up_to_ten_and_no_other()
    {
        int[] moved = [.. LabelNoise.Apply(Problems([.. Enumerable.Repeat("100", 2000)]), 1, 1, Reward).Select(p => int.Parse(p.Answer) - 100)];
        Assert.Equal(Enumerable.Range(-10, 21).Where(d => d != 0), moved.Distinct().Order());
        // 100 of each expected; four standard deviations are 39.
        Assert.All(moved.CountBy(d => d), c => Assert.InRange(c.Value, 60, 140));
    }

    [Fact]
    public void Labels_without_numbers_take_that_of_another_problem_and_letters_another_letter()
    {
        IReadOnlyList<Problem> noisy = LabelNoise.Apply(Problems("x", "y", "x"), 1, 3, Reward);
        Assert.Equal(["y", "x", "y"], noisy.Select(p => p.Answer));
        // Where there is no other, a number.
        Assert.InRange(int.Parse(LabelNoise.Apply(Problems("x"), 1, 3, Reward).Single().Answer), 1, 10);
        Problem choice = new("c", "?", "B") { Choices = ["one", "two", "three"] };
        string[] letters = [.. Enumerable.Range(0, 30).Select(seed => LabelNoise.Apply([choice], 1, (ulong)seed, new ChoiceReward()).Single().Answer)];
        Assert.Equal(["A", "C"], letters.Distinct().Order());
    }

    [Fact]
    public void Exactly_the_share_is_changed_and_a_larger_share_changes_the_same_ones_too()
    {
        Gen.Select(Gen.Int[1, 60], Gen.Double[0, 1], Gen.Double[0, 1], Gen.ULong).Sample((count, a, b, seed) =>
        {
            Problem[] problems = Problems([.. Enumerable.Range(1, count).Select(i => i.ToString())]);
            IReadOnlyList<Problem> few = LabelNoise.Apply(problems, double.Min(a, b), seed, Reward), many = LabelNoise.Apply(problems, double.Max(a, b), seed, Reward);
            Assert.Equal((int)System.Math.Round(double.Min(a, b) * count, MidpointRounding.AwayFromZero), few.Count(p => p.CleanAnswer is not null));
            for (int i = 0; i < count; i++)
            {
                Assert.Equal(problems[i].Id, few[i].Id);
                if (few[i].CleanAnswer is null) Assert.Equal(problems[i], few[i]);
                else Assert.Equal(few[i], many[i]);
            }
        }, iter: 40);
    }

    [Fact]
    public void Another_seed_changes_others_and_the_same_one_the_same()
    {
        Problem[] problems = Problems([.. Enumerable.Range(1, 100).Select(i => i.ToString())]);
        string[] Noisy(ulong seed) => [.. LabelNoise.Apply(problems, 0.6, seed, Reward).Select(p => p.Answer)];
        Assert.Equal(Noisy(1), Noisy(1));
        Assert.NotEqual(Noisy(1), Noisy(2));
        Assert.Equal(60, Noisy(2).Where((answer, i) => answer != problems[i].Answer).Count());
        Assert.Throws<ArgumentOutOfRangeException>(() => LabelNoise.Apply(problems, 1.1, 1, Reward));
    }

    [Fact]
    public void A_reward_that_reads_no_other_label_is_an_error()
    {
        FunctionReward none = new((_, _) => 0);
        Assert.Single(LabelNoise.Apply(Problems("1"), 1, 1, none));
        string message = Assert.Throws<RlvrException>(() => LabelNoise.Apply(Problems("1"), 1, 1, new Choosy())).Message;
        Assert.Contains("no wrong label was found for problem 'p0' with the label '1'", message, StringComparison.Ordinal);
    }

    private sealed class Choosy : IReward
    {
        public RewardResult Score(Problem problem, string response, RewardContext context = default) => new(0, false, "Wrong");

        public string? LabelProblem(Problem problem) => problem.Answer == "1" ? null : "not 1";
    }
}

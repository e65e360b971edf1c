using CsCheck;

namespace Rlvr.MicroMath.Tests;

public class HabitMixTests
{
    private static readonly Habit[] All = Enum.GetValues<Habit>();

    [Fact]
    public void Nothing_named_is_the_default_corpus()
    {
        PretrainingCorpus usual = new(3), same = new(3, HabitMix.Parse([])), other = new(3, HabitMix.Parse(["careful=0.5"]));
        Assert.Equal(usual.Documents().Take(300), same.Documents().Take(300));
        Assert.NotEqual(usual.Documents().Take(300), other.Documents().Take(300));
        Assert.Equal(0.24, HabitMix.Default.Share(Habit.Careful), 1e-12);
        Assert.All(MicroWorld.CoreSubjects, s => Assert.Equal(Habits.Probability(Habit.Rush, s), HabitMix.Default.Probability(Habit.Rush, s)));
    }

    [Fact]
    public void Shares_sum_to_one_and_those_not_named_keep_their_proportions() =>
        Gen.Select(Gen.Int[0, 4], Gen.Double[0, 20]).Sample((named, share) =>
        {
            var name = All[named].ToString().ToLowerInvariant();
            var mix = HabitMix.Parse([FormattableString.Invariant($"{name}={share:R}")]);
            Assert.Equal(1, All.Sum(mix.Share), 1e-12);
            Assert.Equal(share / (1 - HabitMix.Default.Share(All[named]) + share), mix.Share(All[named]), 1e-12);
            var rest = All.Where(h => h != All[named]).ToArray();
            foreach (var habit in rest)
                Assert.Equal(HabitMix.Default.Share(rest[0]) * mix.Share(habit), HabitMix.Default.Share(habit) * mix.Share(rest[0]), 1e-12);
        }, iter: 300);

    [Fact]
    public void A_corpus_has_the_shares_and_the_checks_that_it_was_asked_for()
    {
        var mix = HabitMix.Parse(["careful=0.6", "terse=0"], checks: 2.5);
        var documents = new PretrainingCorpus(11, mix).Documents().Take(20_000).ToArray();
        foreach (var subject in documents.GroupBy(d => d.Problem.Subject).Where(g => g.Count() > 2_000))
            Assert.All(All, habit => Assert.Equal(mix.Probability(habit, subject.Key), subject.Count(d => d.Habit == habit) / (double)subject.Count(), 0.04));
        foreach (var group in documents.GroupBy(d => d.Habit))
            Assert.Equal(mix.CheckProbability(group.Key), group.Count(d => d.Checked) / (double)group.Count(), 0.03);
        Assert.Equal([0.5, 0, 0.625, 1, 0], All.Select(mix.CheckProbability));
        Assert.DoesNotContain(documents, d => d.Habit == Habit.Terse);
    }

    [Theory]
    [InlineData("'careful' is no share", "careful")]
    [InlineData("no habit 'Careful'", "Careful=0.5")]
    [InlineData("no habit 'lazy'", "careful=0.5", "lazy=0.1")]
    [InlineData("'slip' is named twice", "slip=0.5", "slip=0.1")]
    [InlineData("the share of 'slip' is '-0.1'", "slip=-0.1")]
    [InlineData("the share of 'slip' is 'much'", "slip=much")]
    [InlineData("the share of 'slip' is 'NaN'", "slip=NaN")]
    [InlineData("no sum to divide by", "careful=0", "unboxed=0", "rush=0", "slip=0", "terse=0")]
    public void Settings_that_cannot_be_used_are_refused(string message, params string[] shares)
    {
        Assert.Contains(message, HabitMix.ProblemOf(shares), StringComparison.Ordinal);
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => HabitMix.Parse(shares)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_factor_must_be_a_number_from_0_up()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => HabitMix.Parse([], checks: -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => HabitMix.Parse([], checks: double.NaN));
    }
}

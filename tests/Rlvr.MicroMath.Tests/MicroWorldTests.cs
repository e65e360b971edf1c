namespace Rlvr.MicroMath.Tests;

public class MicroWorldTests
{
    [Fact]
    public void Answers_are_what_the_text_asks_for() =>
        Assert.All(Samples.Problems(3_000), p => Assert.Equal(Reading.Of(p.Text).Answer.ToString(), p.Answer));

    [Fact]
    public void Worked_solutions_are_true_end_in_the_answer_and_need_their_last_step() =>
        Assert.All(Samples.Problems(3_000), p =>
        {
            Assert.True(p.Steps.Count >= 2);
            Assert.All(p.Steps, line => Assert.True(Samples.IsTrue(line), line));
            Assert.EndsWith("=" + p.Answer, p.Steps[^1], StringComparison.Ordinal);
            Assert.False(p.Steps[^2].EndsWith("=" + p.Answer, StringComparison.Ordinal), p.ToString());
        });

    [Fact]
    public void Two_texts_share_a_key_exactly_when_they_ask_the_same_computation()
    {
        Dictionary<string, string> keyOf = [], readingOf = [];
        foreach (var problem in Samples.Problems(5_000))
        {
            var reading = Reading.Of(problem.Text).Key;
            Assert.Equal(problem.Key, keyOf.TryGetValue(reading, out var key) ? key : keyOf[reading] = problem.Key);
            Assert.Equal(reading, readingOf.TryGetValue(problem.Key, out var known) ? known : readingOf[problem.Key] = reading);
        }
    }

    [Fact]
    public void The_split_ignores_wording_order_and_a_final_remainder()
    {
        Dictionary<string, MicroSplit> splitOf = [];
        foreach (var problem in Samples.Problems(5_000))
        {
            var core = Reading.Of(problem.Text).Core;
            Assert.Equal(problem.Split, splitOf.TryGetValue(core, out var split) ? split : splitOf[core] = problem.Split);
        }
    }

    [Fact]
    public void Sequences_and_sums_with_the_same_chain_share_a_key()
    {
        var sums = Samples.Problems(20_000).Where(p => p.Subject is "prealgebra" or "sequences").ToLookup(p => p.Key, p => p.Subject);
        Assert.True(sums.Count(g => g.Distinct().Count() == 2) > 500);
    }

    [Fact]
    public void Splits_have_their_shares()
    {
        var keys = Samples.Problems(20_000).GroupBy(p => p.Key).Select(g => g.First().Split).ToArray();
        Assert.InRange(keys.Count(s => s == MicroSplit.Test) / (double)keys.Length, 0.16, 0.18);
        Assert.InRange(keys.Count(s => s == MicroSplit.RlPool) / (double)keys.Length, 0.12, 0.14);
    }

    [Fact]
    public void Problems_of_a_split_are_of_that_split()
    {
        MicroRandom random = new(1, 1);
        foreach (var subject in MicroWorld.Subjects)
        {
            foreach (var split in Enum.GetValues<MicroSplit>())
                Assert.Equal(split, MicroWorld.Generate(subject, split, random).Split);
        }
    }

    [Fact]
    public void Unknown_subjects_are_refused_by_name() =>
        Assert.Contains("'botany'", Assert.Throws<ArgumentException>(() => MicroWorld.Generate("botany", new MicroRandom(0, 0))).Message, StringComparison.Ordinal);
}

using System.Security.Cryptography;
using System.Text;

namespace Rlvr.MicroMath.Tests;

public class MicroSuitesTests
{
    [Theory]
    [InlineData("micro500", 500, MicroSplit.Test)]
    [InlineData("micro-olympiad", 100, MicroSplit.Test)]
    [InlineData("micro-far", 100, MicroSplit.Test)]
    [InlineData("micro-hard", 100, MicroSplit.Test)]
    [InlineData("rl-pool", 600, MicroSplit.RlPool)]
    public void Suites_have_their_size_split_and_no_duplicates(string name, int size, MicroSplit split)
    {
        var suite = MicroSuites.Get(name);
        Assert.Equal(size, suite.Count);
        Assert.All(suite, p => Assert.Equal(split, p.Split));
        Assert.Equal(size, suite.DistinctBy(p => p.Id).Count());
        Assert.Equal(size, suite.DistinctBy(p => p.Text).Count());
        Assert.Equal(size, suite.DistinctBy(p => Reading.Of(p.Text).Key).Count());
        Assert.All(suite, p => Assert.Equal(Reading.Of(p.Text).Answer.ToString(), p.Answer));
    }

    [Fact]
    public void Micro500_has_six_subjects_in_order()
    {
        var suite = MicroSuites.Get("micro500");
        Assert.Equal(MicroWorld.CoreSubjects.Zip([84, 84, 83, 83, 83, 83]), suite.CountBy(p => p.Subject).Select(c => (c.Key, c.Value)));
    }

    [Fact]
    public void No_test_computation_is_in_the_pool()
    {
        var pool = new[] { "rl-pool", "pool-large", "pi-hard" }.SelectMany(MicroSuites.Get).Select(p => Reading.Of(p.Text).Core).ToHashSet();
        foreach (var suite in MicroSuites.Names.Where(n => n.StartsWith("micro", StringComparison.Ordinal)))
            Assert.All(MicroSuites.Get(suite), p => Assert.DoesNotContain(Reading.Of(p.Text).Core, pool));
    }

    [Fact]
    public void Examples_are_of_the_pool_one_a_subject_and_hard_to_guess()
    {
        var examples = MicroSuites.Names.Where(n => n.StartsWith("pi-", StringComparison.Ordinal) && n is not ("pi-guessable" or "pi-hard")).Select(n => Assert.Single(MicroSuites.Get(n))).ToArray();
        Assert.Equal(MicroWorld.CoreSubjects, examples.Select(p => p.Subject));
        Assert.All(examples, p => Assert.Contains(p, MicroSuites.Get("rl-pool")));
        Assert.All(examples, p => Assert.True(p.Subject == "number_theory" ? p.Answer is not ("0" or "1" or "2") : p.Answer.Length == 2, p.ToString()));
    }

    [Fact]
    public void The_large_pool_has_six_thousand_texts_and_the_small_one_among_them()
    {
        var large = MicroSuites.Get("pool-large");
        Assert.Equal(MicroWorld.CoreSubjects.Select(s => (s, 1000)), large.CountBy(p => p.Subject).Select(c => (c.Key, c.Value)));
        Assert.Equal(6000, large.Select(p => p.Text).Distinct().Count());
        Assert.Equal(6000, large.Select(p => p.Id).Distinct().Count());
        Assert.Subset(large.Select(p => p.Text).ToHashSet(), MicroSuites.Get("rl-pool").Select(p => p.Text).ToHashSet());
        Assert.All(large, p => Assert.Equal((MicroSplit.RlPool, Reading.Of(p.Text).Answer.ToString()), (p.Split, p.Answer)));
    }

    [Fact]
    public void Two_examples_are_of_other_use()
    {
        var guessable = Assert.Single(MicroSuites.Get("pi-guessable"));
        Assert.Equal(("number_theory", "1"), (guessable.Subject, guessable.Answer));
        Assert.Contains(guessable, MicroSuites.Get("rl-pool"));
        var hard = Assert.Single(MicroSuites.Get("pi-hard"));
        Assert.Equal(("hard", 7, MicroSplit.RlPool), (hard.Subject, hard.Steps.Count, hard.Split));
    }

    [Fact]
    public void Hard_problems_have_a_number_or_a_length_that_pretraining_never_shows()
    {
        var longest = Samples.Documents.Max(d => d.Problem.Steps.Count);
        var keys = Samples.Documents.Select(d => d.Problem.Key).ToHashSet();
        Assert.All(MicroSuites.Get("micro-hard"), p => Assert.DoesNotContain(p.Key, keys));
        Assert.Contains(MicroSuites.Get("micro-hard"), p => p.Steps.Count > longest);
        Assert.All(
            MicroSuites.Get("micro-hard").Where(p => p.Text.StartsWith("Solve", StringComparison.Ordinal)),
            p => Assert.True(int.Parse(p.Answer) > Samples.Documents.Where(d => d.Problem.Subject == "algebra").Max(d => int.Parse(d.Problem.Answer))));
    }

    [Fact]
    public void Suites_are_those_that_the_published_base_model_has_not_seen()
    {
        // A benchmark must not change unnoticed. If it is meant to change, pretrain the base model anew and put the new value here.
        var all = string.Join('\n', MicroSuites.Names.Take(11).SelectMany(MicroSuites.Get).Select(p => $"{p.Id}|{p.Text}|{p.Answer}"));
        Assert.Equal("bc4cc7ad24940c9a", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(all)))[..16]);
    }

    [Fact]
    public void Unknown_suites_are_refused_with_the_known_ones() =>
        Assert.Contains("micro500", Assert.Throws<ArgumentException>(() => MicroSuites.Get("micro501")).Message, StringComparison.Ordinal);
}

using System.Text.RegularExpressions;
using CsCheck;

namespace Rlvr.MicroMath.Tests;

public class PretrainingCorpusTests
{
    [Fact]
    public void A_document_is_a_pure_function_of_seed_and_index() =>
        Gen.Select(Gen.ULong, Gen.Long[0, long.MaxValue]).Sample((seed, index) =>
        {
            var document = new PretrainingCorpus(seed)[index];
            Assert.Equal(document, new PretrainingCorpus(seed)[index]);
            Assert.NotEqual(document, new PretrainingCorpus(seed + 1)[index]);
        }, iter: 2_000);

    [Fact]
    public void The_sequence_of_documents_is_the_indexer_in_order()
    {
        PretrainingCorpus corpus = new(5);
        Assert.Equal(Enumerable.Range(0, 50).Select(i => corpus[i]), corpus.Documents().Take(50));
        Assert.Throws<ArgumentOutOfRangeException>(() => corpus[-1]);
    }

    [Fact]
    public void No_test_or_pool_problem_occurs_under_any_wording()
    {
        MicroDocument[] all = [.. Samples.Documents, .. Samples.Documents.Select(d => d.Earlier).OfType<MicroDocument>()];
        var seen = all.Select(d => Reading.Of(d.Problem.Text)).SelectMany(r => new[] { r.Key, r.Core }).ToHashSet();
        foreach (var suite in MicroSuites.Names)
        {
            foreach (var problem in MicroSuites.Get(suite))
            {
                var reading = Reading.Of(problem.Text);
                Assert.DoesNotContain(reading.Key, seen);
                Assert.DoesNotContain(reading.Core, seen);
            }
        }

        Assert.All(all, d => Assert.Equal(MicroSplit.Pretraining, d.Problem.Split));
        Assert.All(all, d => Assert.InRange(d.Problem.Steps.Count, 2, PretrainingCorpus.LongestChain));
    }

    [Fact]
    public void Right_habits_are_right_and_wrong_habits_are_wrong_unless_they_check()
    {
        foreach (var document in Samples.Documents)
        {
            var (answer, boxed) = Samples.Final(document);
            var right = answer == Reading.Of(document.Problem.Text).Answer.ToString();
            Assert.Equal(document.Habit != Habit.Unboxed, boxed);
            Assert.Equal(document.Checked, document.Response.Contains("\nWait, check.\n", StringComparison.Ordinal));
            if (document.Habit != Habit.Terse)
                Assert.Equal(document.Habit is Habit.Careful or Habit.Unboxed || document.Checked, right);
        }
    }

    [Fact]
    public void Only_a_slip_has_a_false_step_and_it_has_one()
    {
        foreach (var document in Samples.Documents)
        {
            var steps = document.Response.Split('\n').Where(Samples.IsStep).ToArray();
            Assert.Equal(document.Habit is Habit.Slip ? 1 : 0, steps.Count(s => !Samples.IsTrue(s)));
            if (document.Checked)
                Assert.Equal(document.Problem.Steps, steps.TakeLast(document.Problem.Steps.Count));
            if (document.Habit == Habit.Terse)
                Assert.Empty(steps);
        }
    }

    [Fact]
    public void Three_quarters_of_terse_guesses_are_wrong()
    {
        var terse = Samples.Documents.Where(d => d.Habit == Habit.Terse).ToArray();
        Assert.InRange(terse.Count(d => Samples.Final(d).Answer != d.Problem.Answer) / (double)terse.Length, 0.73, 0.77);
    }

    [Fact]
    public void Habits_occur_with_the_probabilities_of_their_table()
    {
        foreach (var subject in Samples.Documents.GroupBy(d => d.Problem.Subject))
        {
            var counts = subject.CountBy(d => d.Habit).ToDictionary();
            foreach (var habit in Enum.GetValues<Habit>())
                Assert.Equal(Habits.Probability(habit, subject.Key), counts[habit] / (double)subject.Count(), 0.015);
        }

        Assert.Throws<ArgumentException>(() => Habits.Probability(Habit.Careful, "far"));
    }

    [Fact]
    public void Openers_lean_with_the_habit()
    {
        double Share(Habit habit, string opener)
        {
            var documents = Samples.Documents.Where(d => d.Habit == habit).ToArray();
            return documents.Count(d => d.Response.StartsWith(opener + "\n", StringComparison.Ordinal)) / (double)documents.Length;
        }

        Assert.Equal(0.55, Share(Habit.Careful, "Let us think step by step."), 0.01);
        Assert.Equal(0.05, Share(Habit.Rush, "Let us think step by step."), 0.01);
        Assert.Equal(0.80, Share(Habit.Rush, "First,"), 0.01);
        Assert.Equal(1.0, Share(Habit.Terse, "So") + Samples.Documents.Where(d => d.Habit == Habit.Terse).Average(d => d.Response.Contains('\n', StringComparison.Ordinal) ? 0 : 1));
    }

    [Fact]
    public void Documents_are_short_plain_and_of_few_words()
    {
        HashSet<string> words = [];
        foreach (var document in Samples.Documents)
        {
            Assert.Matches(@"^[ -~]+$", document.Problem.Text);
            Assert.Matches(@"^[ -~\n]+$", document.Response);
            Assert.InRange(Samples.TokenCount(document.Response), 6, 112);
            Assert.InRange(Samples.TokenCount(document.Problem.Text), 8, 60);
            words.UnionWith(Regex.Matches(document.Problem.Text + "\n" + document.Response, @"\p{L}+").Select(m => m.Value));
        }

        Assert.InRange(words.Count, 20, 150);
        // Suites ask in pretraining's words: what is new about them is the mathematics.
        foreach (var problem in MicroSuites.Names.SelectMany(MicroSuites.Get))
            Assert.Subset(words, Regex.Matches(problem.Text, @"\p{L}+").Select(m => m.Value).ToHashSet());
    }

    [Fact]
    public void Rare_and_absent_subjects_are_rare_and_absent()
    {
        var counts = Samples.Documents.CountBy(d => d.Problem.Subject).ToDictionary();
        Assert.Equal(8, counts.Count);
        Assert.DoesNotContain("far", counts);
        Assert.Equal(0.35 / 7, counts["olympiad"] / (double)Samples.Documents.Length, 0.003);
        Assert.Equal(0.15 / 7, counts["hard"] / (double)Samples.Documents.Length, 0.002);
        Assert.Equal(1.2 / 7, counts["counting"] / (double)Samples.Documents.Length, 0.005);
    }

    [Fact]
    public void Some_documents_follow_another_often_of_the_same_habit()
    {
        var pairs = Samples.Documents.Where(d => d.Earlier is not null).ToArray();
        Assert.Equal(0.10, pairs.Length / (double)Samples.Documents.Length, 0.003);
        Assert.All(pairs, d => Assert.Null(d.Earlier!.Earlier));
        // 0.35 on purpose, and of the others the chance that two habits are the same: between 0.2 (all alike) and 0.3 (the most tilted subjects).
        Assert.InRange(pairs.Count(d => d.Earlier!.Habit == d.Habit) / (double)pairs.Length, 0.35 + (0.65 * 0.2), 0.35 + (0.65 * 0.3));
        Assert.InRange(pairs.Count(d => d.Earlier!.Problem.Subject == d.Problem.Subject) / (double)pairs.Length, 0.12, 0.18);
    }
}

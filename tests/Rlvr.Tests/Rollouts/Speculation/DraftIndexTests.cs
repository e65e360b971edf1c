using CsCheck;
using Rlvr.Rollouts.Speculation;

namespace Rlvr.Tests.Rollouts.Speculation;

public class DraftIndexTests
{
    /// <summary>Few different tokens, so that everything occurs again; at most 16 places in all, so that none is left out.</summary>
    private static readonly Gen<int[]> Text = Gen.Int[0, 2].Array[0, 7];

    private static DraftIndex Create(int[] prompt, params int[][] rollouts)
    {
        DraftIndex index = new();
        index.AddPrompt(prompt);
        foreach (int[] rollout in rollouts)
        {
            int text = index.Start(prompt, []);
            foreach (int token in rollout) index.Append(text, token);
        }
        return index;
    }

    /// <summary>Against looking through all texts.</summary>
    [Fact]
    public void A_guess_follows_the_places_that_share_most_context() =>
        Gen.Select(Gen.Int[0, 2].Array[1, 4], Text, Text, Gen.Int[0, 2].Array[0, 4]).Sample((prompt, first, second, assumed) =>
        {
            DraftIndex index = Create(prompt, first, second);
            int[] context = [.. prompt, .. second, .. assumed];
            // Every token of the rollouts, and of the prompt once, with how much of the context stands before it.
            (int Token, int Shared)[] places = [.. Places(prompt, 0, context), .. Places([.. prompt, .. first], prompt.Length, context), .. Places([.. prompt, .. second], prompt.Length, context)];
            places = [.. places.Where(p => p.Shared >= DraftIndex.MinContext)];
            DraftGuess? guess = index.Next(1 + 1, assumed);
            if (places.Length == 0)
            {
                Assert.Null(guess);
                return;
            }
            int longest = places.Max(p => p.Shared);
            places = [.. places.Where(p => p.Shared == longest)];
            Assert.Equal((longest, places.Length, places.Count(p => p.Token == guess!.Value.Token)), (guess!.Value.Context, guess.Value.Places, guess.Value.Votes));
            Assert.Equal(places.GroupBy(p => p.Token).Max(g => g.Count()), guess.Value.Votes);
        });

    private static IEnumerable<(int Token, int Shared)> Places(int[] text, int from, int[] context)
    {
        for (int i = from; i < text.Length; i++)
        {
            int shared = 0;
            while (shared < i && shared < context.Length && shared < DraftIndex.MaxContext && text[i - 1 - shared] == context[context.Length - 1 - shared]) shared++;
            yield return (text[i], shared);
        }
    }

    [Fact]
    public void A_text_that_was_written_before_is_guessed_to_its_end()
    {
        int[] prompt = [1, 2, 3], text = [.. Enumerable.Range(10, 20)];
        DraftIndex index = Create(prompt, text);
        int again = index.Start(prompt, []);
        int[] guesses = new int[text.Length];
        for (int i = 0; i < text.Length; i++) guesses[i] = index.Next(again, guesses.AsSpan(0, i))!.Value.Token;
        Assert.Equal(text, guesses);
        Assert.Null(index.Next(again, guesses));
    }

    [Fact]
    public void Of_equal_votes_the_latest_counts_and_work_is_bounded()
    {
        DraftIndex index = Create([1, 2], [8], [9]);
        int text = index.Start([1, 2], []);
        Assert.Equal(new DraftGuess(9, 2, 1, 2), index.Next(text, []));
        for (int i = 0; i < 1000; i++) index.Append(index.Start([1, 2], []), 7);
        Assert.Equal(new DraftGuess(7, 2, DraftIndex.MaxPlaces, DraftIndex.MaxPlaces), index.Next(text, []));
    }

    /// <summary>What a rollout shares with another is in the index once, and a token counts for as many rollouts as have it.</summary>
    [Fact]
    public void A_rollout_that_parts_from_others_goes_on_from_what_they_share()
    {
        DraftIndex index = new();
        index.AddPrompt([1, 2]);
        int first = index.Start([1, 2], []);
        index.Append(first, 3, 5);
        index.Append(first, 4, 2);
        int other = index.Start([1, 2], [3]);
        index.Append(other, 9, 3);
        int late = index.Start([1, 2], []);
        Assert.Equal(new DraftGuess(3, 2, 5, 5), index.Next(late, []));
        Assert.Equal(new DraftGuess(9, 3, 3, 5), index.Next(late, [3]));
        index.Append(first, 5, 1);
        Assert.Equal(new DraftGuess(5, 4, 1, 1), index.Next(late, [3, 4]));
        Assert.Null(index.Next(other, []));
    }

    [Fact]
    public void A_record_is_what_came_true()
    {
        DraftRecord record = new();
        DraftGuess sure = new(1, 8, 9, 9), unsure = new(1, 2, 1, 3);
        Assert.NotEqual(sure.Class, unsure.Class);
        Assert.True(record.ProbabilityOf(sure, 1) > record.ProbabilityOf(unsure, 1));
        for (int i = 0; i < 2000; i++) record.Learn(sure, 1, i % 4 == 0);
        Assert.Equal(0.25, record.ProbabilityOf(sure, 1), 0.01);
        Assert.Equal(0.2, record.ProbabilityOf(unsure, 1), 1e-9); // its own beginning: one of three and two more
        Assert.True(record.ProbabilityOf(sure, 2) > 0.5); // of its own kind, too: all must draw it
        Assert.All(from context in Enumerable.Range(2, 7) from places in Enumerable.Range(1, 32) from votes in Enumerable.Range(1, places) select new DraftGuess(0, context, votes, places).Class,
            c => Assert.InRange(c, 0, DraftGuess.Classes - 1));
    }
}

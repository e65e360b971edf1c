using CsCheck;
using Rlvr.Selection;
using Rlvr.Tests.Shared;

namespace Rlvr.Tests.Selection;

public sealed class ExampleRankingTests
{
    private static readonly Gen<ExampleHistory[]> Histories =
        Gen.Int[1, 12].Array[1, 9].Select(lengths => lengths.Length).SelectMany(n => Gen.Int[0, 8].Array[1, 12].Array[n].Select(lists =>
            lists.Select((list, i) => new ExampleHistory($"{i}", [.. list.Select(k => k / 8m)])).ToArray()));

    /// <summary>The paper's own history gives the paper's own ranks: the rows that its released data sets pi1, pi2, pi13 and pi1209 hold.</summary>
    [Fact]
    public void The_papers_history_gives_the_papers_ranks()
    {
        string path = Path.GetFullPath(Path.Combine(TestFiles.Root, "..", "shared", "paper", "acc_step_500.json"));
        TestFiles.Require(File.Exists(path), "needs the paper's history of accuracies, which is not on this machine");
        IReadOnlyList<RankedExample> ranked = ExampleRanking.Rank(HistoryFile.Read(path), "variance");
        Assert.Equal(1209, ranked.Count);
        Assert.Equal(["124", "267", "682", "789"], new[] { 1, 2, 13, 1209 }.Select(rank => ranked[rank - 1].Index));
        Assert.Equal(0.1654503381986472, ranked[0].Score, 1e-15);
    }

    [Fact]
    public void Variance_is_the_population_variance() => Histories.Sample(histories =>
    {
        foreach (ExampleHistory history in histories)
        {
            double[] s = [.. history.Accuracies.Select(a => (double)a)];
            double mean = s.Average();
            Assert.Equal(s.Average(x => (x - mean) * (x - mean)), (double)HistoricalVariance.Score(history.Accuracies), 1e-14);
        }
    });

    [Fact]
    public void A_ranking_is_a_permutation_by_falling_score_with_ties_in_order() => Gen.Select(Histories, Gen.Int[0, 2].Select(i => ExampleRanking.Names.ElementAt(i))).Sample((histories, by) =>
    {
        IReadOnlyList<RankedExample> ranked = ExampleRanking.Rank(histories, by, seed: 7);
        Assert.Equal(histories.Select(h => h.Index).Order(), ranked.Select(r => r.Index).Order());
        foreach ((RankedExample first, RankedExample second) in ranked.Zip(ranked.Skip(1)))
            Assert.True(first.Score > second.Score || (first.Score == second.Score && int.Parse(first.Index) < int.Parse(second.Index)));
    });

    [Fact]
    public void Equal_variances_tie_whatever_the_order_of_their_epochs()
    {
        ExampleHistory[] histories = [new("a", [0.1m, 0.7m, 0.2m]), new("b", [0.7m, 0.2m, 0.1m]), new("c", [0.3m, 0.3m, 0.3m]), new("d", [0.2m, 0.1m, 0.7m]), new("e", [0m])];
        Assert.Equal(["a", "b", "d", "c", "e"], ExampleRanking.Rank(histories, "variance").Select(r => r.Index));
    }

    /// <summary>By hand: means 1/2 and 3/4 over the shortest history, so the scale is 1/4 + 1/16.</summary>
    [Fact]
    public void Lim_follows_the_mean_curve_over_the_shortest_history()
    {
        ExampleHistory[] histories = [new("off", [1m, 0.5m, 0m]), new("near", [0m, 1m])];
        IReadOnlyList<RankedExample> ranked = ExampleRanking.Rank(histories, "lim");
        Assert.Equal(["off", "near"], ranked.Select(r => r.Index));
        Assert.All(ranked, r => Assert.Equal(1 - ((0.25 + 0.0625) / (0.25 + 0.0625)), r.Score, 1e-12));
        ExampleHistory[] perfect = [new("a", [1m, 1m]), new("b", [1m])];
        Assert.All(ExampleRanking.Rank(perfect, "lim"), r => Assert.Equal(1, r.Score));
        ExampleHistory[] three = [new("low", [0m, 0m]), new("mean", [0.5m, 0.5m]), new("high", [1m, 1m])];
        Assert.Equal([new("mean", 1), new("low", 0), new("high", 0)], ExampleRanking.Rank(three, "lim"));
    }

    [Fact]
    public void Random_depends_on_the_seed_alone()
    {
        ExampleHistory[] histories = [.. Enumerable.Range(0, 50).Select(i => new ExampleHistory($"{i}", [0m]))];
        Assert.Equal(ExampleRanking.Rank(histories, "random", 3), ExampleRanking.Rank(histories, "random", 3));
        Assert.NotEqual(ExampleRanking.Rank(histories, "random", 3), ExampleRanking.Rank(histories, "random", 4));
    }

    [Fact]
    public void An_unknown_order_is_an_error() =>
        Assert.Contains("Did you mean 'variance'?", Assert.Throws<RlvrException>(() => ExampleRanking.Rank([new("a", [0m])], "varaince")).Message, StringComparison.Ordinal);
}

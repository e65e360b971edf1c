using System.Text.Json;
using Rlvr.Data;
using Rlvr.Tests.Shared;

namespace Rlvr.Cli.Tests;

public sealed class SelectTests : IDisposable
{
    private const string History = """{"10": [0.5, 0.5], "7": [0, 1, 0, 1], "x": [0.25, 0.75], "3": [1, 1]}""";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Json_is_an_array_of_index_and_score_in_rank_order()
    {
        JsonElement ranked = CommandRun.Of("select", folder.Write("h.json", History), "--by", "variance", "--json").Succeeded().Json;
        Assert.Equal(["7", "\"x\"", "10", "3"], ranked.EnumerateArray().Select(e => e.GetProperty("index").GetRawText()));
        Assert.Equal([0.25, 0.0625, 0, 0], ranked.EnumerateArray().Select(e => e.GetProperty("score").GetDouble()));
        Assert.Equal(2, CommandRun.Of("select", folder["h.json"], "--top", "2", "--json").Succeeded().Json.GetArrayLength());
    }

    [Fact]
    public void A_table_shows_the_first_ones()
    {
        CommandRun run = CommandRun.Of("select", folder.Write("h.json", History), "--by", "lim", "--top", "1").Succeeded();
        Assert.Contains("rank", run.Out, StringComparison.Ordinal);
        Assert.Contains("lim", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Chosen_rows_become_a_data_set()
    {
        folder.Write("set.jsonl", """
            {"id": 3, "problem": "three", "answer": "3"}
            {"id": 7, "problem": "seven", "answer": "7", "subject": "s"}
            {"id": 10, "problem": "ten", "answer": "10"}
            {"id": "x", "problem": "ex", "answer": "x"}
            """);
        CommandRun.Of("select", folder.Write("h.json", History), "--top", "2", "--data", folder["set.jsonl"], "--out", folder["best.jsonl"]).Succeeded();
        Assert.Equal([new Problem("7", "seven", "7", "s").ToString(), new Problem("x", "ex", "x").ToString()], ProblemReader.Read(folder["best.jsonl"]).Select(p => p.ToString()));
        File.Delete(folder["best.jsonl"]);

        CommandRun.Of("select", folder["h.json"], "--out", folder["best.jsonl"]).FailedWith(2, "--data SET");
        CommandRun.Of("select", folder["h.json"], "--out", folder["best.jsonl"], "--data", "micro:pi-1").FailedWith(1, "no problem with the id '7'");
        Assert.False(File.Exists(folder["best.jsonl"]));
    }

    [Fact]
    public void Bad_input_is_one_clear_error()
    {
        string history = folder.Write("h.json", History);
        CommandRun.Of("select", history, "--top", "5").FailedWith(1, "--top 5 asks for more examples than the 4");
        CommandRun.Of("select", history, "--top", "0").FailedWith(2, "at least 1");
        CommandRun.Of("select", history, "--by", "size").FailedWith(2, "size");
        CommandRun.Of("select", folder["none.json"]).FailedWith(1, "no such history");
        CommandRun.Of("select", folder.Write("holes.json", """{"1": [0, null]}""")).FailedWith(1, "hole at epoch 2");
        Directory.CreateDirectory(folder["empty"]);
        CommandRun.Of("select", folder["empty"]).FailedWith(1, "is no run");
    }

    /// <summary>Training records how each example went; a run is ranked without any other file, and its rows become the next data set.</summary>
    [Fact]
    public void A_run_is_ranked_by_what_it_recorded()
    {
        string recipe = TinyModel.Recipe(folder);
        CommandRun.Of("train", recipe, "--run", folder["run"], "--set", "data.train=micro:rl-pool", "--set", "data.limit=6", "--set", "rollout.batch_size=3", "--set", "steps=4").Succeeded();
        Assert.Equal(4, File.ReadAllLines(folder["run/accuracy.jsonl"]).Length);
        JsonElement ranked = CommandRun.Of("select", folder["run"], "--json", "--top", "2", "--out", folder["two.jsonl"]).Succeeded().Json;
        Assert.Equal(ranked.EnumerateArray().Select(e => e.GetProperty("index").ToString()), ProblemReader.Read(folder["two.jsonl"]).Select(p => p.Id));
        Assert.Equal(6, CommandRun.Of("select", folder["run"], "--json").Succeeded().Json.GetArrayLength());
    }
}

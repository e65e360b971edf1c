using System.Text.Json;
using Rlvr.Tests.Shared;

namespace Rlvr.Cli.Tests;

public sealed class CheckpointsAndCompareTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Every_checkpoint_is_evaluated_once_and_the_best_is_named()
    {
        string run = Train("--set", "checkpoint.every=1", "--set", "checkpoint.keep=0"), second = TinyModel.Problems(folder, "more.jsonl");
        string[] args = ["eval", run, "--all-checkpoints", "-s", $"{folder["sums.jsonl"]},{second}"];
        JsonElement json = CommandRun.Of([.. args, "--json"]).Succeeded().Json;
        Assert.Equal([1, 2], json.GetProperty("points").EnumerateArray().Select(p => p.GetProperty("step").GetInt32()));
        Assert.Equal(["sums", "more"], json.GetProperty("best_by_suite").EnumerateObject().Select(s => s.Name));
        Assert.Equal(1, json.GetProperty("best_average").GetProperty("step").GetInt32()); // of equals the earliest
        Assert.Equal(["curve.json", "step-000001", "step-000002"], Entries(Path.Combine(run, "evaluations")));
        Assert.Equal(["more.jsonl", "settings.json", "summary.json", "sums.jsonl"], Entries(Path.Combine(run, "evaluations", "step-000002")));

        // Again: nothing is evaluated, and no weights are needed (only the blocks that tell models apart).
        DateTime written = File.GetLastWriteTimeUtc(Path.Combine(run, "evaluations", "step-000001", "sums.jsonl"));
        CommandRun again = CommandRun.Of(args).Succeeded();
        Assert.Equal(written, File.GetLastWriteTimeUtc(Path.Combine(run, "evaluations", "step-000001", "sums.jsonl")));
        Assert.Contains("best average: step 1", again.Out, StringComparison.Ordinal);
        Assert.Contains("best per suite: sums ", again.Out, StringComparison.Ordinal);
        Assert.Contains("optimistic", again.Out, StringComparison.Ordinal);
        // One that is gone still counts, if it was evaluated in the same way.
        Directory.Delete(Path.Combine(run, "checkpoints", "step-000001"), recursive: true);
        Assert.Equal(2, CommandRun.Of([.. args, "--json"]).Succeeded().Json.GetProperty("points").GetArrayLength());
        JsonElement other = CommandRun.Of("eval", run, "--all-checkpoints", "-s", folder["sums.jsonl"], "-t", "1", "-k", "2", "--out", folder["other"], "--json").Succeeded().Json;
        Assert.Equal([2], other.GetProperty("points").EnumerateArray().Select(p => p.GetProperty("step").GetInt32()));
        CommandRun.Of([.. args, "-t", "1"]).FailedWith(1, "temperature was 0, now 1");
    }

    [Fact]
    public void A_run_that_forgets_checkpoints_says_so()
    {
        string run = Train("--set", "checkpoint.every=1", "--set", "checkpoint.keep=1");
        CommandRun eval = CommandRun.Of("eval", run, "--all-checkpoints").Succeeded();
        Assert.Contains("keeps its newest 1 checkpoints (checkpoint.keep", eval.Error, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(run, "evaluations", "step-000002", "summary.json")));
        CommandRun compare = CommandRun.Of("compare", run, Path.Combine(run, "evaluations", "step-000002"), "--json").Succeeded();
        Assert.Contains("step-000002", compare.Error, StringComparison.Ordinal);
        Assert.Equal(0, compare.Json.GetProperty("average").GetProperty("difference").GetDouble());
        Assert.False(compare.Json.GetProperty("average").GetProperty("more_than_noise").GetBoolean());
    }

    [Fact]
    public void Compare_says_which_problems_changed_and_whether_that_is_noise()
    {
        // Eleven problems: nine from wrong to right, one back: McNemar 2 (1 + 10) / 1024.
        string a = Responses("a", "00000000010"), b = Responses("b", "11111111100");
        JsonElement suite = CommandRun.Of("compare", a, b, "--json").Succeeded().Json.GetProperty("suites")[0];
        Assert.Equal(22.0 / 1024, suite.GetProperty("p").GetDouble(), 12);
        Assert.True(suite.GetProperty("more_than_noise").GetBoolean());
        Assert.Equal(8.0 / 11, suite.GetProperty("difference").GetDouble(), 5);
        Assert.Equal(["p9"], suite.GetProperty("worse").EnumerateArray().Select(p => p.GetProperty("id").GetString()));
        Assert.Equal(9, suite.GetProperty("better").GetArrayLength());

        CommandRun shown = CommandRun.Of("compare", a, b, "--show", "1").Succeeded();
        Assert.Contains("more than noise", shown.Out, StringComparison.Ordinal);
        Assert.Contains("s, right → wrong (1): p9", shown.Out, StringComparison.Ordinal);
        Assert.Contains("s, wrong → right (9): p0, p1, p2", shown.Out, StringComparison.Ordinal);
        Assert.Contains("--- p0: 0.0% → 100.0%", shown.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("--- p1", shown.Out, StringComparison.Ordinal);
        // What a model wrote cannot act on the terminal.
        Assert.Contains("␛[31mresponse", shown.Out, StringComparison.Ordinal);
        Assert.DoesNotContain(shown.Out, c => char.IsControl(c) && c != '\n');
        Assert.DoesNotContain('\u001b', CommandRun.Of("compare", a, b, "--json").Succeeded().Out);
        Assert.Contains("within noise", CommandRun.Of("compare", a, Responses("c", "00000000011")).Succeeded().Out, StringComparison.Ordinal);
        CommandRun.Of("compare", a, Responses("d", "0000000001")).FailedWith(1, "not of the same problems");
        // An evaluation that was stopped is not compared.
        CommandRun.Of("eval", TinyModel.Write(folder), "-s", TinyModel.Problems(folder), "--max-new-tokens", "2", "--out", folder["part"]).Succeeded();
        File.WriteAllLines(folder["part/sums.jsonl"], File.ReadAllLines(folder["part/sums.jsonl"]).Take(1));
        CommandRun.Of("compare", folder["part"], folder["part"]).FailedWith(1, "is not complete: sums has 1 of 2 responses");
        CommandRun.Of("compare", a, b, "--suite", "t").FailedWith(1, "has no suite 't'");
    }

    private string Train(params string[] more)
    {
        CommandRun.Of(["train", TinyModel.Recipe(folder), "--run", folder["run"], .. more]).Succeeded();
        return folder["run"];
    }

    private static IEnumerable<string?> Entries(string path) => Directory.EnumerateFileSystemEntries(path).Select(Path.GetFileName).Order(StringComparer.Ordinal);

    /// <summary>A file of responses to problems p0, p1, ..., of which those with a 1 are right.</summary>
    private string Responses(string name, string right) => folder.Write($"{name}.jsonl", string.Concat(right.Select((c, i) => JsonSerializer.Serialize(new
    {
        suite = "s",
        id = $"p{i}",
        problem = $"text {i}",
        answer = "1",
        sample = 0,
        response = $"\u001b[31mresponse {c}",
        extracted = c == '1' ? "1" : null,
        verdict = c == '1' ? "Correct" : "NoAnswer",
        correct = c == '1',
    }) + "\n")));
}

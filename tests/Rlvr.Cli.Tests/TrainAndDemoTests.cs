using System.Text.Json;
using Rlvr.Tests.Shared;

namespace Rlvr.Cli.Tests;

public sealed class TrainAndDemoTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_run_can_be_evaluated_and_reported()
    {
        string recipe = TinyModel.Recipe(folder), run = folder["run"];
        CommandRun train = CommandRun.Of("train", recipe, "--run", run, "--json").Succeeded();
        Assert.Equal(2, train.Json.GetProperty("step").GetInt32());
        Assert.False(train.Json.GetProperty("stopped").GetBoolean());
        Assert.Equal(4, train.Json.GetProperty("evaluations").GetArrayLength()); // before and after, greedy and sampled
        Assert.True(File.Exists(train.Json.GetProperty("report").GetString()));

        JsonElement eval = CommandRun.Of("eval", run, "--json").Succeeded().Json; // suites and template of its recipe
        Assert.Equal((2, "sums"), (eval.GetProperty("step").GetInt32(), eval.GetProperty("suites")[0].GetProperty("suite").GetString()));
        Assert.Equal(eval.GetProperty("folder").GetString(), train.Json.GetProperty("checkpoint").GetString());
        JsonElement checkpoint = CommandRun.Of("eval", eval.GetProperty("folder").GetString()!, "--json").Succeeded().Json;
        Assert.Equal(eval.GetProperty("suites")[0].GetProperty("length").GetDouble(), checkpoint.GetProperty("suites")[0].GetProperty("length").GetDouble());

        string report = Path.Combine(run, "report.html");
        File.Delete(report);
        Assert.Equal(report + "\n", CommandRun.Of("report", run).Succeeded().Out);
        Assert.True(File.Exists(report));
    }

    [Fact]
    public void A_dry_run_prints_the_resolved_recipe_and_writes_nothing()
    {
        string recipe = TinyModel.Recipe(folder);
        CommandRun run = CommandRun.Of("train", recipe, "--set", "loss.kl=0.5", "--run", folder["run"], "--dry-run").Succeeded();
        Assert.Contains("\n  kl: 0.5\n", run.Out, StringComparison.Ordinal);
        Assert.Contains("# model", run.Out, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["run"]));
        // What it prints is a recipe: its facts are comments.
        string printed = folder.Write("printed.yaml", run.Out);
        Assert.Equal(WithoutTime(run.Out), WithoutTime(CommandRun.Of("train", printed, "--dry-run").Succeeded().Out));
        Assert.Matches("(?m)^# time +about .* s a step", run.Out);
        JsonElement json = CommandRun.Of("train", recipe, "--dry-run", "--json").Succeeded().Json;
        Assert.StartsWith("name: tiny", json.GetProperty("recipe").GetString(), StringComparison.Ordinal);
        Assert.InRange(json.GetProperty("time").GetProperty("total").GetDouble(), 1e-6, 1000);

        // What is measured differs from one call to the next.
        static string WithoutTime(string text) => string.Join('\n', text.Split('\n').Where(line => !line.StartsWith("# time", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_stopped_run_exits_with_130_and_goes_on_with_resume()
    {
        using CancellationTokenSource source = new();
        source.Cancel();
        string recipe = TinyModel.Recipe(folder);
        CommandRun stopped = CommandRun.Of(source.Token, "train", recipe, "--run", folder["none"], "--json");
        Assert.Equal(130, stopped.Code);
        Assert.True(stopped.Json.GetProperty("stopped").GetBoolean());

        CommandRun.Of("train", recipe, "--run", folder["run"], "--set", "steps=2", "--set", "checkpoint.every=1", "--set", "checkpoint.keep=0").Succeeded();
        Directory.Delete(Path.Combine(folder["run"], "checkpoints", "step-000002"), recursive: true);
        CommandRun resumed = CommandRun.Of("train", "--resume", "--run", folder["run"], "--json").Succeeded();
        Assert.Equal(2, resumed.Json.GetProperty("step").GetInt32());
    }

    [Fact]
    public void The_demo_tells_everything_in_one_json_object()
    {
        string recipe = TinyModel.Recipe(folder);
        CommandRun run = CommandRun.Of("demo", "--recipe", recipe, "--steps", "1", "--seed", "5", "--run", folder["run"], "--json").Succeeded();
        JsonElement json = run.Json;
        Assert.True(json.GetProperty("seconds").GetDouble() > 0);
        Assert.Equal((1, 5), (json.GetProperty("steps").GetInt32(), json.GetProperty("seed").GetInt32()));
        Assert.Equal(("a", "1 + 1 =", "2"), (json.GetProperty("example").GetProperty("id").GetString(), json.GetProperty("example").GetProperty("problem").GetString(), json.GetProperty("example").GetProperty("answer").GetString()));
        Assert.InRange(json.GetProperty("training_accuracy").GetDouble(), 0, 1);
        foreach (string when in new[] { "before", "after" })
        {
            foreach (string how in new[] { "greedy", "temperature_0.6" })
            {
                JsonElement suite = json.GetProperty(when).GetProperty(how).GetProperty("sums");
                Assert.InRange(suite.GetProperty("accuracy").GetDouble(), 0, 1);
                Assert.Equal(["sums", "products"], suite.GetProperty("subjects").EnumerateObject().Select(s => s.Name));
            }
        }
        Assert.True(File.Exists(json.GetProperty("report").GetString()));
        Assert.Contains("1. Before", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_demo_tells_its_story_on_standard_output()
    {
        CommandRun run = CommandRun.Of("demo", "--recipe", TinyModel.Recipe(folder), "--run", folder["run"]).Succeeded();
        string[] parts = ["RLVR", "1 + 1 =", "1. Before", "2. Training", "training accuracy", "3. After", "products", "all of sums", "report.html"];
        int at = 0;
        foreach (string part in parts)
        {
            int found = run.Out.IndexOf(part, at, StringComparison.Ordinal);
            Assert.True(found >= 0, $"'{part}' is missing, or not in its place, in:\n{run.Out}");
            at = found;
        }
    }
}

using System.Text.Json;
using Rlvr.Cli.Output;
using Rlvr.Experiments;
using Rlvr.Tests.Shared;

namespace Rlvr.Cli.Tests.Reproduce;

public sealed class ReproduceTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly string data;

    public ReproduceTests()
    {
        data = TinyModel.Problems(folder);
        Directory.CreateDirectory(folder["recipes"]);
        File.Copy(TinyModel.Recipe(folder, problems: data), folder["recipes/tiny.yaml"]);
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Experiments_are_run_in_processes_of_their_own_and_come_together_on_a_page()
    {
        JsonElement plan = Reproduce("E1", "--dry-run", "--json").Succeeded().Json;
        Assert.Equal(["tiny seed 1", "tiny seed 2", "sampled seed 1", "sampled seed 2"], plan.GetProperty("jobs").EnumerateArray().Select(j => j.GetProperty("job").GetString()));
        Assert.Equal(8, plan.GetProperty("jobs")[0].GetProperty("rollouts").GetInt64());
        Assert.True(plan.GetProperty("total").GetProperty("seconds").GetDouble() > 0);
        Assert.False(Directory.Exists(folder["out"]));

        // A page can be had at any time.
        JsonElement early = Reproduce("E1", "--page-only", "--json").Succeeded().Json;
        Assert.All(early.GetProperty("jobs").EnumerateArray(), j => Assert.Equal("to do", j.GetProperty("result").GetString()));
        Assert.Contains("not measured", File.ReadAllText(folder["out/micro/results.md"]), StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["out/micro/runs"]));

        CommandRun run = Reproduce("e1", "--jobs", "2").Succeeded();
        Assert.Contains("[4/4]", run.Error, StringComparison.Ordinal);
        Assert.Contains("E1   Probe E1: 1 agrees", run.Out, StringComparison.Ordinal);
        string page = File.ReadAllText(folder["out/micro/results.md"]);
        Assert.Contains("| tiny | 2 runs | 2 evaluations | 8 responses |", page, StringComparison.Ordinal);
        Assert.Contains("2 training runs of 1 recipes, 2 further evaluations; 2 seeds", page, StringComparison.Ordinal);
        Assert.Single(Directory.EnumerateDirectories(folder["out/micro/runs/tiny/seed-1/checkpoints"]));
        Assert.Contains("rlvr train", File.ReadAllText(folder["out/micro/logs/tiny-seed-1.log"]), StringComparison.Ordinal);

        // The second time there is nothing to do, and the page is the same.
        DateTime written = File.GetLastWriteTimeUtc(folder["out/micro/runs/tiny/seed-1/metrics.jsonl"]);
        JsonElement again = Reproduce("E1", "--json").Succeeded().Json;
        Assert.All(again.GetProperty("jobs").EnumerateArray(), j => Assert.Equal("done", j.GetProperty("result").GetString()));
        Assert.Equal(written, File.GetLastWriteTimeUtc(folder["out/micro/runs/tiny/seed-1/metrics.jsonl"]));
        Assert.Equal(page.Replace(" e1 ", " E1 ", StringComparison.Ordinal), File.ReadAllText(folder["out/micro/results.md"]));
        Assert.Equal("runs", Reproduce("E1", "--dry-run", "--json").Succeeded().Json.GetProperty("jobs")[0].GetProperty("seconds_from").GetString());
    }

    [Fact]
    public void A_job_that_fails_is_told_and_the_page_is_written_from_the_others()
    {
        folder.Write("recipes/broken.yaml", File.ReadAllText(folder["recipes/tiny.yaml"]).Replace(folder["model"], folder["no-model"], StringComparison.Ordinal));
        CommandRun run = Reproduce("E2", "--seeds", "1");
        Assert.Equal(1, run.Code);
        Assert.Contains("broken seed 1 failed", run.Error, StringComparison.Ordinal);
        Assert.Contains("no-model", run.Error, StringComparison.Ordinal);
        Assert.Contains(folder["out/micro/logs/broken-seed-1.log"], run.Error, StringComparison.Ordinal);
        Assert.Contains("1 of 2 jobs failed", run.Error, StringComparison.Ordinal);
        Assert.Contains("| tiny | 1 runs |", File.ReadAllText(folder["out/micro/results.md"]), StringComparison.Ordinal);
    }

    [Fact]
    public void Wrong_usage_is_one_line()
    {
        Reproduce().FailedWith(2, "no experiment");
        Reproduce("E11").FailedWith(2, "there is no experiment 'E11'. Did you mean 'E1'?");
        Reproduce("E3").FailedWith(2, "needs the recipe");
        Reproduce("E1", "--seeds", "0").FailedWith(2, "--seeds is 0");
        Reproduce("E1", "--scale", "huge").FailedWith(2, "huge");
        Assert.Contains("E2   Probe E2: What is there?", Reproduce("--list").Succeeded().Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_at_once_in_a_folder_are_refused()
    {
        Directory.CreateDirectory(folder["out/micro"]);
        using FileStream held = new(folder["out/micro/.reproduce.lock"], FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        Reproduce("E1").FailedWith(1, "another reproduction is at work");
    }

    private CommandRun Reproduce(params string[] arguments)
    {
        ExperimentPage Show(ExperimentResults results)
        {
            IReadOnlyList<TrainedRun> runs = results.Trainings("tiny");
            IReadOnlyList<EvaluatedRun> sampled = results.Evaluations("sampled");
            Assert.All(runs, r => Assert.Equal((2, 4), (r.Metrics.Count, r.Evaluations.Count)));
            Assert.All(runs, r => Assert.True(r.Seconds > 0));
            Assert.All(sampled, e => Assert.Equal((2, 2, 2), (e.Evaluations[0].Problems, e.Evaluations[0].Samples, e.Evaluations[0].Step)));
            return new ExperimentPage
            {
                Tables = [new ResultTable("What there is", ["recipe", "a", "b", "c"], [["tiny", $"{runs.Count} runs", $"{sampled.Count} evaluations", $"{sampled.Sum(e => e.Responses.Count)} responses"]])],
                Findings = [new Finding("They ran.", runs.Count == 2 ? Agreement.Agrees : Agreement.NotMeasured, "")],
            };
        }
        using StringWriter output = new(), error = new();
        Terminal terminal = Terminal.Plain(output, error);
        terminal.Experiments =
        [
            new ProbeExperiment("E1") { Needs = [new("tiny")], Asks = [new("sampled", "tiny", [data]) { Samples = 2, Temperature = 1 }], Shows = Show },
            new ProbeExperiment("E2") { Needs = [new("tiny", Compared: false), new("broken")], Shows = Show },
            new ProbeExperiment("E3") { Needs = [new("missing")] },
        ];
        string[] seeds = arguments.Contains("--seeds") ? [] : ["--seeds", "2"];
        int code = CommandLine.Run(["reproduce", .. arguments, .. seeds, "--out", folder["out"], "--recipes", folder["recipes"]], terminal);
        return new CommandRun(code, output.ToString(), error.ToString());
    }
}

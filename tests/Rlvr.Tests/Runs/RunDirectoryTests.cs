using Rlvr.Runs;
using Rlvr.Tests.Shared;

namespace Rlvr.Tests.Runs;

public sealed class RunDirectoryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static RolloutRecord Rollout(int step, string response) => new()
    {
        Step = step,
        Problem = "pi-1",
        Group = 3,
        Rollout = 27,
        Prompt = "2+2",
        Response = response,
        Label = "4",
        Verdict = "NoAnswer",
        Reward = 0,
        Advantage = -0.5,
        Tokens = 41,
        Finish = "stop",
    };

    private static EvaluationRecord Evaluation(int step) => new()
    {
        Step = step,
        Suite = "micro500",
        Problems = 500,
        Accuracy = 0.358,
        Subjects = [new("algebra", 84, 0.1)],
    };

    [Fact]
    public void A_step_is_one_flat_object_on_one_line()
    {
        using var run = RunDirectory.Create(_folder["run"]);
        run.Append(new StepMetrics(1, [("reward_mean", 0.25), ("kl", double.NaN), ("learning_rate", 1e-6), ("memory_bytes", 2e9)]));
        run.Append(new StepMetrics(2, [("reward_mean", 0.5)]));
        Assert.Equal("{\"step\":1,\"reward_mean\":0.25,\"kl\":null,\"learning_rate\":1E-06,\"memory_bytes\":2000000000}\n{\"step\":2,\"reward_mean\":0.5}\n",
            File.ReadAllText(run.MetricsPath));
        var read = RunDirectory.Open(run.Path).ReadMetrics();
        Assert.Equal([1, 2], read.Select(m => m.Step));
        Assert.Equal(["reward_mean", "kl", "learning_rate", "memory_bytes"], read[0].Values.Select(v => v.Name));
        Assert.Equal(0.25, read[0]["reward_mean"]);
        Assert.True(double.IsNaN(read[0]["kl"]));
        Assert.True(double.IsNaN(read[1]["kl"]));
    }

    [Fact]
    public void Evaluations_and_rollouts_are_written_as_documented_and_read_back()
    {
        using var run = RunDirectory.Create(_folder["run"]);
        run.Append(Evaluation(0));
        Assert.Equal("{\"step\":0,\"suite\":\"micro500\",\"temperature\":0,\"samples\":1,\"problems\":500,\"accuracy\":0.358," +
            "\"standard_error\":null,\"majority\":null,\"boxed\":null,\"truncated\":null,\"repetitive\":null,\"reflection\":null,\"length\":null,\"length_median\":null,\"length_max\":null,\"verdicts\":{},\"subjects\":[{\"subject\":\"algebra\",\"problems\":84,\"accuracy\":0.1}]}\n",
            File.ReadAllText(run.EvaluationsPath));
        var evaluation = Assert.Single(run.ReadEvaluations());
        Assert.True(double.IsNaN(evaluation.Boxed));
        Assert.Equal(new SubjectAccuracy("algebra", 84, 0.1), Assert.Single(evaluation.Subjects));

        var awkward = "a\nb \\boxed{</script>} \"π𝑥\" \u2028";
        run.WriteRollouts(20, [Rollout(20, awkward), Rollout(20, "") with { Extracted = "53", Verdict = "Correct", Reward = 1 }]);
        Assert.Equal([20], run.RolloutSteps());
        var lines = File.ReadAllLines(run.RolloutsPath(20));
        Assert.Equal(2, lines.Length);
        Assert.StartsWith("{\"step\":20,\"problem\":\"pi-1\",\"group\":3,\"rollout\":27,\"prompt\":\"2+2\",\"response\":\"a\\nb \\\\boxed{</script>} ", lines[0]);
        Assert.Equal("{\"step\":20,\"problem\":\"pi-1\",\"group\":3,\"rollout\":27,\"prompt\":\"2+2\",\"response\":\"\",\"label\":\"4\",\"extracted\":\"53\"," +
            "\"verdict\":\"Correct\",\"reward\":1,\"components\":null,\"reason\":null,\"advantage\":-0.5,\"tokens\":41,\"finish\":\"stop\"}", lines[1]);
        Assert.Equal([Rollout(20, awkward), Rollout(20, "") with { Extracted = "53", Verdict = "Correct", Reward = 1 }], run.ReadRollouts(20));
    }

    [Fact]
    public void Recipe_and_environment_read_back()
    {
        using var run = RunDirectory.Create(_folder["run"]);
        run.WriteRecipe("name: x\n");
        var environment = EnvironmentInfo.Collect(new Dictionary<string, string> { ["libtorch"] = "2.10.0" });
        run.WriteEnvironment(environment);
        Assert.Equal("name: x\n", run.ReadRecipe());
        var read = run.ReadEnvironment()!;
        Assert.Equal(environment with { More = read.More }, read);
        Assert.Equal("2.10.0", read.More["libtorch"]);
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        Assert.Equal($"in ~{Path.DirectorySeparatorChar}x", EnvironmentInfo.Collect(new Dictionary<string, string> { ["a"] = $"in {Path.Combine(home, "x")}" }).More["a"]);
        Assert.True(read.Processors > 0 && read.MemoryBytes > 0 && read.Processor.Length > 0 && read.OperatingSystem.Length > 0);
        Assert.DoesNotContain(Environment.MachineName, File.ReadAllText(run.EnvironmentPath).Replace(Environment.OSVersion.ToString(), ""));
    }

    [Fact]
    public void A_torn_last_line_is_left_out_by_readers_and_cut_off_by_the_next_writer()
    {
        using var run = RunDirectory.Create(_folder["run"]);
        run.Append(new StepMetrics(1, [("kl", 1)]));
        File.AppendAllText(run.MetricsPath, "{\"step\":2,\"kl\":" + new string('1', 10_000));
        Assert.Equal([1], run.ReadMetrics().Select(m => m.Step));
        run.Append(new StepMetrics(2, [("kl", 2)]));
        Assert.Equal("{\"step\":1,\"kl\":1}\n{\"step\":2,\"kl\":2}\n", File.ReadAllText(run.MetricsPath));
    }

    [Fact]
    public void A_line_that_is_no_record_is_named_with_its_place()
    {
        using var run = RunDirectory.Create(_folder["run"]);
        File.WriteAllText(run.MetricsPath, "{\"step\":1}\nhello\n");
        Assert.StartsWith($"{run.MetricsPath}(2): error: ", Assert.Throws<RlvrException>(run.ReadMetrics).Message);
        File.WriteAllText(run.EvaluationsPath, "{}\n");
        Assert.StartsWith($"{run.EvaluationsPath}(1): error: ", Assert.Throws<RlvrException>(run.ReadEvaluations).Message);
    }

    [Fact]
    public void Going_on_from_a_checkpoint_forgets_what_came_after_it()
    {
        using var run = RunDirectory.Create(_folder["run"]);
        for (var step = 1; step <= 5; step++)
        {
            run.Append(new StepMetrics(step, [("kl", step)]));
            run.Append(Evaluation(step));
            run.WriteRollouts(step, [Rollout(step, "x")]);
            Directory.CreateDirectory(run.CheckpointPath(step));
            File.WriteAllText(Path.Combine(run.CheckpointPath(step), "state.json"), "{}");
        }
        File.AppendAllText(run.MetricsPath, "{\"step\":6");
        Directory.CreateDirectory(Path.Combine(run.CheckpointsFolder, ".step-000003.0.tmp"));
        using var resumed = RunDirectory.Open(run.Path);
        resumed.TruncateAfter(3);
        Assert.Equal([1, 2, 3], resumed.ReadMetrics().Select(m => m.Step));
        Assert.Equal([1, 2, 3], resumed.ReadEvaluations().Select(e => e.Step));
        Assert.Equal([1, 2, 3], resumed.RolloutSteps());
        Assert.Equal([1, 2, 3], resumed.CheckpointSteps());
        Assert.Equal(3, Directory.GetFileSystemEntries(resumed.CheckpointsFolder).Length);
        resumed.Append(new StepMetrics(4, [("kl", 4)]));
        Assert.Equal(2, Directory.GetFiles(resumed.TensorBoardFolder).Length);
    }

    [Fact]
    public void A_folder_with_a_run_is_refused_and_one_with_other_things_is_not()
    {
        _folder.Write("run/notes.txt", "mine");
        using (var run = RunDirectory.Create(_folder["run"]))
            run.WriteRecipe("name: x\n");
        Assert.True(RunDirectory.Exists(_folder["run"]));
        var error = Assert.Throws<RlvrException>(() => RunDirectory.Create(_folder["run"]));
        Assert.Equal($"'{_folder["run"]}' holds a run already (recipe.yaml). Choose another folder with --run, or delete this one.", error.Message);
        Assert.Equal("mine", File.ReadAllText(_folder["run/notes.txt"]));
    }

    [Fact]
    public void Creating_leaves_an_empty_folder_and_no_probe()
    {
        using var run = RunDirectory.Create(_folder["a/b/run"]);
        Assert.Empty(Directory.EnumerateFileSystemEntries(run.Path));
    }

    [Fact]
    public void A_place_that_cannot_be_written_is_an_error_at_start()
    {
        _folder.Write("file", "");
        var error = Assert.Throws<RlvrException>(() => RunDirectory.Create(_folder["file/run"]));
        Assert.StartsWith($"the run's folder '{_folder["file/run"]}' cannot be written: ", error.Message);
        if (OperatingSystem.IsLinux()) // not even root can write there
            Assert.Throws<RlvrException>(() => RunDirectory.Create("/proc/run"));
    }

    [Fact]
    public void Too_little_space_is_an_error_at_start_and_leaves_nothing_behind()
    {
        var error = Assert.Throws<RlvrException>(() => RunDirectory.Create(_folder["a/b"], neededBytes: long.MaxValue / 2));
        Assert.Contains("needs about 4,611,686,018,428 MB", error.Message);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void What_is_no_run_cannot_be_opened()
    {
        Assert.Equal($"there is no run '{_folder["x"]}': no such folder.", Assert.Throws<RlvrException>(() => RunDirectory.Open(_folder["x"])).Message);
        Assert.Contains("is no run", Assert.Throws<RlvrException>(() => RunDirectory.Open(_folder.Path)).Message);
    }
}

using Rlvr.Rewards;
using Rlvr.Rollouts;
using Rlvr.Runs;
using Rlvr.Tensors;
using Rlvr.Tests.Shared;
using Rlvr.Training;

namespace Rlvr.Tests.Training;

public sealed class TrainingRunTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly Recipe recipe;

    public TrainingRunTests()
    {
        TinyLanguage.Save(folder["model"]);
        folder.Write("train.jsonl", """
            {"id": "a", "problem": "What is 1 + 1?", "answer": "2"}
            {"id": "b", "problem": "And 2 + 2?", "answer": "4"}
            {"id": "c", "problem": "3?", "answer": "3"}

            """);
        folder.Write("suite.jsonl", """
            {"id": "s", "problem": "5 + 5?", "answer": "10", "subject": "sums"}
            {"id": "t", "problem": "Six?", "answer": "6", "subject": "words"}

            """);
        recipe = new Recipe
        {
            Name = "tiny",
            Model = folder["model"],
            Steps = 5,
            Data = new DataOptions { Train = folder["train.jsonl"], Prompt = "plain" },
            Rollout = new RolloutOptions { BatchSize = 2, GroupSize = 4, Temperature = 1, MaxNewTokens = 5 },
            Reward = new RewardOptions { Kind = "random" }, // a network that knows nothing earns no other
            Optimizer = new OptimizerOptions { LearningRate = 1e-2, Schedule = "cosine", WarmupSteps = 1 },
            Evaluation = new EvaluationOptions { Suites = [folder["suite.jsonl"]], Every = 2, SampledTemperature = 1 },
            Checkpoint = new CheckpointOptions { Every = 2, Keep = 0 },
            Compute = new ComputeOptions { Device = "cpu", Threads = 1 },
        };
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_run_is_a_folder_of_plain_files()
    {
        Observer observer = new();
        TrainingOutcome outcome = TrainingRun.Start(recipe, folder["run"], observer, CancellationToken.None);
        Assert.Equal((folder["run"], 5, false), (outcome.RunPath, outcome.LastStep, outcome.Stopped));
        using RunDirectory run = RunDirectory.Open(folder["run"]);
        Assert.Equal(RecipeFile.ToYaml(recipe), run.ReadRecipe());
        Assert.Equal(RecipeFile.ToYaml(recipe), RecipeFile.ToYaml(RecipeFile.Load(run.RecipePath)));
        Assert.NotNull(run.ReadEnvironment());
        Assert.Equal([1, 2, 3, 4, 5], run.ReadMetrics().Select(m => m.Step));
        Assert.Equal([1, 2, 4, 5], run.RolloutSteps());
        Assert.Equal([2, 4, 5], run.CheckpointSteps());
        // Before and after training also sampled, in between greedily only.
        Assert.Equal([(0, 0), (0, 1), (2, 0), (4, 0), (5, 0), (5, 1)], run.ReadEvaluations().Select(e => (e.Step, e.Temperature)));
        Assert.Equal(outcome.Evaluations.Count, run.ReadEvaluations().Count);
        Assert.True(File.Exists(run.ReportPath));
        Assert.NotEmpty(Directory.GetFiles(run.TensorBoardFolder));
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder["run"], "*.tmp*", SearchOption.AllDirectories));

        IReadOnlyList<RolloutRecord> rollouts = run.ReadRollouts(4);
        Assert.Equal(8, rollouts.Count);
        Assert.All(rollouts, r => Assert.Equal((4, r.Rollout / 4, 5), (r.Step, r.Group, int.Max(r.Tokens, 5))));
        Assert.Equal(rollouts.Average(r => r.Reward), run.ReadMetrics()[3]["reward_mean"], 12);
        Assert.Equal(run.ReadMetrics().Select(m => m.Step), observer.Steps);
        Assert.Contains(observer.Plan!.Facts, f => f.Name == "memory" && f.Value.Contains("8 rows decoded at once", StringComparison.Ordinal));
        Assert.True(observer.Plan.Memory["weights"] > 0 && observer.Plan.AvailableMemory > observer.Plan.Memory.Total);
        Assert.Contains(observer.Plan!.Facts, f => f.Name == "steps" && f.Value.StartsWith("5 of 2 x 4 rollouts", StringComparison.Ordinal));
    }

    [Fact]
    public void Runs_that_start_alike_share_their_evaluation_before_training()
    {
        EvaluationRecord[] Before(string run, Recipe of, out Observer observer)
        {
            TrainingRun.Start(of, folder[run], observer = new Observer(), CancellationToken.None, folder["shared"]);
            using RunDirectory directory = RunDirectory.Open(folder[run]);
            return [.. directory.ReadEvaluations().Where(e => e.Step == 0)];
        }

        int Files() => Directory.GetFiles(folder["shared"]).Length;
        EvaluationRecord[] first = Before("first", recipe, out Observer one);
        Assert.Equal((2, 2), (first.Length, Files())); // greedy and sampled
        Assert.DoesNotContain(one.Notes, n => n.Contains("another run", StringComparison.Ordinal));
        // Another way of training: nothing is evaluated again, and the same is written.
        EvaluationRecord[] second = Before("second", recipe with { Loss = recipe.Loss with { Kl = 0 } }, out Observer two);
        Assert.Equal(2, two.Notes.Count(n => n.Contains("another run", StringComparison.Ordinal)));
        Assert.Equal(first.Select(e => (e.Suite, e.Temperature, e.Accuracy, e.Length)), second.Select(e => (e.Suite, e.Temperature, e.Accuracy, e.Length)));
        // A marked record shows that it is really taken from there.
        foreach (string file in Directory.GetFiles(folder["shared"])) File.WriteAllText(file, File.ReadAllText(file).Replace("\"length\": ", "\"length\": 7", StringComparison.Ordinal));
        Assert.All(Before("third", recipe, out _), e => Assert.StartsWith("7", $"{e.Length}", StringComparison.Ordinal));
        // Another seed, other problems, another model or a broken file: evaluated anew.
        Before("seed", recipe with { Seed = 2 }, out _);
        Assert.Equal(4, Files());
        folder.Write("suite.jsonl", """{"id": "s", "problem": "5 + 6?", "answer": "11"}""");
        Before("problems", recipe, out _);
        Assert.Equal(6, Files());
        foreach (string file in Directory.GetFiles(folder["shared"])) File.WriteAllText(file, "{");
        Assert.All(Before("broken", recipe, out _), e => Assert.InRange(e.Length, 0, 6));
        using (LanguageModel trained = LanguageModel.Load(folder["model"]))
        {
            using (TorchSharp.torch.no_grad()) trained.Network.Parameters.Values.First().mul_(1.5);
            trained.Save(folder["other"]);
        }
        Before("model", recipe with { Model = folder["other"] }, out _);
        Assert.Equal(8, Files());
    }

    [Fact]
    public void Labels_that_are_wrong_on_purpose_are_listed_and_both_accuracies_measured()
    {
        Recipe noisy = recipe with { Data = recipe.Data with { LabelNoise = 0.6 }, Evaluation = new(), Rollout = recipe.Rollout with { BatchSize = 3 } };
        TrainingRun.Start(noisy, folder["run"], new Observer(), CancellationToken.None);
        using RunDirectory run = RunDirectory.Open(folder["run"]);
        IReadOnlyList<ChangedLabelRecord> changed = run.ReadChangedLabels();
        Assert.Equal(2, changed.Count); // 1.8 of 3
        Assert.All(changed, c => Assert.Equal(c.Problem switch { "a" => "2", "b" => "4", _ => "3" }, c.Clean));
        Assert.All(changed, c => Assert.NotEqual(c.Clean, c.Label));
        Assert.All(run.ReadRollouts(1), r => Assert.Equal(changed.FirstOrDefault(c => c.Problem == r.Problem)?.Label ?? r.Label, r.Label));
        // The random reward calls half of the answers right; the verifier none of a network that knows nothing.
        Assert.All(run.ReadMetrics(), m => Assert.InRange(m["train_accuracy_clean"], 0, m["train_accuracy"]));
        Assert.Contains(TrainingRun.Plan(noisy).Facts, f => f.Value.Contains("2 of 3 labels are changed on purpose", StringComparison.Ordinal));

        TrainingRun.Start(noisy with { Data = recipe.Data with { Examples = ["b"], Label = "5" } }, folder["fixed"], new Observer(), CancellationToken.None);
        using RunDirectory one = RunDirectory.Open(folder["fixed"]);
        Assert.Equal([("b", "5", "4")], one.ReadChangedLabels().Select(c => (c.Problem, c.Label, c.Clean)));
        TrainingRun.Start(noisy with { Data = recipe.Data }, folder["clean"], new Observer(), CancellationToken.None);
        using RunDirectory clean = RunDirectory.Open(folder["clean"]);
        Assert.Empty(clean.ReadChangedLabels());
        Assert.DoesNotContain(clean.ReadMetrics()[0].Values, v => v.Name == "train_accuracy_clean");
    }

    [Fact]
    public void A_plan_says_how_long_the_run_takes()
    {
        TimePlan time = TrainingRun.Plan(recipe).Time!;
        Assert.Equal((5, 16), (time.Steps, time.Sampled));
        Assert.InRange(time.ResponseTokens, 1, 5);
        Assert.True(time.Evaluation > 0 && time.Rollouts > 0 && time.Update > 0);
        Assert.Equal(0, TrainingRun.Plan(recipe with { Evaluation = new EvaluationOptions() }).Time!.Evaluation);
    }

    [Fact]
    public void A_demonstration_stands_before_the_questions_of_the_evaluations()
    {
        Recipe shown = recipe with { Evaluation = recipe.Evaluation with { InContext = folder["train.jsonl"] } };
        Assert.Contains(TrainingRun.Plan(shown).Facts, f => f.Name == "evaluate" && f.Value.EndsWith(", after a demonstration (a)", StringComparison.Ordinal));
        Assert.DoesNotContain(TrainingRun.Plan(recipe).Facts, f => f.Value.Contains("demonstration", StringComparison.Ordinal));
        // It needs its room.
        folder.Write("long.jsonl", $$"""{"id": "long", "problem": "{{new string('x', 5000)}}", "answer": "1"}""" + "\n");
        string message = Assert.Throws<RlvrException>(() => TrainingRun.Plan(recipe with { Evaluation = recipe.Evaluation with { InContext = folder["long.jsonl"] } })).Message;
        Assert.Contains("problem 's': its prompt of ", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sampled_evaluations_can_be_had_during_training_too()
    {
        Recipe often = recipe with { Evaluation = recipe.Evaluation with { SampledDuring = true, Limit = 1 } };
        TrainingRun.Start(often, folder["run"], new Observer(), CancellationToken.None);
        using RunDirectory run = RunDirectory.Open(folder["run"]);
        Assert.Equal([(0, 0, 2), (0, 1, 2), (2, 0, 1), (2, 1, 1), (4, 0, 1), (4, 1, 1), (5, 0, 2), (5, 1, 2)], run.ReadEvaluations().Select(e => (e.Step, e.Temperature, e.Problems)));
    }

    [Theory]
    [InlineData(1)] // no checkpoint and no evaluation due
    [InlineData(2)] // an evaluation due
    [InlineData(3)]
    [InlineData(5)] // the last evaluation due
    public void A_stopped_run_goes_on_as_if_it_had_not_stopped(int stopAfter)
    {
        TrainingRun.Start(recipe, folder["straight"], new Observer(), CancellationToken.None);
        using CancellationTokenSource source = new();
        Observer stopping = new() { OnStep = step => { if (step == stopAfter) source.Cancel(); } };
        TrainingOutcome stopped = TrainingRun.Start(recipe, folder["run"], stopping, source.Token);
        Assert.Equal((stopAfter, true), (stopped.LastStep, stopped.Stopped));
        Assert.True(File.Exists(Path.Combine(folder["run"], "report.html")));

        TrainingOutcome resumed = TrainingRun.Resume(folder["run"], new Observer(), CancellationToken.None);
        Assert.Equal((5, false), (resumed.LastStep, resumed.Stopped));
        Same(folder["straight"], folder["run"]);
    }

    [Fact]
    public void A_run_stopped_in_an_evaluation_goes_on_with_it()
    {
        TrainingRun.Start(recipe, folder["straight"], new Observer(), CancellationToken.None);
        using CancellationTokenSource source = new();
        int after = 0;
        Observer stopping = new() { OnStep = step => after = step, OnEvaluation = () => { if (after == 4) source.Cancel(); } };
        Assert.True(TrainingRun.Start(recipe, folder["run"], stopping, source.Token).Stopped);
        TrainingRun.Resume(folder["run"], new Observer(), CancellationToken.None);
        Same(folder["straight"], folder["run"]);
    }

    [Fact]
    public void Steps_after_the_last_checkpoint_are_taken_again()
    {
        TrainingRun.Start(recipe, folder["run"], new Observer(), CancellationToken.None);
        float[] weights = Weights(folder["run"]);
        // As after a crash in step 5.
        using (RunDirectory run = RunDirectory.Open(folder["run"])) Directory.Delete(run.CheckpointPath(5), recursive: true);
        TrainingRun.Resume(folder["run"], new Observer(), CancellationToken.None);
        using RunDirectory resumed = RunDirectory.Open(folder["run"]);
        Assert.Equal([1, 2, 3, 4, 5], resumed.ReadMetrics().Select(m => m.Step));
        Assert.Equal(6, resumed.ReadEvaluations().Count);
        Assert.Equal(weights, Weights(folder["run"]));
    }

    [Fact]
    public void A_run_stopped_before_its_first_step_cannot_go_on()
    {
        using CancellationTokenSource source = new();
        source.Cancel();
        TrainingOutcome outcome = TrainingRun.Start(recipe, folder["run"], new Observer(), source.Token);
        Assert.Equal((0, true), (outcome.LastStep, outcome.Stopped));
        Assert.Contains("no checkpoint", Assert.Throws<RlvrException>(() => TrainingRun.Resume(folder["run"], new Observer(), CancellationToken.None)).Message, StringComparison.Ordinal);
        Assert.Throws<RlvrException>(() => TrainingRun.Resume(folder["nowhere"], new Observer(), CancellationToken.None));
    }

    [Fact]
    public void Only_the_newest_checkpoints_are_kept()
    {
        TrainingRun.Start(recipe with { Checkpoint = new CheckpointOptions { Every = 1, Keep = 2 } }, folder["run"], new Observer(), CancellationToken.None);
        using RunDirectory run = RunDirectory.Open(folder["run"]);
        Assert.Equal([4, 5], run.CheckpointSteps());
    }

    public static TheoryData<string> Mistakes => ["no model", "no tokenizer", "empty data", "unreadable label", "long prompt", "no room", "long test", "unknown suite", "a run is there"];

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void A_mistake_is_one_error_and_nothing_is_written(string mistake)
    {
        Recipe wrong = recipe;
        string data(string answer, string problem) => folder.Write("bad.jsonl", $$"""{"id": "bad", "problem": "{{problem}}", "answer": "{{answer}}"}""" + "\n");
        string message = "";
        switch (mistake)
        {
            case "no model":
                (wrong, message) = (recipe with { Model = folder["missing"] }, "missing");
                break;
            case "no tokenizer":
                File.Delete(Path.Combine(folder["model"], "tokenizer.json"));
                message = "tokenizer.json";
                break;
            case "empty data":
                (wrong, message) = (recipe with { Data = recipe.Data with { Train = folder.Write("empty.jsonl", "\n") } }, "empty.jsonl");
                break;
            case "unreadable label":
                (wrong, message) = (recipe with { Data = recipe.Data with { Train = data(@"\\frac{1}{", "?") } }, "bad");
                break;
            case "long prompt":
                (wrong, message) = (recipe with { Data = recipe.Data with { MaxPromptTokens = 12 } }, "data.max_prompt_tokens");
                break;
            case "no room":
                (wrong, message) = (recipe with { Rollout = recipe.Rollout with { MaxNewTokens = 120 }, Evaluation = recipe.Evaluation with { MaxNewTokens = 5 } }, "rollout.max_new_tokens");
                break;
            case "long test":
                (wrong, message) = (recipe with { Evaluation = recipe.Evaluation with { Suites = [data("1", new string('x', 124))] } }, "evaluation.max_new_tokens");
                break;
            case "unknown suite":
                (wrong, message) = (recipe with { Evaluation = recipe.Evaluation with { Suites = ["micro50"] } }, "micro500");
                break;
            default:
                folder.Write("run/recipe.yaml", "name: older\n");
                message = "holds a run already";
                break;
        }
        string[] before = Files();
        Assert.Contains(message, Assert.ThrowsAny<RlvrException>(() => TrainingRun.Start(wrong, folder["run"], new Observer(), CancellationToken.None)).Message, StringComparison.Ordinal);
        if (mistake != "a run is there")
        {
            Assert.ThrowsAny<RlvrException>(() => TrainingRun.Plan(wrong));
            Assert.False(Directory.Exists(folder["run"]));
        }
        Assert.Equal(before, Files());
    }

    [Fact]
    public void Labels_that_cannot_be_read_are_told_saved_and_never_trained_on()
    {
        folder.Write("train.jsonl", """
            {"id": "a", "problem": "What is 1 + 1?", "answer": "\\div"}
            {"id": "b", "problem": "And 2 + 2?", "answer": "4"}

            """);
        File.AppendAllText(folder["suite.jsonl"], """{"id": "u", "problem": "Seven?", "answer": "\\div"}""" + "\n");
        Observer observer = new();
        TrainingRun.Start(recipe with { Steps = 5 }, folder["run"], observer, CancellationToken.None);
        using RunDirectory run = RunDirectory.Open(folder["run"]);
        Assert.Equal([(folder["train.jsonl"], "a", "dropped"), (folder["suite.jsonl"], "u", "kept")], run.ReadLabels().Select(l => (l.Set, l.Problem, l.Action)));
        Assert.All(run.ReadRollouts(5), r => Assert.Equal("b", r.Problem));
        Assert.All(run.ReadEvaluations(), e => Assert.Equal(3, e.Problems));
        Assert.Equal(2, observer.Notes.Count(n => n.StartsWith("warning: ", StringComparison.Ordinal) && n.Contains("labels cannot be read", StringComparison.Ordinal)));
        Assert.Equal(2, TrainingRun.Plan(recipe).Facts.Count(f => f.Name == "labels"));
    }

    [Fact]
    public void A_run_is_rewarded_by_a_sum_with_a_program_in_it()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the program is a script for /bin/sh");
        // Fails on every response that has an x in it.
        string script = folder.Write("reward.sh", """
            while read -r line; do
              id=${line#*\"id\":}; id=${id%%,*}
              case ${line#*\"response\":} in *[xyz]*) echo sorry >&2; exit 1 ;; esac
              printf '{"id":%s,"reward":%s}\n' "$id" $((id % 2))
            done

            """);
        Recipe mixed = recipe with
        {
            Reward = new RewardOptions { Kind = "program - 0.01 tokens", Program = ["/bin/sh", script], ProgramTimeout = 60, ProgramRetries = 0 },
            Rollout = recipe.Rollout with { BatchSize = 4 },
        };
        Observer observer = new();
        TrainingRun.Start(mixed, folder["run"], observer, CancellationToken.None);
        using RunDirectory run = RunDirectory.Open(folder["run"]);
        IReadOnlyList<RolloutRecord> rollouts = run.ReadRollouts(5);
        StepMetrics metrics = run.ReadMetrics()[4];
        Assert.All(rollouts, r => Assert.Equal(["program", "tokens"], r.Components!.Keys));
        Assert.Equal(rollouts.Average(r => r.Components!["tokens"]), metrics["reward_tokens_mean"], 12);
        RolloutRecord[] failed = [.. rollouts.Where(r => r.Verdict == "RewardFailed")];
        Assert.Equal(failed.Length / 16.0, metrics["verdict_reward_failed"], 12);
        Assert.All(failed, r => Assert.Equal((true, 0, true), (double.IsNaN(r.Reward), r.Advantage, r.Reason!.Contains("sorry", StringComparison.Ordinal))));
        Assert.All(rollouts.Except(failed), r => Assert.Equal((r.Components!["program"] - (0.01 * r.Tokens), true), (r.Reward, r.Response.IndexOfAny(['x', 'y', 'z']) < 0)));
        bool anyFailed = run.ReadMetrics().Any(m => m["verdict_reward_failed"] > 0);
        Assert.Equal(anyFailed, observer.Notes.Any(n => n.Contains("could not be scored", StringComparison.Ordinal)));
    }

    [Fact]
    public void NaN_stops_the_run_with_the_step_the_term_and_the_rollouts()
    {
        Recipe wild = recipe with
        {
            Optimizer = new OptimizerOptions { LearningRate = 1e25, Schedule = "constant", WeightDecay = 0 },
            Checkpoint = new CheckpointOptions { Every = 1 },
            Evaluation = new EvaluationOptions { Every = 0 },
        };
        Observer observer = new();
        string message = Assert.Throws<RlvrException>(() => TrainingRun.Start(wild, folder["run"], observer, CancellationToken.None)).Message;
        Assert.Equal([1], observer.Steps);
        Assert.StartsWith("Step 2: the policy term is NaN, computed from", message, StringComparison.Ordinal);
        using RunDirectory run = RunDirectory.Open(folder["run"]);
        Assert.Contains(run.RolloutsPath(2), message, StringComparison.Ordinal);
        Assert.NotEmpty(run.ReadRollouts(2));
        Assert.All(run.ReadRollouts(2), r => Assert.Equal(2, r.Step));
        Assert.Equal([1], run.CheckpointSteps());
        Assert.Single(run.ReadMetrics());
    }

    private string[] Files() =>
        [.. Directory.EnumerateFiles(folder.Path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(f => $"{f} {new FileInfo(f).Length}")];

    /// <summary>Metrics (but what a clock says), evaluations, rollouts and weights are equal.</summary>
    private static void Same(string expectedPath, string actualPath)
    {
        using RunDirectory expected = RunDirectory.Open(expectedPath), actual = RunDirectory.Open(actualPath);
        static string[] Metrics(RunDirectory run) => [.. run.ReadMetrics().Select(m => new StepMetrics(m.Step,
            [.. m.Values.Where(v => !v.Name.StartsWith("seconds", StringComparison.Ordinal) && v.Name is not ("tokens_per_second" or "memory_bytes"))]).ToJson())];
        Assert.Equal(Metrics(expected), Metrics(actual));
        Assert.Equal(File.ReadAllLines(expected.EvaluationsPath), File.ReadAllLines(actual.EvaluationsPath));
        Assert.Equal(File.ReadAllText(expected.RolloutsPath(5)), File.ReadAllText(actual.RolloutsPath(5)));
        foreach (string file in new[] { "model.safetensors", "optimizer.safetensors", "trainer_state.json", "config.json", "tokenizer.json" })
            Assert.True(File.ReadAllBytes(Path.Combine(expected.CheckpointPath(5), file)).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(actual.CheckpointPath(5), file))), file);
    }

    private static float[] Weights(string path)
    {
        using RunDirectory run = RunDirectory.Open(path);
        using TorchSharp.DisposeScope scope = TorchSharp.torch.NewDisposeScope();
        using SafeTensorsFile file = new(Path.Combine(run.CheckpointPath(5), "model.safetensors"));
        return file.Load("model.layers.1.mlp.up_proj.weight").data<float>().ToArray();
    }

    private sealed class Observer : ITrainingObserver
    {
        public List<int> Steps { get; } = [];

        public TrainingPlan? Plan { get; private set; }

        public Action<int>? OnStep { get; init; }

        public Action? OnEvaluation { get; init; }

        public void Started(TrainingPlan plan) => Plan = plan;

        public void StepDone(StepMetrics metrics, int totalSteps)
        {
            Assert.Equal(5, totalSteps);
            Steps.Add(metrics.Step);
            OnStep?.Invoke(metrics.Step);
        }

        public void EvaluationProgress(string suite, int done, int total) => OnEvaluation?.Invoke();

        public void Evaluated(EvaluationRecord record) { }

        public List<string> Notes { get; } = [];

        public void Note(string message) => Notes.Add(message);
    }
}

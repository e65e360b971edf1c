using Rlvr.Rewards;
using Rlvr.Runs;
using Rlvr.Training;

namespace Rlvr.Tests.Training;

public sealed class TrainingRunTests : TrainingRunTest
{
    [Fact]
    public void A_run_is_a_folder_of_plain_files()
    {
        Observer observer = new();
        TrainingOutcome outcome = TrainingRun.Start(Recipe, Folder["run"], observer, CancellationToken.None);
        Assert.Equal((Folder["run"], 5, false), (outcome.RunPath, outcome.LastStep, outcome.Stopped));
        using RunDirectory run = RunDirectory.Open(Folder["run"]);
        Assert.Equal(RecipeFile.ToYaml(Recipe), run.ReadRecipe());
        Assert.Equal(RecipeFile.ToYaml(Recipe), RecipeFile.ToYaml(RecipeFile.Load(run.RecipePath)));
        Assert.NotNull(run.ReadEnvironment());
        Assert.Equal([1, 2, 3, 4, 5], run.ReadMetrics().Select(m => m.Step));
        Assert.Equal([1, 2, 4, 5], run.RolloutSteps());
        Assert.Equal([2, 4, 5], run.CheckpointSteps());
        // Before and after training also sampled, in between greedily only.
        Assert.Equal([(0, 0), (0, 1), (2, 0), (4, 0), (5, 0), (5, 1)], run.ReadEvaluations().Select(e => (e.Step, e.Temperature)));
        Assert.Equal(outcome.Evaluations.Count, run.ReadEvaluations().Count);
        Assert.True(File.Exists(run.ReportPath));
        Assert.NotEmpty(Directory.GetFiles(run.TensorBoardFolder));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Folder["run"], "*.tmp*", SearchOption.AllDirectories));

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
    public void Labels_that_are_wrong_on_purpose_are_listed_and_both_accuracies_measured()
    {
        Recipe noisy = Recipe with { Data = Recipe.Data with { LabelNoise = 0.6 }, Evaluation = new(), Rollout = Recipe.Rollout with { BatchSize = 3 } };
        TrainingRun.Start(noisy, Folder["run"], new Observer(), CancellationToken.None);
        using RunDirectory run = RunDirectory.Open(Folder["run"]);
        IReadOnlyList<ChangedLabelRecord> changed = run.ReadChangedLabels();
        Assert.Equal(2, changed.Count); // 1.8 of 3
        Assert.All(changed, c => Assert.Equal(c.Problem switch { "a" => "2", "b" => "4", _ => "3" }, c.Clean));
        Assert.All(changed, c => Assert.NotEqual(c.Clean, c.Label));
        Assert.All(run.ReadRollouts(1), r => Assert.Equal(changed.FirstOrDefault(c => c.Problem == r.Problem)?.Label ?? r.Label, r.Label));
        // The random reward calls half of the answers right; the verifier none of a network that knows nothing.
        Assert.All(run.ReadMetrics(), m => Assert.InRange(m["train_accuracy_clean"], 0, m["train_accuracy"]));
        Assert.Contains(TrainingRun.Plan(noisy).Facts, f => f.Value.Contains("2 of 3 labels are changed on purpose", StringComparison.Ordinal));

        TrainingRun.Start(noisy with { Data = Recipe.Data with { Examples = ["b"], Label = "5" } }, Folder["fixed"], new Observer(), CancellationToken.None);
        using RunDirectory one = RunDirectory.Open(Folder["fixed"]);
        Assert.Equal([("b", "5", "4")], one.ReadChangedLabels().Select(c => (c.Problem, c.Label, c.Clean)));
        TrainingRun.Start(noisy with { Data = Recipe.Data }, Folder["clean"], new Observer(), CancellationToken.None);
        using RunDirectory clean = RunDirectory.Open(Folder["clean"]);
        Assert.Empty(clean.ReadChangedLabels());
        Assert.DoesNotContain(clean.ReadMetrics()[0].Values, v => v.Name == "train_accuracy_clean");
    }

    [Fact]
    public void A_plan_says_how_long_the_run_takes()
    {
        TimePlan time = TrainingRun.Plan(Recipe).Time!;
        Assert.Equal((5, 16), (time.Steps, time.Sampled));
        Assert.InRange(time.ResponseTokens, 1, 5);
        Assert.True(time.Evaluation > 0 && time.Rollouts > 0 && time.Update > 0);
        Assert.Equal(0, TrainingRun.Plan(Recipe with { Evaluation = new EvaluationOptions() }).Time!.Evaluation);
    }

    [Fact]
    public void Only_the_newest_checkpoints_are_kept()
    {
        TrainingRun.Start(Recipe with { Checkpoint = new CheckpointOptions { Every = 1, Keep = 2 } }, Folder["run"], new Observer(), CancellationToken.None);
        using RunDirectory run = RunDirectory.Open(Folder["run"]);
        Assert.Equal([4, 5], run.CheckpointSteps());
    }

    public static TheoryData<string> Mistakes => ["no model", "no tokenizer", "empty data", "unreadable label", "long prompt", "no room", "long test", "unknown suite", "a run is there"];

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void A_mistake_is_one_error_and_nothing_is_written(string mistake)
    {
        Recipe wrong = Recipe;
        string data(string answer, string problem) => Folder.Write("bad.jsonl", $$"""{"id": "bad", "problem": "{{problem}}", "answer": "{{answer}}"}""" + "\n");
        string message = "";
        switch (mistake)
        {
            case "no model":
                (wrong, message) = (Recipe with { Model = Folder["missing"] }, "missing");
                break;
            case "no tokenizer":
                File.Delete(Path.Combine(Folder["model"], "tokenizer.json"));
                message = "tokenizer.json";
                break;
            case "empty data":
                (wrong, message) = (Recipe with { Data = Recipe.Data with { Train = Folder.Write("empty.jsonl", "\n") } }, "empty.jsonl");
                break;
            case "unreadable label":
                (wrong, message) = (Recipe with { Data = Recipe.Data with { Train = data(@"\\frac{1}{", "?") } }, "bad");
                break;
            case "long prompt":
                (wrong, message) = (Recipe with { Data = Recipe.Data with { MaxPromptTokens = 12 } }, "data.max_prompt_tokens");
                break;
            case "no room":
                (wrong, message) = (Recipe with { Rollout = Recipe.Rollout with { MaxNewTokens = 120 }, Evaluation = Recipe.Evaluation with { MaxNewTokens = 5 } }, "rollout.max_new_tokens");
                break;
            case "long test":
                (wrong, message) = (Recipe with { Evaluation = Recipe.Evaluation with { Suites = [data("1", new string('x', 124))] } }, "evaluation.max_new_tokens");
                break;
            case "unknown suite":
                (wrong, message) = (Recipe with { Evaluation = Recipe.Evaluation with { Suites = ["micro50"] } }, "micro500");
                break;
            default:
                Folder.Write("run/recipe.yaml", "name: older\n");
                message = "holds a run already";
                break;
        }
        string[] before = Files();
        Assert.Contains(message, Assert.ThrowsAny<RlvrException>(() => TrainingRun.Start(wrong, Folder["run"], new Observer(), CancellationToken.None)).Message, StringComparison.Ordinal);
        if (mistake != "a run is there")
        {
            Assert.ThrowsAny<RlvrException>(() => TrainingRun.Plan(wrong));
            Assert.False(Directory.Exists(Folder["run"]));
        }
        Assert.Equal(before, Files());
    }

    [Fact]
    public void Labels_that_cannot_be_read_are_told_saved_and_never_trained_on()
    {
        Folder.Write("train.jsonl", """
            {"id": "a", "problem": "What is 1 + 1?", "answer": "\\div"}
            {"id": "b", "problem": "And 2 + 2?", "answer": "4"}

            """);
        File.AppendAllText(Folder["suite.jsonl"], """{"id": "u", "problem": "Seven?", "answer": "\\div"}""" + "\n");
        Observer observer = new();
        TrainingRun.Start(Recipe with { Steps = 5 }, Folder["run"], observer, CancellationToken.None);
        using RunDirectory run = RunDirectory.Open(Folder["run"]);
        Assert.Equal([(Folder["train.jsonl"], "a", "dropped"), (Folder["suite.jsonl"], "u", "kept")], run.ReadLabels().Select(l => (l.Set, l.Problem, l.Action)));
        Assert.All(run.ReadRollouts(5), r => Assert.Equal("b", r.Problem));
        Assert.All(run.ReadEvaluations(), e => Assert.Equal(3, e.Problems));
        Assert.Equal(2, observer.Notes.Count(n => n.StartsWith("warning: ", StringComparison.Ordinal) && n.Contains("labels cannot be read", StringComparison.Ordinal)));
        Assert.Equal(2, TrainingRun.Plan(Recipe).Facts.Count(f => f.Name == "labels"));
    }

    [Fact]
    public void A_run_is_rewarded_by_a_sum_with_a_program_in_it()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the program is a script for /bin/sh");
        // Fails on every response that has an x in it.
        string script = Folder.Write("reward.sh", """
            while read -r line; do
              id=${line#*\"id\":}; id=${id%%,*}
              case ${line#*\"response\":} in *[xyz]*) echo sorry >&2; exit 1 ;; esac
              printf '{"id":%s,"reward":%s}\n' "$id" $((id % 2))
            done

            """);
        Recipe mixed = Recipe with
        {
            Reward = new RewardOptions { Kind = "program - 0.01 tokens", Program = ["/bin/sh", script], ProgramTimeout = 60, ProgramRetries = 0 },
            Rollout = Recipe.Rollout with { BatchSize = 4 },
        };
        Observer observer = new();
        TrainingRun.Start(mixed, Folder["run"], observer, CancellationToken.None);
        using RunDirectory run = RunDirectory.Open(Folder["run"]);
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
        Recipe wild = Recipe with
        {
            Optimizer = new OptimizerOptions { LearningRate = 1e25, Schedule = "constant", WeightDecay = 0 },
            Checkpoint = new CheckpointOptions { Every = 1 },
            Evaluation = new EvaluationOptions { Every = 0 },
        };
        Observer observer = new();
        string message = Assert.Throws<RlvrException>(() => TrainingRun.Start(wild, Folder["run"], observer, CancellationToken.None)).Message;
        Assert.Equal([1], observer.Steps);
        Assert.StartsWith("Step 2: the policy term is NaN, computed from", message, StringComparison.Ordinal);
        using RunDirectory run = RunDirectory.Open(Folder["run"]);
        Assert.Contains(run.RolloutsPath(2), message, StringComparison.Ordinal);
        Assert.NotEmpty(run.ReadRollouts(2));
        Assert.All(run.ReadRollouts(2), r => Assert.Equal(2, r.Step));
        Assert.Equal([1], run.CheckpointSteps());
        Assert.Single(run.ReadMetrics());
    }

    private string[] Files() =>
        [.. Directory.EnumerateFiles(Folder.Path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(f => $"{f} {new FileInfo(f).Length}")];
}

using Rlvr.Runs;
using Rlvr.Tests.Shared;
using Rlvr.Training;

namespace Rlvr.Tests.Training;

/// <summary>Whatever the algorithm, a stopped run goes on bit for bit as if it had not stopped.</summary>
public sealed class ResumeTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("loss.advantage=gae critic.enabled=true critic.warmup_steps=1 critic.learning_rate=1e-2 loss.kl=0 loss.kl_in_reward=0.1 loss.kl_target=0.01 loss.updates_per_step=2")]
    [InlineData("rollout.dynamic_sampling=4 rollout.group_size=2 loss.clip_high=0.28 loss.aggregation=token")]
    [InlineData("loss.advantage=remax loss.policy_loss=clip_cov loss.policy_parameters=lower_bound=-5,share=0.2 loss.updates_per_step=4 loss.epochs=2 loss.high_entropy_share=0.5")]
    [InlineData("loss.reference=model loss.advantage=optimal_token_baseline loss.policy_loss=kl_cov")]
    [InlineData("compute.reference=mapped")]
    [InlineData("compute.reference=mapped compute.precision=bf16 loss.reference=model loss.kl_in_reward=0.1")]
    [InlineData("lora.rank=2 loss.updates_per_step=2")]
    [InlineData("lora.rank=1 lora.targets=q_proj,down_proj lora.rslora=true compute.precision=bf16 loss.kl_in_reward=0.1")]
    [InlineData("lora.rank=3 loss.advantage=gae critic.enabled=true critic.learning_rate=1e-2")]
    public void A_stopped_run_goes_on_bit_for_bit(string sets)
    {
        Recipe recipe = Prepare(sets);
        TrainingRun.Start(recipe, folder["straight"], new Stopping(), CancellationToken.None);
        using CancellationTokenSource source = new();
        Assert.True(TrainingRun.Start(recipe, folder["run"], new Stopping { After = 3, Source = source }, source.Token).Stopped);
        Assert.Equal(5, TrainingRun.Resume(folder["run"], new Stopping(), CancellationToken.None).LastStep);

        using RunDirectory expected = RunDirectory.Open(folder["straight"]), actual = RunDirectory.Open(folder["run"]);
        Assert.Equal(Metrics(expected), Metrics(actual));
        Assert.Equal(File.ReadAllText(expected.RolloutsPath(5)), File.ReadAllText(actual.RolloutsPath(5)));
        string[] files = [.. Directory.EnumerateFiles(expected.CheckpointPath(5), "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(expected.CheckpointPath(5), f))];
        Assert.Equal(sets.Contains("critic.enabled"), files.Contains(Path.Combine("critic", "value_head.safetensors")));
        foreach (string file in files)
            Assert.True(File.ReadAllBytes(Path.Combine(expected.CheckpointPath(5), file)).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(actual.CheckpointPath(5), file))), file);
    }

    [Theory]
    [InlineData("compute.reference=memory", "weights", true)]
    [InlineData("compute.reference=mapped", "weights", true)]
    [InlineData("loss.reference=model", "weights", true)]
    [InlineData("compute.reference=mapped", "tokenizer", false)] // the reference computes what it did
    [InlineData("loss.kl=0", "weights", false)] // there is none
    public void A_reference_that_has_changed_is_refused(string sets, string what, bool refused)
    {
        Recipe recipe = Prepare(sets);
        using CancellationTokenSource source = new();
        TrainingRun.Start(recipe, folder["run"], new Stopping { After = 3, Source = source }, source.Token);
        if (what == "tokenizer") File.AppendAllText(folder["model/tokenizer.json"], "\n");
        else
        {
            Directory.Delete(folder["model"], recursive: true);
            TinyLanguage.Save(folder["model"], seed: 2);
        }
        Func<TrainingOutcome> resume = () => TrainingRun.Resume(folder["run"], new Stopping(), CancellationToken.None);
        if (refused) Assert.Contains($"was a model that {folder["model"]} no longer holds", Assert.Throws<RlvrException>(resume).Message, StringComparison.Ordinal);
        else Assert.Equal(5, resume().LastStep);
    }

    private Recipe Prepare(string sets)
    {
        TinyLanguage.Save(folder["model"]);
        folder.Write("train.jsonl", string.Concat(Enumerable.Range(0, 6).Select(i => $$"""{"id": "p{{i}}", "problem": "What is {{i}} + 1?", "answer": "{{i + 1}}"}""" + "\n")));
        string yaml = folder.Write("recipe.yaml", $"""
            model: {folder["model"]}
            steps: 5
            data: {"{"}train: {folder["train.jsonl"]}{"}"}
            rollout: {"{"}batch_size: 4, group_size: 4, temperature: 1, max_new_tokens: 5{"}"}
            reward: {"{"}kind: random{"}"}
            optimizer: {"{"}learning_rate: 1e-2{"}"}
            checkpoint: {"{"}every: 2, keep: 0{"}"}
            compute: {"{"}device: cpu, threads: 1{"}"}
            """);
        return RecipeFile.Load(yaml, sets.Replace("loss.reference=model", $"loss.reference={folder["model"]}").Split(' '));
    }

    private static string[] Metrics(RunDirectory run) => [.. run.ReadMetrics().Select(m => new StepMetrics(m.Step,
        [.. m.Values.Where(v => !v.Name.StartsWith("seconds", StringComparison.Ordinal) && v.Name is not ("tokens_per_second" or "memory_bytes"))]).ToJson())];

    private sealed class Stopping : ITrainingObserver
    {
        public int After { get; init; }

        public CancellationTokenSource? Source { get; init; }

        public void Started(TrainingPlan plan) { }

        public void StepDone(StepMetrics metrics, int totalSteps)
        {
            if (metrics.Step == After) Source?.Cancel();
        }

        public void EvaluationProgress(string suite, int done, int total) { }

        public void Evaluated(EvaluationRecord record) { }

        public void Note(string message) { }
    }
}

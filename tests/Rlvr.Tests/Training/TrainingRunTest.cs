using Rlvr.Rewards;
using Rlvr.Runs;
using Rlvr.Tensors;
using Rlvr.Tests.Shared;
using Rlvr.Training;

namespace Rlvr.Tests.Training;

/// <summary>Whole runs of five steps with a tiny model, two suites' problems and three to train on.</summary>
public abstract class TrainingRunTest : IDisposable
{
    private protected TemporaryFolder Folder { get; } = new();

    private protected Recipe Recipe { get; }

    private protected TrainingRunTest()
    {
        TinyLanguage.Save(Folder["model"]);
        Folder.Write("train.jsonl", """
            {"id": "a", "problem": "What is 1 + 1?", "answer": "2"}
            {"id": "b", "problem": "And 2 + 2?", "answer": "4"}
            {"id": "c", "problem": "3?", "answer": "3"}

            """);
        Folder.Write("suite.jsonl", """
            {"id": "s", "problem": "5 + 5?", "answer": "10", "subject": "sums"}
            {"id": "t", "problem": "Six?", "answer": "6", "subject": "words"}

            """);
        Recipe = new Recipe
        {
            Name = "tiny",
            Model = Folder["model"],
            Steps = 5,
            Data = new DataOptions { Train = Folder["train.jsonl"], Prompt = "plain" },
            Rollout = new RolloutOptions { BatchSize = 2, GroupSize = 4, Temperature = 1, MaxNewTokens = 5 },
            Reward = new RewardOptions { Kind = "random" }, // a network that knows nothing earns no other
            Optimizer = new OptimizerOptions { LearningRate = 1e-2, Schedule = "cosine", WarmupSteps = 1 },
            Evaluation = new EvaluationOptions { Suites = [Folder["suite.jsonl"]], Every = 2, SampledTemperature = 1 },
            Checkpoint = new CheckpointOptions { Every = 2, Keep = 0 },
            Compute = new ComputeOptions { Device = "cpu", Threads = 1 },
        };
    }

    public void Dispose()
    {
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Metrics (but what a clock says), evaluations, rollouts and weights are equal.</summary>
    private protected static void Same(string expectedPath, string actualPath)
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

    private protected static float[] Weights(string path)
    {
        using RunDirectory run = RunDirectory.Open(path);
        using TorchSharp.DisposeScope scope = TorchSharp.torch.NewDisposeScope();
        using SafeTensorsFile file = new(Path.Combine(run.CheckpointPath(5), "model.safetensors"));
        return file.Load("model.layers.1.mlp.up_proj.weight").data<float>().ToArray();
    }

    private protected sealed class Observer : ITrainingObserver
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

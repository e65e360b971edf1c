using Rlvr.Data;
using Rlvr.Models;
using Rlvr.Rollouts;
using Rlvr.Runs;
using Rlvr.Tests.Models;
using Rlvr.Tests.Shared;
using Rlvr.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tests.Training;

public sealed class LoraTrainingTests : IDisposable
{
    private static readonly Recipe Recipe = TinyTask.Recipe with { Lora = new LoraOptions { Rank = 2 }, Loss = new LossOptions { Kl = 0.1 } };

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Only_the_adapter_changes_and_it_learns()
    {
        using LanguageModel model = TinyLanguage.Create();
        Dictionary<string, float[]> before = model.Network.Parameters.ToDictionary(p => p.Key, p => TinyTask.Values(p.Value));
        List<double> rewards = [];
        Recipe recipe = Recipe with
        {
            Rollout = Recipe.Rollout with { BatchSize = 8, GroupSize = 8, MaxNewTokens = 1 },
            Optimizer = new OptimizerOptions { LearningRate = 0.03 },
        };
        using (RlTrainer trainer = new(model, [new Problem("abc", "abc", "1")], TinyTask.Ascii, recipe)) // different tokens, or queries and keys would not matter
        {
            Assert.Equal(2 * 7 * 2, trainer.Optimizer.Parameters.Count);
            for (int step = 1; step <= 40; step++)
            {
                StepMetrics metrics = trainer.Step(step).Metrics;
                rewards.Add(metrics["reward_mean"]);
                Assert.InRange(metrics["sampler_trainer_difference_max"], 0, 1e-4);
            }
        }
        Assert.All(model.Network.Parameters, p => Assert.Equal(before[p.Key], TinyTask.Values(p.Value)));
        Assert.All(model.Network.Trained, p => Assert.True(TinyModels.Largest(p.Value) > 1e-3, p.Name));
        // How far it comes depends on what is drawn: in 39 other runs of this network by 0.22 at least.
        Assert.True(rewards.TakeLast(5).Average() > rewards[0] + 0.15, string.Join(", ", rewards));
    }

    [Fact]
    public void The_reference_is_the_base_exactly_and_has_no_weights_of_its_own()
    {
        using LanguageModel model = TinyLanguage.Create();
        using Transformer untouched = model.Network.Clone();
        long tensors = Tensor.TotalCount;
        using RlTrainer trainer = new(model, TinyTask.Problems(3), TinyTask.Ascii, Recipe);
        // A and B, their gradients none yet, two moments each, and little besides: no second set of 28 weights.
        Assert.InRange(Tensor.TotalCount - tensors, 3 * 28, (3 * 28) + 10);
        Assert.Equal(0, trainer.Step(1).Metrics["kl"], 6); // B is 0: the policy is still the reference
        for (int step = 2; step <= 5; step++) trainer.Step(step);
        Assert.True(trainer.Step(6).Metrics["kl"] > 1e-5);

        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        int[] sequence = TinyModels.Tokens(9, 2);
        using Transformer reference = model.Network.Sharing();
        Assert.True(TinyModels.Same(TinyModels.PlainLogits(untouched, sequence), TinyModels.PlainLogits(reference, sequence)));
        Assert.False(TinyModels.Same(TinyModels.PlainLogits(untouched, sequence), TinyModels.PlainLogits(model.Network, sequence)));
    }

    [Theory]
    [InlineData("true", "fp32")]
    [InlineData("false", "8bit")]
    public void Computing_layers_again_and_small_moments_go_with_an_adapter(string recompute, string state)
    {
        float[][] After(Recipe recipe)
        {
            using LanguageModel model = TinyLanguage.Create();
            using RlTrainer trainer = new(model, TinyTask.Problems(3), TinyTask.Ascii, recipe);
            for (int step = 1; step <= 3; step++) trainer.Step(step);
            return [.. model.Network.Trained.Select(p => TinyTask.Values(p.Value))];
        }

        // Tensors of under 4096 elements keep float32 moments, so both are the same numbers.
        float[][] plain = After(Recipe with { Compute = Recipe.Compute with { Recompute = "false", ReuseForward = "false" } });
        Assert.Equal(plain, After(Recipe with { Compute = Recipe.Compute with { Recompute = recompute, ReuseForward = "false" }, Optimizer = Recipe.Optimizer with { State = state } }));
    }

    [Fact]
    public void An_adapter_is_trained_on_from_where_it_is()
    {
        (string first, Recipe recipe) = Trained("fp32");
        Recipe on = recipe with { Model = first, Loss = new LossOptions { Kl = 0.1 } };
        TrainingRun.Start(on, folder["on"], new Silent(), CancellationToken.None);
        using RunDirectory run = RunDirectory.Open(folder["on"]);
        Assert.Equal(0, run.ReadMetrics()[0]["kl"], 6); // the reference is what the run started from: base and adapter
        Assert.True(run.ReadMetrics()[^1]["kl"] > 1e-6);
        using LoraAdapter before = Load(first), after = Load(run.CheckpointPath(3));
        Assert.Equal((recipe.Model, recipe.Model), (before.BaseModel, after.BaseModel));
        Assert.All(before.Parameters.Zip(after.Parameters), p => Assert.False(TinyModels.Same(p.First.Value, p.Second.Value), p.First.Name));

        RlvrException error = Assert.Throws<RlvrException>(() => TrainingRun.Plan(on with { Lora = new LoraOptions { Rank = 3 } }));
        Assert.Contains($"the model '{first}' is an adapter of rank 2, alpha 32, all-linear, but section 'lora' says rank 3, alpha 32, all-linear.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_lora_an_adapter_is_merged_and_all_weights_are_trained()
    {
        (string first, Recipe recipe) = Trained("fp32");
        TrainingRun.Start(recipe with { Model = first, Lora = new LoraOptions(), Loss = new LossOptions { Kl = 0.1 } }, folder["whole"], new Silent(), CancellationToken.None);
        using RunDirectory run = RunDirectory.Open(folder["whole"]);
        Assert.Equal(0, run.ReadMetrics()[0]["kl"], 6);
        Assert.False(AdapterFolder.Exists(run.CheckpointPath(3)));
        using ModelFolder saved = ModelFolder.Open(run.CheckpointPath(3));
        Assert.Null(saved.Adapter);
    }

    [Fact]
    public void In_bfloat16_the_weights_are_kept_in_it_alone()
    {
        (string first, _) = Trained("bf16");
        using LoraAdapter adapter = Load(first);
        Assert.All(adapter.Parameters, p => Assert.True(p.Value.dtype == ScalarType.Float32 && TinyModels.Largest(p.Value) > 1e-4));
        using RunDirectory run = RunDirectory.Open(folder["run"]);
        Assert.All(run.ReadMetrics(), m => Assert.InRange(m["sampler_trainer_difference_max"], 0, 0.15));
        Assert.Contains("adapter", run.ReadRecipe().Length > 0 ? File.ReadAllText(Path.Combine(first, "README.md")) : "", StringComparison.Ordinal);
    }

    [Fact]
    public void The_card_says_how_an_adapter_is_used()
    {
        (string first, Recipe recipe) = Trained("fp32");
        string card = File.ReadAllText(Path.Combine(first, "README.md"));
        Assert.StartsWith("---\nlibrary_name: peft\n", card, StringComparison.Ordinal);
        Assert.Contains("AutoPeftModelForCausalLM.from_pretrained(\".\"", card, StringComparison.Ordinal);
        Assert.Contains("| adapter | LoRA of rank 2, alpha 32, all-linear: 1,440 parameters |", card, StringComparison.Ordinal);
        using RunDirectory run = RunDirectory.Open(folder["run"]);
        string merged = RunCard.Of(run, 3, first, ScalarType.BFloat16, merged: true).ToMarkdown();
        Assert.Contains("library_name: transformers", merged, StringComparison.Ordinal);
        Assert.Contains(" parameters, merged |\n| weights | bfloat16 |", merged, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("lora.alpha=0", "'lora.alpha' must be above 0")]
    [InlineData("lora.rank=-1", "'lora.rank' must be at least 0")]
    [InlineData("lora.targets=q_porj", "'q_porj' is no linear layer of a block; expected q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj, or all-linear. Did you mean 'q_proj'?")]
    [InlineData("lora.rank=0 lora.alpha=16", "section 'lora' is set, but lora.rank is 0")]
    [InlineData("lora.rank=0 lora.targets=q_proj", "section 'lora' is set, but lora.rank is 0")]
    [InlineData("lora.rank=25", "lora.rank is 25, but model.layers.0.self_attn.k_proj is a matrix of 12 x 24, whose rank is at most 12.")]
    public void Mistakes_are_one_clear_error(string sets, string message)
    {
        TinyLanguage.Save(folder["model"]);
        string yaml = folder.Write("recipe.yaml", $"model: {folder["model"]}\ndata: {"{"}train: micro:pi-1{"}"}\nrollout: {"{"}max_new_tokens: 5{"}"}\ncompute: {"{"}threads: 1{"}"}\n");
        RlvrException error = Assert.ThrowsAny<RlvrException>(() => TrainingRun.Plan(RecipeFile.Load(yaml, ["lora.rank=2", .. sets.Split(' ')])));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Memory_is_frozen_weights_and_16_bytes_for_each_number_of_the_adapter()
    {
        ModelConfig config = TinyModels.Config("qwen2 GQA");
        long all = config.ParameterCount, adapter = LoraTraining.SettingsOf(Recipe).ParameterCount(config);
        Assert.Equal(2 * 2 * ((24 + 24) + (2 * (24 + 12)) + (24 + 24) + (3 * (24 + 40))), adapter);
        MemoryPlan Plan(Recipe recipe, string precision) => MemoryPlanner.Of(recipe with { Compute = new ComputeOptions { Precision = precision } }, config, new MemoryWorkload());
        long norms = config.ParameterShapes().Where(p => p.Key.EndsWith("norm.weight", StringComparison.Ordinal)).Sum(p => p.Value[0]);
        MemoryPlan single = Plan(Recipe, "fp32"), half = Plan(Recipe, "bf16");
        Assert.Equal(((4 * all) + (4 * adapter), 4 * adapter, 8 * adapter), (single["weights"], single["gradients"], single["optimiser state"]));
        Assert.Equal(((2 * all) + (2 * norms) + (4 * adapter), 2 * adapter), (half["weights"], half["compute copy"]));
        Assert.Equal((0, 0), (single["reference"], half["reference"])); // the weights without the adapter
        Assert.Equal((2 * all) + (2 * norms), Plan(Recipe with { Loss = Recipe.Loss with { Reference = "another" } }, "bf16")["reference"]);
        Assert.True(Plan(Recipe with { Critic = new CriticOptions { Enabled = true } }, "fp32")["critic"] > 15 * all);
        MemoryPlan whole = Plan(Recipe with { Lora = new LoraOptions() }, "fp32");
        Assert.Equal((4 * all, 4 * all, 4 * all), (whole["weights"], whole["gradients"], whole["reference"]));
    }

    [Theory]
    [InlineData("Qwen/Qwen2.5-1.5B", "Qwen/Qwen2.5-1.5B", null)]
    [InlineData("Qwen/Qwen2.5-1.5B@abc123", "Qwen/Qwen2.5-1.5B", "abc123")]
    [InlineData("models/of mine", "models/of mine", null)]
    public void The_base_of_a_new_adapter_is_what_the_recipe_names(string model, string name, string? revision) => Assert.Equal((name, revision), LoraTraining.BaseOf(model));

    [Fact]
    public void A_path_in_a_hubs_cache_becomes_the_id()
    {
        string path = Directory.CreateDirectory(folder["models--Qwen--Tiny/snapshots/0123"]).FullName;
        Assert.Equal(("Qwen/Tiny", null), LoraTraining.BaseOf(path));
    }

    /// <summary>Trains an adapter for three steps.</summary>
    private (string Adapter, Recipe Recipe) Trained(string precision)
    {
        TinyLanguage.Save(folder["model"]);
        folder.Write("train.jsonl", """{"id": "a", "problem": "1 + 1?", "answer": "2"}""" + "\n");
        Recipe recipe = Recipe with
        {
            Model = folder["model"],
            Steps = 3,
            Data = new DataOptions { Train = folder["train.jsonl"], Prompt = "plain" },
            Reward = new Rlvr.Rewards.RewardOptions { Kind = "random" },
            Compute = new ComputeOptions { Device = "cpu", Threads = 1, Precision = precision },
        };
        TrainingRun.Start(recipe, folder["run"], new Silent(), CancellationToken.None);
        using RunDirectory run = RunDirectory.Open(folder["run"]);
        return (run.CheckpointPath(3), recipe);
    }

    private static LoraAdapter Load(string path)
    {
        using ModelFolder opened = ModelFolder.Open(path);
        return opened.Adapter!.Load();
    }

    private sealed class Silent : ITrainingObserver
    {
        public void Started(TrainingPlan plan) { }

        public void StepDone(StepMetrics metrics, int totalSteps) { }

        public void EvaluationProgress(string suite, int done, int total) { }

        public void Evaluated(EvaluationRecord record) { }

        public void Note(string message) { }
    }
}

using Rlvr.Rollouts;
using Rlvr.Tests.Shared;
using Rlvr.Training;
using static TorchSharp.torch;

namespace Rlvr.Tests.Training;

/// <summary><c>compute.reference</c> changes where the reference is, and nothing of what is learnt.</summary>
public sealed class ReferenceModelTests : IDisposable
{
    private static readonly Recipe InMemory = TinyTask.Recipe with { Loss = new LossOptions { Kl = 0.1 }, Compute = new ComputeOptions { Reference = "memory" } };

    private static readonly Recipe Mapped = InMemory with { Compute = new ComputeOptions { Reference = "mapped" } };

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("fp32", ScalarType.BFloat16)]
    [InlineData("bf16", ScalarType.BFloat16)]
    [InlineData("fp32", ScalarType.Float32)]
    public void Steps_are_the_same_bit_for_bit(string precision, ScalarType file)
    {
        Save(file);
        Assert.Equal(Steps(InMemory), Steps(Mapped));

        double[] Steps(Recipe recipe)
        {
            using LanguageModel model = LanguageModel.Load(folder["model"], precision: precision);
            using RlTrainer trainer = Trainer(model, recipe);
            double[] metrics = [.. Enumerable.Range(1, 3).SelectMany(step => trainer.Step(step).Metrics.Values.Where(v => v.Name is "loss" or "kl" or "gradient_norm")).Select(v => v.Value)];
            Assert.Equal(9, metrics.Length);
            Assert.True(metrics.Count(m => m != 0) >= 8); // the reference differs from the policy after the first step
            return metrics;
        }
    }

    [Fact]
    public void Another_model_of_the_recipe_is_mapped_too()
    {
        Save(ScalarType.BFloat16);
        TinyLanguage.Save(folder["other"], seed: 2);
        Recipe other = Mapped with { Loss = new LossOptions { Kl = 0.1, Reference = folder["other"] } };
        Assert.NotEqual(0, Kl(other));
        Assert.Equal(Kl(other with { Compute = InMemory.Compute }), Kl(other));

        double Kl(Recipe recipe)
        {
            using LanguageModel model = LanguageModel.Load(folder["model"]);
            using RlTrainer trainer = Trainer(model, recipe);
            return trainer.Step(1).Metrics["kl"];
        }
    }

    [Fact]
    public void A_policy_that_is_not_what_its_folder_holds_is_refused()
    {
        using LanguageModel made = TinyLanguage.Create();
        Assert.Contains("was made in memory: there are no files to map", Error(made), StringComparison.Ordinal);
        Save(ScalarType.BFloat16);
        using LanguageModel trained = LanguageModel.Load(folder["model"]);
        using (no_grad()) trained.Network.Parameters["model.layers.1.mlp.down_proj.weight"][23, 39] += 1e-3f;
        string message = Error(trained);
        Assert.Contains("'model.layers.1.mlp.down_proj.weight' differs", message, StringComparison.Ordinal);
        Assert.Contains("compute.reference: memory", message, StringComparison.Ordinal);
        // Left to the program, it is a copy of what the policy is now.
        using RlTrainer copied = Trainer(trained, Mapped with { Compute = new ComputeOptions() });
        Assert.Equal("memory", copied.Recipe.Compute.Reference);

        static string Error(LanguageModel model) => Assert.Throws<RlvrException>(() => Trainer(model, Mapped)).Message;
    }

    [Fact]
    public void The_plan_knows_the_type_of_the_files()
    {
        Save(ScalarType.Float32);
        using LanguageModel model = LanguageModel.Load(folder["model"]);
        using RlTrainer trainer = Trainer(model, Mapped);
        Assert.Equal(4, trainer.Workload.MappableElement);
        MemoryPlan plan = MemoryPlanner.Of(trainer.Recipe, model.Network.Config, trainer.Workload);
        Assert.Equal(model.Network.Parameters.Values.Where(p => p.shape.Length == 2).Sum(p => 4 * p.numel()), plan.PageCache.Single().Bytes);
        using LanguageModel adapted = LanguageModel.Load(folder["model"], frozen: true);
        using RlTrainer adapter = Trainer(adapted, Mapped with { Lora = new LoraOptions { Rank = 1 } }); // its reference is the policy without it
        Assert.Empty(MemoryPlanner.Of(adapter.Recipe, model.Network.Config, adapter.Workload).PageCache);
    }

    private static RlTrainer Trainer(LanguageModel model, Recipe recipe) => new(model, TinyTask.Problems(4), TinyTask.Ascii, recipe);

    private void Save(ScalarType type)
    {
        using LanguageModel model = TinyLanguage.Create();
        TinyLanguage.Save(folder["made"]);
        model.Network.Save(folder["model"], folder["made"], type);
    }
}

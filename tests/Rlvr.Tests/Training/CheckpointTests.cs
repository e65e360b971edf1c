using Rlvr.Data;
using Rlvr.Rewards;
using Rlvr.Rollouts;
using Rlvr.Tests.Shared;
using Rlvr.Training;

namespace Rlvr.Tests.Training;

public sealed class CheckpointTests : IDisposable
{
    private static readonly Recipe Recipe = new() { Rollout = new RolloutOptions { BatchSize = 2, GroupSize = 4, Temperature = 1, MaxNewTokens = 3 }, Optimizer = new OptimizerOptions { LearningRate = 1e-3 } };

    private static readonly Problem[] Problems = [new("p", "one", "1")];

    private static readonly FunctionReward Reward = new((_, response) => response.Length);

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("fp32")]
    [InlineData("bf16")]
    [InlineData("8bit")]
    public void A_restored_trainer_goes_on_as_the_saved_one(string state)
    {
        Recipe recipe = Recipe with { Optimizer = Recipe.Optimizer with { State = state } };
        TinyLanguage.Save(folder["model"]);
        using LanguageModel model = LanguageModel.Load(folder["model"]);
        using RlTrainer trainer = new(model, Problems, Reward, recipe);
        trainer.Step(1);
        trainer.Step(2);
        Checkpoint.Save(folder["checkpoint"], trainer, 2);

        using LanguageModel loaded = LanguageModel.Load(folder["checkpoint"]); // a model folder like any other
        using RlTrainer restored = new(loaded, Problems, Reward, recipe, Rlvr.Models.Transformer.Load(folder["model"]));
        Assert.Equal(2, Checkpoint.Restore(folder["checkpoint"], restored));
        Assert.Equal(2, restored.Optimizer.StepCount);
        Assert.Equal(trainer.Step(3).Metrics["loss"], restored.Step(3).Metrics["loss"]);
        Assert.All(model.Network.Parameters, p => Assert.Equal(Values(p.Value), Values(loaded.Network.Parameters[p.Key])));
        Assert.All(trainer.Optimizer.State().Zip(restored.Optimizer.State()), pair => Assert.Equal(Values(pair.First.Value), Values(pair.Second.Value)));
    }

    [Fact]
    public void A_checkpoint_with_other_moments_than_the_recipes_is_refused()
    {
        TinyLanguage.Save(folder["model"]);
        using LanguageModel model = LanguageModel.Load(folder["model"]), other = LanguageModel.Load(folder["model"]);
        using RlTrainer trainer = new(model, Problems, Reward, Recipe), small = new(other, Problems, Reward, Recipe with { Optimizer = Recipe.Optimizer with { State = "8bit" } });
        Checkpoint.Save(folder["checkpoint"], trainer, 1);
        Assert.Contains("the checkpoint's is fp32, but optimizer.state is 8bit", Assert.Throws<RlvrException>(() => Checkpoint.Restore(folder["checkpoint"], small)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_checkpoint_of_this_model_is_refused()
    {
        TinyLanguage.Save(folder["model"]);
        using LanguageModel model = LanguageModel.Load(folder["model"]);
        using RlTrainer trainer = new(model, Problems, Reward, Recipe);
        Assert.Contains("is not a checkpoint", Assert.Throws<RlvrException>(() => Checkpoint.Restore(folder["model"], trainer)).Message, StringComparison.Ordinal);

        Checkpoint.Save(folder["checkpoint"], trainer, 7);
        File.Move(Path.Combine(folder["checkpoint"], "optimizer.safetensors"), folder["moved"]);
        Assert.Throws<RlvrException>(() => Checkpoint.Restore(folder["checkpoint"], trainer));
        File.Copy(Path.Combine(folder["model"], "model.safetensors"), Path.Combine(folder["checkpoint"], "optimizer.safetensors"));
        Assert.Contains("optimiser state", Assert.Throws<RlvrException>(() => Checkpoint.Restore(folder["checkpoint"], trainer)).Message, StringComparison.Ordinal);
        folder.Write("checkpoint/trainer_state.json", "{");
        Assert.Contains("trainer_state.json", Assert.Throws<RlvrException>(() => Checkpoint.Restore(folder["checkpoint"], trainer)).Message, StringComparison.Ordinal);
    }

    private static float[] Values(TorchSharp.torch.Tensor tensor) => tensor.detach().to(TorchSharp.torch.ScalarType.Float32).contiguous().data<float>().ToArray();
}

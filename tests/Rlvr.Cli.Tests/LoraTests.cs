using System.Text.Json;
using Rlvr.Tests.Shared;

namespace Rlvr.Cli.Tests;

/// <summary>An adapter is a model wherever one is named; export merges it on request.</summary>
public sealed class LoraTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    private string Run => folder["run"];

    [Fact]
    public void An_adapter_is_trained_evaluated_exported_and_merged()
    {
        CommandRun plan = CommandRun.Of("train", TinyModel.Recipe(folder), "--set", "lora.rank=2", "--dry-run").Succeeded();
        Assert.Contains("rank 2, alpha 32, all-linear, scale 16: 512 parameters are trained", plan.Out, StringComparison.Ordinal);
        CommandRun.Of("train", folder["recipe.yaml"], "--run", Run, "--set", "lora.rank=2", "--set", "optimizer.learning_rate=0.05", "--set", "loss.entropy=0.1").Succeeded();
        string checkpoint = Path.Combine(Run, "checkpoints", "step-000002");
        Assert.Equal(["README.md", "adapter_config.json", "adapter_model.safetensors", "optimizer.safetensors", "tokenizer.json", "trainer_state.json"], Files(checkpoint));

        JsonElement json = CommandRun.Of("export", Run, folder["adapter"], "--json").Succeeded().Json;
        Assert.True(json.GetProperty("adapter").GetBoolean());
        Assert.Equal(["README.md", "adapter_config.json", "adapter_model.safetensors", "tokenizer.json"], Files(folder["adapter"]));
        Assert.False(CommandRun.Of("export", Run, folder["merged"], "--merge", "--json").Succeeded().Json.GetProperty("adapter").GetBoolean());
        Assert.Equal(["README.md", "config.json", "generation_config.json", "model.safetensors", "tokenizer.json"], Files(folder["merged"]));
        Assert.Contains("library_name: peft\n", File.ReadAllText(Path.Combine(folder["adapter"], "README.md")), StringComparison.Ordinal);
        Assert.Contains("library_name: transformers\n", File.ReadAllText(Path.Combine(folder["merged"], "README.md")), StringComparison.Ordinal);

        // The run, the exported adapter and the merged model answer alike, and unlike the base.
        (string Text, double[] LogProbs) run = Answer(Run), adapter = Answer(folder["adapter"]), merged = Answer(folder["merged"]), before = Answer(folder["model"]);
        Assert.Equal(run.LogProbs, adapter.LogProbs);
        Assert.Equal(run.Text, merged.Text);
        Assert.All(run.LogProbs.Zip(merged.LogProbs), p => Assert.Equal(p.First, p.Second, 1e-4));
        Assert.NotEqual(before.LogProbs, run.LogProbs);
        Assert.Contains("sums", CommandRun.Of("eval", folder["adapter"], "-s", folder["sums.jsonl"], "--max-new-tokens", "6").Succeeded().Out, StringComparison.Ordinal);

        // What is there is not lost, and what is nothing to merge says so.
        CommandRun.Of("export", Run, folder["adapter"]).FailedWith(1, "holds a model already");
        CommandRun.Of("export", Run, folder["adapter"], "--overwrite", "--merge").Succeeded();
        CommandRun.Of("export", folder["model"], folder["x"], "--merge").FailedWith(2, "holds a whole model. Leave out --merge.");
    }

    [Fact]
    public void An_adapter_without_its_base_model_says_so()
    {
        CommandRun.Of("train", TinyModel.Recipe(folder), "--run", Run, "--set", "lora.rank=1").Succeeded();
        Directory.Move(folder["model"], folder["elsewhere"]);
        string error = $"there is no base model '{folder["model"]}' ('base_model_name_or_path')";
        CommandRun.Of("eval", Run, "-s", folder["sums.jsonl"]).FailedWith(1, error);
        CommandRun.Of("export", Run, folder["out"], "--merge").FailedWith(1, error);
        CommandRun.Of("train", "--resume", "--run", Run).FailedWith(1, folder["model"]);
        Assert.False(Directory.Exists(folder["out"]));
    }

    private static (string Text, double[] LogProbs) Answer(string model)
    {
        JsonElement response = CommandRun.Of("generate", model, "-p", "1 + 1", "-t", "0", "--max-new-tokens", "8", "--template", "plain", "--json").Succeeded().Json.GetProperty("responses")[0];
        return (response.GetProperty("text").GetString()!, [.. response.GetProperty("log_probs").EnumerateArray().Select(p => p.GetDouble())]);
    }

    private static IEnumerable<string> Files(string path) => Directory.GetFiles(path).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal);
}

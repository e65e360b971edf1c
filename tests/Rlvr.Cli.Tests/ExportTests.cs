using System.Text.Json;
using Rlvr.Models;
using Rlvr.Tests.Shared;
using static TorchSharp.torch;

namespace Rlvr.Cli.Tests;

public sealed class ExportTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    private string Run => folder["run"];

    [Fact]
    public void A_checkpoint_becomes_a_folder_that_answers_as_the_checkpoint_does()
    {
        Train();
        JsonElement json = CommandRun.Of("export", Run, folder["out"], "--json").Succeeded().Json;
        Assert.Equal((2, "fp32"), (json.GetProperty("step").GetInt32(), json.GetProperty("dtype").GetString()));
        string[] files = ["README.md", "config.json", "generation_config.json", "model.safetensors", "tokenizer.json"];
        Assert.Equal(files, json.GetProperty("files").EnumerateArray().Select(f => f.GetString()));
        Assert.Equal(files, Files(folder["out"]));
        string last = Path.Combine(Run, "checkpoints", "step-000002");
        Assert.Equal(Answer(last), Answer(folder["out"]));
        // The training has changed the model, so that this says something.
        Assert.NotEqual(Answer(folder["model"]), Answer(folder["out"]));

        string card = File.ReadAllText(Path.Combine(folder["out"], "README.md"));
        Assert.Contains("# tiny\n", card, StringComparison.Ordinal);
        Assert.Contains("| sums | greedy | 2 |", card, StringComparison.Ordinal);
        Assert.Equal(card, File.ReadAllText(Path.Combine(last, "README.md"))); // written by the run, after its last evaluation
        Assert.Contains("No evaluation of this step.", File.ReadAllText(Path.Combine(Run, "checkpoints", "step-000001", "README.md")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bf16", ScalarType.BFloat16, "bfloat16")]
    [InlineData("fp16", ScalarType.Float16, "float16")]
    public void The_weights_have_the_type_asked_for(string dtype, ScalarType type, string name)
    {
        Train();
        Assert.Equal(folder["out"] + "\n", CommandRun.Of("export", Run, folder["out"], "--step", "1", "--dtype", dtype).Succeeded().Out);
        using ModelFolder written = ModelFolder.Open(folder["out"]);
        Assert.Equal(type, written.Config.TorchDtype);
        using ModelWeights weights = written.ReadAll();
        Assert.All(weights.Tensors.Values, t => Assert.Equal(type, t.dtype));
        Assert.Contains($"| weights | {name} |", File.ReadAllText(Path.Combine(folder["out"], "README.md")), StringComparison.Ordinal);
        Assert.Contains("log_probs", Answer(folder["out"]), StringComparison.Ordinal);
    }

    [Fact]
    public void A_checkpoint_or_a_model_folder_can_be_named_too()
    {
        Train();
        CommandRun.Of("export", Path.Combine(Run, "checkpoints", "step-000001"), folder["of-checkpoint"]).Succeeded();
        Assert.Contains("trained for 1 step ", File.ReadAllText(Path.Combine(folder["of-checkpoint"], "README.md")), StringComparison.Ordinal);
        CommandRun.Of("export", folder["model"], folder["of-model"]).Succeeded();
        Assert.Equal(["config.json", "generation_config.json", "model.safetensors", "tokenizer.json"], Files(folder["of-model"]));
    }

    [Fact]
    public void Evaluations_after_the_run_are_in_the_card()
    {
        Train();
        CommandRun.Of("eval", Run, "--all-checkpoints", "-s", "pi-1", "-k", "2", "-t", "1", "--max-new-tokens", "6").Succeeded();
        CommandRun.Of("export", Run, folder["out"]).Succeeded();
        string card = File.ReadAllText(Path.Combine(folder["out"], "README.md"));
        Assert.Contains("| pi-1 | temperature 1, mean of 2 | 1 | – | ", card, StringComparison.Ordinal);
        Assert.Contains("| sums | greedy | 2 | ", card, StringComparison.Ordinal);
        // A broken one is left out.
        foreach (string summary in Directory.GetFiles(Run, "summary.json", SearchOption.AllDirectories)) File.WriteAllText(summary, "{");
        CommandRun.Of("export", Run, folder["again"]).Succeeded();
        Assert.DoesNotContain("| pi-1 |", File.ReadAllText(Path.Combine(folder["again"], "README.md")), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_there_is_not_lost()
    {
        Train();
        folder.Write("busy/notes.txt", "mine");
        CommandRun.Of("export", Run, folder["busy"]).FailedWith(1, "is not empty and holds no model");
        CommandRun.Of("export", Run, folder["busy"], "--overwrite").FailedWith(1, "is not empty and holds no model");
        CommandRun.Of("export", Run, folder["model"]).FailedWith(1, "holds a model already. Choose another folder, or replace it with --overwrite.");
        CommandRun.Of("export", Run, Path.Combine(Run, "checkpoints", "step-000002"), "--overwrite").FailedWith(1, "holds the model that is to be exported");
        CommandRun.Of("export", Run, Path.Combine(folder["busy"], "notes.txt")).FailedWith(1, "is a file");
        CommandRun.Of("export", Run, folder["out"], "--step", "7").FailedWith(1, "has no checkpoint of step 7. It has those of: 1, 2.");
        CommandRun.Of("export", folder["model"], folder["out"], "--step", "7").FailedWith(2, "--step chooses among the checkpoints of a run");
        CommandRun.Of("export", folder["nothing"], folder["out"]).FailedWith(1, folder["nothing"]);
        CommandRun.Of("export", Run, folder["out"], "--dtype", "int8").FailedWith(2, "fp32");
        Assert.False(Directory.Exists(folder["out"]));
        Assert.Equal(["notes.txt"], Files(folder["busy"]));

        CommandRun.Of("export", Run, folder["out"]).Succeeded();
        CommandRun.Of("export", Run, folder["out"], "--step", "1", "--overwrite").Succeeded();
        Assert.Contains("trained for 1 step ", File.ReadAllText(Path.Combine(folder["out"], "README.md")), StringComparison.Ordinal);
        Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(folder.Path), e => e.EndsWith(".tmp", StringComparison.Ordinal));
    }

    [Fact]
    public void Generate_gives_tokens_and_log_probabilities_as_json()
    {
        string model = TinyModel.Write(folder);
        JsonElement json = CommandRun.Of("generate", model, "-p", "1 + 1", "-t", "0", "--max-new-tokens", "6", "--template", "micro", "--json").Succeeded().Json;
        Assert.Equal("Problem: 1 + 1\nSolution:\n", json.GetProperty("prompt").GetString());
        Assert.Equal("Problem: 1 + 1\nSolution:\n".Length, json.GetProperty("prompt_token_ids").GetArrayLength()); // single bytes
        JsonElement response = json.GetProperty("responses")[0];
        int[] tokens = [.. response.GetProperty("token_ids").EnumerateArray().Select(t => t.GetInt32())];
        double[] logProbs = [.. response.GetProperty("log_probs").EnumerateArray().Select(p => p.GetDouble())];
        Assert.Equal(response.GetProperty("tokens").GetInt32(), tokens.Length);
        Assert.Equal(tokens.Length, logProbs.Length);
        Assert.All(logProbs, p => Assert.InRange(p, -double.Log(258) - 1, -0.001));
    }

    private void Train() => CommandRun.Of("train", TinyModel.Recipe(folder), "--run", Run, "--set", "checkpoint.every=1", "--set", "checkpoint.keep=0",
        "--set", "optimizer.learning_rate=0.05", "--set", "loss.entropy=0.1").Succeeded();

    /// <summary>Text, tokens and log-probabilities of a greedy response.</summary>
    private static string Answer(string model) => CommandRun.Of("generate", model, "-p", "1 + 1", "-t", "0", "--max-new-tokens", "8", "--template", "plain", "--json").Succeeded().Json
        .GetProperty("responses")[0].GetRawText();

    private static IEnumerable<string> Files(string path) => Directory.GetFiles(path, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(path, f)).Order(StringComparer.Ordinal);
}

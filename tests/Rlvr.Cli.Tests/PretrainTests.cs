using System.Text.Json;
using Rlvr.Tests.Shared;

namespace Rlvr.Cli.Tests;

public sealed class PretrainTests
{
    [Fact]
    public void A_folder_that_can_be_used_and_says_how_it_was_made()
    {
        using TemporaryFolder folder = new();
        string recipe = folder.Write("p.yaml", $"""
            name: tiny
            output: {folder["base"]}
            steps: 2
            model:
              hidden_size: 16
              layers: 1
              heads: 2
              kv_heads: 1
              intermediate_size: 32
              max_vocabulary: 300
            data:
              batch_size: 4
              bucket_batches: 1
            compute:
              threads: 1
            """);
        CommandRun run = CommandRun.Of("pretrain", recipe, "--json").Succeeded();
        Assert.Equal(2, run.Json.GetProperty("steps").GetInt32());
        Assert.Equal(folder["base"], run.Json.GetProperty("output").GetString());
        JsonElement record = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder["base"], "pretrain.json"))).RootElement;
        foreach (string key in new[] { "seed", "steps", "tokens", "seconds", "loss", "loss_curve", "parameters", "recipe" }) Assert.True(record.TryGetProperty(key, out _), key);
        Assert.Equal(2, record.GetProperty("loss_curve")[0][0].GetInt32());

        // The folder's own chat template is the prompt it was trained with, so nobody has to name it.
        string Text(params string[] more) => CommandRun.Of(["generate", folder["base"], "-p", "Compute 1 + 1.", "-t", "0", "--max-new-tokens", "12", .. more]).Succeeded().Out;
        Assert.Equal("micro", ChatTemplateText.NameIn(folder["base"]));
        Assert.Equal(Text("--template", "micro"), Text());
        Assert.Equal(Text("--template", "chat:{problem}"), Text());
        Assert.NotEqual(Text("--template", "plain"), Text());
        string config = File.ReadAllText(Path.Combine(folder["base"], "tokenizer_config.json"));
        Assert.Contains(@"{{ 'Problem: ' + message['content'] + '\nSolution:\n' }}", JsonDocument.Parse(config).RootElement.GetProperty("chat_template").GetString(), StringComparison.Ordinal);

        File.WriteAllText(Path.Combine(folder["base"], "README.md"), "kept");
        CommandRun.Of("pretrain", recipe).FailedWith(1, "holds a model already");
        CommandRun.Of("pretrain", recipe, "--overwrite", "--set", "seed=2").Succeeded();
        Assert.Equal("kept", File.ReadAllText(Path.Combine(folder["base"], "README.md")));
        Assert.Equal(2, JsonDocument.Parse(File.ReadAllText(Path.Combine(folder["base"], "pretrain.json"))).RootElement.GetProperty("seed").GetInt32());
        Assert.Equal(["base", "p.yaml"], Directory.EnumerateFileSystemEntries(folder.Path).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void An_output_that_cannot_be_used_is_found_before_the_training()
    {
        using TemporaryFolder folder = new();
        string file = folder.Write("file", ""), full = folder.Write("full/notes.txt", "");
        string recipe = folder.Write("p.yaml", $"output: {file}\n");
        CommandRun.Of("pretrain", recipe).FailedWith(1, "is a file");
        CommandRun.Of("pretrain", recipe, "--overwrite", "--set", $"output={folder["full"]}").FailedWith(1, "holds no model");
        CommandRun.Of("pretrain", recipe, "--set", $"output={Path.Combine(file, "x")}").FailedWith(1, "cannot be written");
        Assert.True(File.Exists(full));
    }
}

using Rlvr.Cli.Output;
using Rlvr.Tests.Shared;

namespace Rlvr.Cli.Tests;

/// <summary>Bad input: one clear error each, and nothing half-written.</summary>
public sealed class ErrorTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_wrong_model_folder()
    {
        CommandRun.Of("eval", folder["nothing"], "-s", "pi-1").FailedWith(1, folder["nothing"]);
        CommandRun.Of("generate", folder["nothing"], "-p", "x").FailedWith(1, folder["nothing"]);
        Directory.CreateDirectory(folder["empty"]);
        CommandRun.Of("eval", folder["empty"], "-s", "pi-1").FailedWith(1, "no config.json");
        CommandRun.Of("train", TinyModel.Recipe(folder, model: folder["nothing"]), "--run", folder["run"]).FailedWith(1, folder["nothing"]);
        Assert.False(Directory.Exists(folder["run"]));
    }

    [Fact]
    public void A_missing_tokenizer()
    {
        string model = TinyModel.Write(folder);
        File.Delete(Path.Combine(model, "tokenizer.json"));
        CommandRun.Of("generate", model, "-p", "x").FailedWith(1, "tokenizer.json");
    }

    [Fact]
    public void An_unknown_suite_or_template()
    {
        string model = TinyModel.Write(folder);
        CommandRun.Of("eval", model, "-s", "micro50").FailedWith(1, "Did you mean 'micro500'?");
        CommandRun.Of("eval", model, "-s", "pi-1", "--prompt", "plian").FailedWith(1, "Did you mean 'plain'?");
    }

    [Fact]
    public void An_unknown_recipe_key_names_its_place()
    {
        string recipe = folder.Write("bad.yaml", "model: x\nloss:\n  kl_coeff: 1\n");
        foreach (string command in new[] { "train", "pretrain" })
            CommandRun.Of(command, recipe).FailedWith(2, $"{recipe}({(command == "train" ? "3,3" : "1,8")}): error: ");
        CommandRun.Of("demo", "--recipe", recipe, "--json").FailedWith(2, "unknown key 'kl_coeff' in 'loss'. Did you mean 'kl'?");
        CommandRun.Of("train", TinyModel.Recipe(folder), "--set", "los.kl=1").FailedWith(2, "los");
    }

    [Fact]
    public void A_prompt_longer_than_the_model()
    {
        string model = TinyModel.Write(folder), text = new('x', TinyModel.Positions);
        CommandRun.Of("generate", model, "-p", text).FailedWith(1, $"the prompt has {TinyModel.Positions} tokens");
        string problems = folder.Write("long.jsonl", $$"""{"id": "long", "problem": "{{text}}", "answer": "1"}""" + "\n");
        CommandRun.Of("eval", model, "-s", problems).FailedWith(1, "problem 'long'");
        CommandRun.Of("train", TinyModel.Recipe(folder, model, problems), "--run", folder["run"]).FailedWith(1, "'long'");
        Assert.False(Directory.Exists(folder["run"]));
    }

    [Fact]
    public void An_empty_data_set_and_a_label_that_cannot_be_read()
    {
        string model = TinyModel.Write(folder);
        CommandRun.Of("eval", model, "-s", folder.Write("empty.jsonl", "\n")).FailedWith(1, "there are no problems");
        string bad = folder.Write("bad.jsonl", """{"id": "odd", "problem": "x", "answer": "\\frac{"}""" + "\n");
        CommandRun.Of("train", TinyModel.Recipe(folder, model, bad), "--run", folder["run"]).FailedWith(1, "odd");
        Assert.False(Directory.Exists(folder["run"]));
    }

    [Fact]
    public void A_run_folder_that_cannot_be_made_or_is_taken()
    {
        string file = folder.Write("file", "");
        string recipe = TinyModel.Recipe(folder);
        CommandRun.Of("train", recipe, "--run", Path.Combine(file, "run")).FailedWith(1, "cannot be written");
        folder.Write("taken/recipe.yaml", "");
        CommandRun.Of("train", recipe, "--run", folder["taken"]).FailedWith(1, "holds a run already");
        CommandRun.Of("eval", TinyModel.Write(folder, "other"), "-s", "pi-1", "--out", Path.Combine(file, "x")).FailedWith(1, "cannot be written");
        CommandRun.Of("eval", folder["other"], "-s", "pi-1", "--out", file).FailedWith(1, "is a file; an evaluation is kept in a folder");
        CommandRun.Of("eval", folder["taken"], "--all-checkpoints").FailedWith(1, "has no checkpoint yet");
        CommandRun.Of("eval", folder["other"], "--all-checkpoints").FailedWith(1, "is no run");
        CommandRun.Of("compare", folder["taken"], folder["other"]).FailedWith(1, "no responses of evaluations are kept in the run");
        CommandRun.Of("compare", folder["nothing"], folder["other"]).FailedWith(1, "there is no evaluation");
        CommandRun.Of("report", folder["nothing"]).FailedWith(1, "there is no run");
        CommandRun.Of("train", "--resume", "--run", folder["nothing"]).FailedWith(1, "there is no run");
    }

    [Fact]
    public void An_unexpected_error_is_one_line_and_a_log()
    {
        using StringWriter output = new(), error = new();
        Terminal terminal = Terminal.Plain(output, error);
        terminal.LogFolder = folder.Path;
        Assert.Equal(1, Failure.Report(new System.ComponentModel.Win32Exception(5, "mat1 and mat2 do not fit\nException raised from here\nframe #0"), terminal));
        string log = Assert.Single(Directory.GetFiles(folder.Path));
        Assert.Equal($"error: mat1 and mat2 do not fit (details: {log})", error.ToString().TrimEnd());
        Assert.Contains("frame #0", File.ReadAllText(log), StringComparison.Ordinal);
    }

    [Fact]
    public void A_stop_is_no_error()
    {
        using CancellationTokenSource source = new();
        source.Cancel();
        CommandRun run = CommandRun.Of(source.Token, "eval", TinyModel.Write(folder), "-s", "pi-1", "--prompt", "plain");
        Assert.Equal((130, "", "stopped\n"), (run.Code, run.Out, run.Error));
    }
}

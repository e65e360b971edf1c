using System.CommandLine;
using System.Text.Json.Nodes;
using Rlvr.Cli.Output;
using Rlvr.Models;
using Rlvr.Runs;
using Rlvr.Training;
using static TorchSharp.torch;

namespace Rlvr.Cli.Commands;

/// <summary><c>rlvr export</c>: a checkpoint as a folder for transformers, vLLM and llama.cpp.</summary>
internal static class ExportCommand
{
    public static Command Create(Terminal terminal)
    {
        Argument<string> run = new("RUN") { Description = "a run (its last checkpoint), a checkpoint of one, or a model folder" };
        Argument<string> output = new("DIR") { Description = "the folder to make" };
        Option<int?> step = new("--step") { Description = "which checkpoint of the run", HelpName = "N" };
        Option<string> dtype = new("--dtype") { Description = "fp32 (the weights exactly as trained), bf16 or fp16 (half the size)", DefaultValueFactory = _ => "fp32", HelpName = "TYPE" };
        Option<bool> merge = new("--merge") { Description = "of an adapter (LoRA): a whole model, with the adapter added to its base model's weights; without this the adapter alone, for PEFT" };
        Option<bool> overwrite = new("--overwrite") { Description = "replace a model that is in DIR" };
        Option<bool> json = new("--json") { Description = "one JSON object on standard output" };
        dtype.AcceptOnlyFromAmong("fp32", "bf16", "fp16");
        ExampleCommand command = new("export", "Write a checkpoint as a Hugging Face folder: weights, tokenizer, templates and a model card, without the optimiser's state.",
            "rlvr export runs/one-shot-20260101-120000 exported/one-shot --dtype bf16",
            "rlvr export runs/one-shot-20260101-120000 exported/step-20 --step 20",
            "rlvr export runs/one-shot-lora-20260101-120000 exported/merged --merge")
        { run, output, step, dtype, merge, overwrite, json };
        command.SetAction(result =>
        {
            ModelSource source = ModelSource.Find(result.GetRequiredValue(run), terminal, result.GetValue(step));
            string folder = result.GetRequiredValue(output);
            string target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
            Check(folder, target, source.Folder, result.GetValue(overwrite));
            bool isAdapter;
            using (ModelFolder model = ModelFolder.Open(source.Folder)) isAdapter = model.Adapter is not null; // says what is wrong with it before anything is made
            bool merges = result.GetValue(merge);
            if (merges && !isAdapter) throw new UsageException($"--merge adds an adapter to its base model's weights, and {source.Folder} holds a whole model. Leave out --merge.");
            OutputProbe.Check(target, makeFolder: true);
            Write(source, target, result.GetValue(dtype)!, adapter: isAdapter && !merges);
            string[] files = [.. Directory.EnumerateFiles(target, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(target, f)).Order(StringComparer.Ordinal)];
            if (result.GetValue(json))
            {
                JsonOutput.Write(terminal, new JsonObject
                {
                    ["folder"] = folder,
                    ["step"] = source.Step,
                    ["dtype"] = result.GetValue(dtype),
                    ["adapter"] = isAdapter && !merges,
                    ["bytes"] = files.Sum(f => new FileInfo(Path.Combine(target, f)).Length),
                    ["files"] = new JsonArray([.. files.Select(f => JsonValue.Create(f))]),
                });
            }
            else
            {
                terminal.Out.WriteLine(SafeText.Clean(folder));
            }
            return ExitCode.Done;
        });
        return command;
    }

    // Whoever only asks for help needs no tensor library: its types stay out of what builds the command.
    private static void Write(ModelSource source, string target, string dtype, bool adapter)
    {
        ScalarType type = dtype switch { "bf16" => ScalarType.BFloat16, "fp16" => ScalarType.Float16, _ => ScalarType.Float32 };
        AtomicFile.WriteFolder(target, temporary =>
        {
            if (adapter) ModelExport.WriteAdapter(source.Folder, temporary, type);
            else ModelExport.Write(source.Folder, temporary, type);
            if (Card(source, type, adapter) is { } card) File.WriteAllText(Path.Combine(temporary, RunCard.FileName), card);
        });
    }

    private static void Check(string folder, string target, string source, bool overwrite)
    {
        if (File.Exists(target)) throw new RlvrException($"{folder} is a file; name the folder to make.");
        string from = Path.TrimEndingDirectorySeparator(Path.GetFullPath(source)) + Path.DirectorySeparatorChar;
        if (from.StartsWith(target + Path.DirectorySeparatorChar, StringComparison.Ordinal)) throw new RlvrException($"{folder} holds the model that is to be exported. Choose another folder.");
        if (!Directory.Exists(target) || !Directory.EnumerateFileSystemEntries(target).Any()) return;
        // Only a model may be replaced: a mistyped folder of something else must not be lost.
        bool model = File.Exists(Path.Combine(target, "config.json")) || AdapterFolder.Exists(target);
        if (model && overwrite) return;
        throw new RlvrException(model ? $"{folder} holds a model already. Choose another folder, or replace it with --overwrite." : $"{folder} is not empty and holds no model. Choose another folder.");
    }

    /// <summary>The card of a run's checkpoint, made anew; of a model folder its own.</summary>
    private static string? Card(ModelSource source, ScalarType type, bool adapter)
    {
        if (source.Recipe is not null)
        {
            string path = Path.GetDirectoryName(Path.GetDirectoryName(Path.GetFullPath(source.Folder)))!;
            using RunDirectory run = RunDirectory.Open(path);
            return RunCard.Of(run, source.Step, source.Folder, type, merged: !adapter).ToMarkdown();
        }
        string own = Path.Combine(source.Folder, RunCard.FileName);
        return File.Exists(own) ? File.ReadAllText(own) : null;
    }
}

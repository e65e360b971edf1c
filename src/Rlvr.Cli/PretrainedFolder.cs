using System.Text.Json;
using System.Text.Json.Nodes;
using Rlvr.Cli.Output;
using Rlvr.Data;
using Rlvr.Models;
using Rlvr.Runs;
using Rlvr.Text;
using Rlvr.Training;

namespace Rlvr.Cli;

/// <summary>The folder that <c>rlvr pretrain</c> makes: an ordinary Hugging Face model folder, and pretrain.json, which says how it came about.</summary>
internal static class PretrainedFolder
{
    private const string RecordFile = "pretrain.json", ReadmeFile = "README.md";

    /// <summary>Finds out before the training, not after it, whether the folder can be written.</summary>
    /// <exception cref="RlvrException">It exists and may not be replaced, or its parent cannot be written.</exception>
    public static void Check(string path, bool overwrite)
    {
        if (File.Exists(path)) throw new RlvrException($"{path} is a file; 'output' is the model folder to write.");
        bool model = File.Exists(Path.Combine(path, "config.json"));
        if (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any() && !(model && overwrite))
        {
            throw new RlvrException(model
                ? $"{path} holds a model already. Choose another folder with --set output=DIR, or replace it with --overwrite."
                : $"{path} is not empty and holds no model. Choose another folder with --set output=DIR.");
        }
        OutputProbe.Check(path, makeFolder: true);
    }

    /// <summary>Writes the folder, whole or not at all. A README.md of the old one stays.</summary>
    public static void Write(string path, Transformer network, Tokenizer tokenizer, PretrainRecipe recipe, JsonObject record) =>
        AtomicFile.WriteFolder(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)), temporary =>
        {
            string model = Path.Combine(temporary, "model");
            network.Save(model);
            foreach (string file in Directory.EnumerateFiles(model)) File.Move(file, Path.Combine(temporary, Path.GetFileName(file)));
            Directory.Delete(model);
            tokenizer.Save(temporary);
            ChatTemplateText.WriteConfig(temporary, PromptTemplate.Get(recipe.Data.Prompt), Pretrainer.EndToken, recipe.Model.MaxPositions);
            File.WriteAllText(Path.Combine(temporary, RecordFile), record.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
            string readme = Path.Combine(path, ReadmeFile);
            if (File.Exists(readme)) File.Copy(readme, Path.Combine(temporary, ReadmeFile));
        });

    /// <summary>How a model came about.</summary>
    public static JsonObject Record(PretrainRecipe recipe, Transformer network, Tokenizer tokenizer, IReadOnlyList<PretrainProgress> curve, int threads)
    {
        PretrainProgress last = curve[^1];
        return new JsonObject
        {
            ["name"] = recipe.Name,
            ["seed"] = recipe.Seed,
            ["steps"] = last.Step,
            ["tokens"] = last.Tokens,
            ["seconds"] = JsonOutput.Number(last.Seconds),
            ["threads"] = threads,
            ["parameters"] = network.Config.ParameterCount,
            ["vocabulary"] = tokenizer.VocabularySize,
            ["loss"] = JsonOutput.Number(last.Loss),
            ["rlvr"] = EnvironmentInfo.Collect().Rlvr,
            ["recipe"] = RecipeFile.ToYaml(recipe),
            ["loss_curve"] = new JsonArray([.. curve.Select(p => new JsonArray(p.Step, JsonOutput.Number(p.Loss)))]),
        };
    }
}

using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Rlvr.Cli.Output;
using Rlvr.Models;
using Rlvr.Tensors;
using Rlvr.Training;

namespace Rlvr.Cli.Commands;

/// <summary><c>rlvr pretrain</c>: makes a small base model from nothing.</summary>
internal static class PretrainCommand
{
    public static Command Create(Terminal terminal)
    {
        Argument<string> recipe = new("RECIPE") { Description = "a pretraining recipe (YAML)" };
        Option<string[]> set = new("--set") { Description = "a setting over the recipe's, key=value or section.key=value; may be repeated", HelpName = "A.B=C" };
        Option<bool> overwrite = new("--overwrite") { Description = "replace the model that is in the output folder" };
        Option<bool> json = new("--json") { Description = "one JSON object on standard output" };
        ExampleCommand command = new("pretrain", "Make a small base model from nothing: tokenizer, weights, and how they came about.",
            "rlvr pretrain recipes/micro/pretrain.yaml --set output=my-base --set steps=2000")
        { recipe, set, overwrite, json };
        command.SetAction(result =>
        {
            PretrainRecipe settings = RecipeFile.Load<PretrainRecipe>(FileLocator.Find(result.GetRequiredValue(recipe)), result.GetValue(set), PretrainRules.All);
            PretrainedFolder.Check(settings.Output, result.GetValue(overwrite));
            NativeRuntime.Initialize();
            JsonObject record = Train(terminal, settings);
            record["output"] = settings.Output;
            if (result.GetValue(json)) JsonOutput.Write(terminal, record);
            else terminal.Out.WriteLine(settings.Output);
            return ExitCode.Done;
        });
        return command;
    }

    private static JsonObject Train(Terminal terminal, PretrainRecipe recipe)
    {
        ProgressLine progress = new(terminal);
        progress.Note("reading the corpus, training the tokenizer");
        Pretrainer pretrainer = new(recipe);
        progress.Note($"a {pretrainer.Config.ModelType} network of {pretrainer.Config.ParameterCount:N0} parameters, {pretrainer.Tokenizer.VocabularySize} tokens in the vocabulary, {recipe.Steps} steps");
        List<PretrainProgress> curve = [];
        try
        {
            using Transformer network = pretrainer.Train(Show, terminal.Cancellation);
            JsonObject record = PretrainedFolder.Record(recipe, network, pretrainer.Tokenizer, curve, TorchSharp.torch.get_num_threads());
            PretrainedFolder.Write(recipe.Output, network, pretrainer.Tokenizer, recipe, record);
            return record;
        }
        finally
        {
            progress.Clear();
        }

        void Show(PretrainProgress p)
        {
            curve.Add(p);
            int every = int.Max(50, recipe.Steps / 20 / 50 * 50); // about twenty lines of the loss curve stay on the screen
            if (p.Step % every == 0 || p.Step == recipe.Steps)
                progress.Note(string.Create(CultureInfo.InvariantCulture, $"step {p.Step,6}  loss {p.Loss:0.0000}  {p.Tokens:N0} tokens  {Durations.Words(TimeSpan.FromSeconds(p.Seconds))}"));
            if (p.Step < recipe.Steps) progress.Report("pretraining", p.Step, recipe.Steps);
        }
    }
}

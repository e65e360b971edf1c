using Rlvr.Cli.Output;
using Rlvr.Data;
using Rlvr.Hub;
using Rlvr.Models;
using Rlvr.Runs;
using Rlvr.Text;
using Rlvr.Training;

namespace Rlvr.Cli;

/// <summary>A model named on the command line: a model folder (or that of an adapter), a model of a hub, or a run, which stands for its last checkpoint.</summary>
/// <param name="Folder">The model folder.</param>
/// <param name="Recipe">The recipe of the run it comes from; null for a model folder.</param>
/// <param name="Step">Training steps behind it.</param>
internal sealed record ModelSource(string Folder, Recipe? Recipe, int Step)
{
    /// <summary>Finds it; a model of a hub that is not in the cache is fetched.</summary>
    /// <param name="name">A model folder, a model of a hub, a run or a checkpoint of one.</param>
    /// <param name="terminal">Shows a download.</param>
    /// <param name="step">Which checkpoint of a run; null takes the last.</param>
    /// <exception cref="RlvrException">There is nothing of that name, or the run has no such checkpoint.</exception>
    public static ModelSource Find(string name, Terminal terminal, int? step = null)
    {
        ModelSource source = Find(name, FindFolder(terminal, view => HubLocator.FindModel(name, observer: view, cancellation: terminal.Cancellation)), step);
        // The base model of an adapter is fetched now, in sight.
        if (AdapterFolder.Exists(source.Folder)) FindFolder(terminal, view => AdapterFolder.FindBase(source.Folder, view, terminal.Cancellation));
        return source;
    }

    private static ModelSource Find(string name, string path, int? step)
    {
        if (!File.Exists(System.IO.Path.Combine(path, "config.json")) && !AdapterFolder.Exists(path) && Directory.Exists(path) && RunDirectory.Exists(path)) return OfRun(path, step);
        if (step is not null) throw new UsageException($"--step chooses among the checkpoints of a run, and '{name}' is none.");
        // A checkpoint inside a run knows its recipe too: RUN/checkpoints/step-000060.
        string full = System.IO.Path.GetFullPath(path);
        string? run = System.IO.Path.GetDirectoryName(System.IO.Path.GetDirectoryName(full));
        return run is not null && System.IO.Path.GetFileName(System.IO.Path.GetDirectoryName(full)) == "checkpoints" && RunDirectory.Exists(run)
            ? new ModelSource(path, ReadRecipe(run), StepOf(full))
            : new ModelSource(path, null, 0);
    }

    /// <summary>
    /// The template to put problems in: as asked for, else that of the recipe, else the one that the folder's chat template was made from, else
    /// the folder's chat template, else plain.
    /// </summary>
    /// <param name="requested">A name or text; null takes the default.</param>
    /// <param name="chat">How the folder's chat template is used: chat, or chat:TEXT.</param>
    public PromptTemplate Template(string? requested, string chat = PromptTemplate.Chat) => PromptTemplate.Get(requested ?? DefaultTemplate(chat), TokenizerFolder);

    private string TokenizerFolder => AdapterFolder.TokenizerFolder(Folder);

    private static string FindFolder(Terminal terminal, Func<PullView, string> find)
    {
        PullView view = new(terminal);
        try
        {
            return find(view);
        }
        finally
        {
            view.Close();
        }
    }

    private string DefaultTemplate(string chat)
    {
        if (Recipe is { } recipe) return recipe.Evaluation.Prompt.Length > 0 ? recipe.Evaluation.Prompt : recipe.Data.Prompt;
        return ChatTemplateText.NameIn(TokenizerFolder) ?? (Directory.Exists(TokenizerFolder) && ChatTemplate.Exists(TokenizerFolder) ? chat : "plain");
    }

    private static ModelSource OfRun(string path, int? wanted)
    {
        using RunDirectory run = RunDirectory.Open(path);
        IReadOnlyList<int> steps = run.CheckpointSteps();
        if (steps.Count == 0) throw new RlvrException($"the run '{path}' has no checkpoint yet; name a model folder, or wait for the first checkpoint.");
        int step = wanted ?? steps[^1];
        return steps.Contains(step) ? new ModelSource(run.CheckpointPath(step), ReadRecipe(path), step)
            : throw new RlvrException($"the run '{path}' has no checkpoint of step {step}. It has those of: {string.Join(", ", steps)}.");
    }

    private static Recipe? ReadRecipe(string run)
    {
        using RunDirectory directory = RunDirectory.Open(run);
        return File.Exists(directory.RecipePath) ? RecipeFile.Load(directory.RecipePath) : null;
    }

    private static int StepOf(string checkpoint) =>
        int.TryParse(System.IO.Path.GetFileName(checkpoint).AsSpan().TrimStart("step-"), out int step) ? step : 0;
}

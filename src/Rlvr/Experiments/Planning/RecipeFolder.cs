using System.Globalization;
using Rlvr.Training;

namespace Rlvr.Experiments;

/// <summary>The recipes of a scale, each read once.</summary>
/// <param name="name">The folder.</param>
/// <param name="sets">Settings over every training recipe.</param>
internal sealed class RecipeFolder(string name, IReadOnlyList<string> sets)
{
    private readonly string path = FileLocator.Find(name);
    private readonly Dictionary<(string, int), (string, IReadOnlyList<string>, Recipe)> loaded = [];
    private List<(string Name, string Path, PretrainRecipe Settings)>? pretrainings;

    /// <summary>Reads a training recipe for a seed.</summary>
    /// <exception cref="ExperimentException">It is missing; the message says which experiment needs it, and what may have been meant.</exception>
    public (string Path, IReadOnlyList<string> Sets, Recipe Recipe) Load(string recipe, int seed, Experiment experiment)
    {
        if (loaded.TryGetValue((recipe, seed), out (string, IReadOnlyList<string>, Recipe) known)) return known;
        string file = Path.Combine(path, recipe + ".yaml");
        if (!File.Exists(file))
        {
            IEnumerable<string> names = Directory.Exists(path) ? Directory.EnumerateFiles(path, "*.yaml").Select(f => Path.GetFileNameWithoutExtension(f)) : [];
            throw new ExperimentException($"experiment {experiment.Id} ({experiment.Title}) needs the recipe '{Path.Combine(name, recipe + ".yaml")}', which is not there.{Suggestion.DidYouMean(recipe, names)}");
        }
        string[] all = [string.Create(CultureInfo.InvariantCulture, $"seed={seed}"), .. sets];
        return loaded[(recipe, seed)] = (file, all, RecipeFile.Load(file, all));
    }

    /// <summary>The recipe <c>pretrain-*.yaml</c> whose output a model is; null where there is none.</summary>
    public (string Name, string Path, PretrainRecipe Settings)? PretrainingOf(string model)
    {
        pretrainings ??= Directory.Exists(path)
            ? [.. Directory.EnumerateFiles(path, "pretrain-*.yaml").Order(StringComparer.Ordinal).Select(f => (Path.GetFileNameWithoutExtension(f), f, RecipeFile.Load<PretrainRecipe>(f, null, PretrainRules.All)))]
            : [];
        string full = Path.GetFullPath(model);
        foreach ((string, string, PretrainRecipe Settings) pretraining in pretrainings)
            if (Path.TrimEndingDirectorySeparator(Path.GetFullPath(pretraining.Settings.Output)) == Path.TrimEndingDirectorySeparator(full)) return pretraining;
        return null;
    }
}

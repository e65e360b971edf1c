using Rlvr.Training;

namespace Rlvr.Experiments;

/// <summary>In which keys two recipes differ.</summary>
public static class RecipeChanges
{
    /// <summary>Keys that say how a run is computed or kept, not what its result is.</summary>
    private static readonly string[] Indifferent = ["name", "output", "compute.device", "compute.threads", "compute.recompute", "compute.reuse_forward", "compute.reference", "checkpoint.every", "checkpoint.keep", "evaluation.max_rows"];

    /// <summary>The differences that matter to the result, each as <c>loss.kl was 0.001, now 0</c>.</summary>
    /// <param name="before">A recipe.</param>
    /// <param name="now">The one it is compared with.</param>
    public static IReadOnlyList<string> Between<T>(T before, T now) where T : class => Between(RecipeFile.ToYaml(before), RecipeFile.ToYaml(now));

    /// <summary>The same of resolved recipes as <see cref="RecipeFile.ToYaml"/> writes them. A key that the older one does not know yet is no difference.</summary>
    public static IReadOnlyList<string> Between(string before, string now)
    {
        Dictionary<string, string> old = Settings(before);
        return [.. Settings(now).Where(s => old.TryGetValue(s.Key, out string? value) && value != s.Value && !Indifferent.Contains(s.Key)).Select(s => $"{s.Key} was {old[s.Key]}, now {s.Value}")];
    }

    // The YAML of a resolved recipe has every key, one a line.
    private static Dictionary<string, string> Settings(string yaml)
    {
        Dictionary<string, string> settings = [];
        string section = "";
        foreach (string line in yaml.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(l => l.Contains(':', StringComparison.Ordinal)))
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            string key = line[..colon].Trim(), value = line[(colon + 1)..].Trim();
            if (line[0] != ' ') section = value.Length == 0 ? key + "." : "";
            if (value.Length > 0) settings[(line[0] == ' ' ? section : "") + key] = value;
        }
        return settings;
    }
}

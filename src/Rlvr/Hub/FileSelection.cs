using System.IO.Enumeration;

namespace Rlvr.Hub;

/// <summary>What to fetch of a repository.</summary>
public sealed record PullOptions
{
    /// <summary>Fetch the files that one of these patterns fits, instead of those that are needed. <c>*</c> is anything, slashes too; <c>?</c> is one character.</summary>
    public IReadOnlyList<string> Include { get; init; } = [];

    /// <summary>Leave out the files that one of these patterns fits.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>Files that are fetched at once.</summary>
    public int Jobs { get; init; } = 4;
}

/// <summary>Which files of a repository are needed.</summary>
internal static class FileSelection
{
    public const string Config = "config.json", SingleWeights = "model.safetensors", WeightsIndex = "model.safetensors.index.json";

    /// <summary>What a repository of a low-rank adapter has in place of a model.</summary>
    private const string AdapterConfig = "adapter_config.json", AdapterWeights = "adapter_model.safetensors";

    private const int MaxFiles = 10_000;

    /// <summary>What a model needs besides its weights.</summary>
    private static readonly string[] ModelFiles =
    [
        Config, "generation_config.json", WeightsIndex,
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt", "tokenizer.model",
        "chat_template.jinja", "chat_template.json", "additional_chat_templates/*.jinja",
    ];

    /// <summary>The terms of use and the card that names them: they go with what is made of a model, but it works without them.</summary>
    private static readonly string[] TermsFiles = ["README.md", "LICENSE", "LICENSE.txt", "LICENSE.md", "NOTICE", "NOTICE.txt", "USE_POLICY.md"];

    private static readonly string[] DataFiles = ["*.jsonl", "*.json", "*.parquet", "*.csv", "README.md"];

    private static readonly string[] OtherWeights = ["*.bin", "*.pth", "*.pt", "*.gguf", "*.ckpt", "*.h5", "*.msgpack", "*.onnx", "*.safetensors"];

    /// <summary>Whether the options leave the choice to this class.</summary>
    public static bool IsUsual(PullOptions options) => options.Include.Count == 0;

    /// <summary>The files to fetch, without the shards of a model's weights, which its index names.</summary>
    /// <exception cref="HubException">There are none, or their names are not safe.</exception>
    public static List<HubFile> Choose(HubId id, IReadOnlyList<HubFile> files, PullOptions options)
    {
        IReadOnlyList<string> patterns = !IsUsual(options) ? options.Include : id.Kind == HubKind.Dataset ? DataFiles : [.. ModelFiles, .. TermsFiles];
        List<HubFile> chosen = [.. files.Where(f => Fits(f.Path, patterns) && !Fits(f.Path, options.Exclude))];
        if (IsUsual(options) && id.Kind == HubKind.Model) chosen = WithSingleWeights(id, files, chosen, options);
        if (chosen.Count == 0) throw Nothing(id, files, options);
        if (chosen.Count > MaxFiles) throw new HubException(HubFailure.NothingUsable, $"{chosen.Count:N0} files of the {id.KindName} {id} would be fetched, {MaxFiles:N0} at most are. Choose with --include and --exclude.");
        HubPath.CheckAll(id, chosen);
        return chosen;
    }

    /// <summary>Whether a file is fetched with a model that works without it: a cache that lacks it has the model all the same.</summary>
    public static bool CanBeMissing(HubId id, HubFile file, PullOptions options) => IsUsual(options) && id.Kind == HubKind.Model && Fits(file.Path, TermsFiles);

    /// <summary>Whether one of the patterns fits a path. As in huggingface_hub, a pattern that ends with a slash fits all that is in the folder.</summary>
    public static bool Fits(string path, IEnumerable<string> patterns) =>
        patterns.Any(p => FileSystemName.MatchesSimpleExpression(p.EndsWith('/') ? p + "*" : p, path, ignoreCase: false));

    /// <summary>The shards that an index names.</summary>
    /// <param name="id">The model.</param>
    /// <param name="files">The files of the repository.</param>
    /// <param name="shards">The names in the index.</param>
    /// <param name="options">What to leave out.</param>
    /// <exception cref="HubException">The repository lacks one, or a name is not safe.</exception>
    public static List<HubFile> Shards(HubId id, IReadOnlyList<HubFile> files, IEnumerable<string> shards, PullOptions options)
    {
        Dictionary<string, HubFile> byPath = files.DistinctBy(f => f.Path).ToDictionary(f => f.Path, StringComparer.Ordinal);
        List<HubFile> found = [.. shards.Select(s => byPath.GetValueOrDefault(s) ?? throw new HubException(HubFailure.NothingUsable, $"{WeightsIndex} of the model {id} names '{s}', which is not in the repository. Choose another revision."))
            .Where(f => !Fits(f.Path, options.Exclude))];
        HubPath.CheckAll(id, found);
        return found;
    }

    // As in transformers, a single file comes before an index, which is then not needed.
    private static List<HubFile> WithSingleWeights(HubId id, IReadOnlyList<HubFile> files, List<HubFile> chosen, PullOptions options)
    {
        bool Has(string name) => files.Any(f => f.Path == name);
        // Its base model is a repository of its own.
        if (Has(AdapterConfig) && Has(AdapterWeights) && !Has(SingleWeights) && !Has(WeightsIndex))
            return [.. chosen, .. files.Where(f => (f.Path is AdapterConfig or AdapterWeights) && !Fits(f.Path, options.Exclude))];
        if (!Has(Config) && Has(AdapterConfig)) throw new HubException(HubFailure.NothingUsable, $"the model {id} is an adapter without {AdapterWeights}. It has {Some(files)}. Choose another repository or revision, or convert the weights to safetensors.");
        if (!Has(Config)) throw new HubException(HubFailure.NothingUsable, $"the model {id} has no {Config}. It has {Some(files)}.");
        if (files.FirstOrDefault(f => f.Path == SingleWeights) is { } single)
            return [.. chosen.Where(f => f.Path != WeightsIndex), .. Fits(SingleWeights, options.Exclude) ? [] : new[] { single }];
        if (files.Any(f => f.Path == WeightsIndex)) return chosen;
        List<HubFile> others = [.. files.Where(f => Fits(f.Path, OtherWeights))];
        throw new HubException(HubFailure.NothingUsable, $"the model {id} has no safetensors weights ({SingleWeights}, or {WeightsIndex} with its shards)"
            + (others.Count == 0 ? ". " : $", only {Some(others)}, which are not read here. ") + "Choose another repository or revision, or convert the weights to safetensors.");
    }

    private static HubException Nothing(HubId id, IReadOnlyList<HubFile> files, PullOptions options)
    {
        string plain = options.Include.Count == 1 && !options.Include[0].AsSpan().ContainsAny('*', '?')
            ? $"the {id.KindName} {id} has no file '{options.Include[0]}'.{Suggestion.DidYouMean(options.Include[0], files.Select(f => f.Path))}"
            : $"nothing to fetch of the {id.KindName} {id}: {(IsUsual(options) ? $"no file is one of {string.Join(", ", DataFiles)}" : "no file fits --include and --exclude")}.";
        return new HubException(HubFailure.FileNotFound, $"{plain} It has {Some(files)}.");
    }

    private static string Some(IReadOnlyList<HubFile> files)
    {
        const int shown = 6;
        string[] names = [.. files.Select(f => f.Path.Length <= 80 ? f.Path : f.Path[..80] + "...").Take(shown)];
        return names.Length == 0 ? "no files" : string.Join(", ", names) + (files.Count > shown ? $" and {files.Count - shown} more" : "");
    }
}

namespace Rlvr.Hub;

/// <summary>
/// Finds what recipes and commands name: a local path, else a repository of a hub, in the cache or to be fetched. So an id works wherever a path does.
/// </summary>
public static class HubLocator
{
    /// <summary>What names of files end with; a name with one of these is a path and no repository.</summary>
    private static readonly string[] FileEndings = [".jsonl", ".json", ".parquet", ".csv", ".yaml", ".yml", ".txt", ".md", ".safetensors", ".gguf", ".bin"];

    /// <summary>
    /// Finds a model: a local path (see <see cref="FileLocator.Find"/>) if there is one; else, for <c>OWNER/NAME</c> or <c>OWNER/NAME@REVISION</c>, the
    /// snapshot in the cache, or a download of it. A name that is neither comes back as it is, for the error of whoever opens it.
    /// </summary>
    /// <param name="name">A path or the id of a model.</param>
    /// <param name="settings">Which hub and which cache; from the environment if null.</param>
    /// <param name="observer">Watches a download.</param>
    /// <param name="cancellation">Stops a download; what has come is kept.</param>
    /// <returns>A path.</returns>
    /// <exception cref="HubException">It has the form of an id, is not in the cache, and cannot be had.</exception>
    public static string FindModel(string name, HubSettings? settings = null, IPullObserver? observer = null, CancellationToken cancellation = default)
    {
        string path = FileLocator.Find(name);
        return !Exists(path) && IdOf(name, HubKind.Model) is { } id ? Get(id, new PullOptions(), settings, observer, cancellation).Folder : path;
    }

    /// <summary>
    /// Finds a file of a data set: a local path if there is one; else, for <c>OWNER/NAME[@REVISION][:FILE]</c>, the file in the cache, or a download of it. A
    /// name that is neither (<c>micro:pi-1</c>) comes back as it is.
    /// </summary>
    /// <inheritdoc cref="FindModel"/>
    /// <exception cref="HubException">As of <see cref="FindModel"/>; or the data set has several files, which the message lists.</exception>
    public static string FindDataset(string name, HubSettings? settings = null, IPullObserver? observer = null, CancellationToken cancellation = default)
    {
        IReadOnlyList<string> files = FindDatasetFiles(name, settings, observer, cancellation);
        if (files.Count == 1) return files[0];
        IEnumerable<string> names = files.Take(8).Select(f => string.Join('/', f.Split(Path.DirectorySeparatorChar).SkipWhile(part => part != "snapshots").Skip(2)));
        throw new HubException(HubFailure.FileNotFound, $"the data set '{name}' has {files.Count} files: {string.Join(", ", names)}{(files.Count > 8 ? ", ..." : "")}. Say which: {name.Split(':')[0]}:FILE");
    }

    /// <summary>The same for all files that fit: FILE may be a pattern, such as <c>data/test-*.parquet</c>; without one, all files of data.</summary>
    /// <inheritdoc cref="FindDataset"/>
    /// <returns>Paths in the order of their names.</returns>
    public static IReadOnlyList<string> FindDatasetFiles(string name, HubSettings? settings = null, IPullObserver? observer = null, CancellationToken cancellation = default)
    {
        string path = FileLocator.Find(name);
        int colon = name.IndexOf(':', int.Max(0, name.IndexOf('/', StringComparison.Ordinal)));
        if (Exists(path) || IdOf(colon < 0 ? name : name[..colon], HubKind.Dataset) is not { } id) return [path];
        PullOptions options = colon < 0 ? new() : new() { Include = [name[(colon + 1)..]] };
        HubSnapshot snapshot = Get(id, options, settings, observer, cancellation);
        // Descriptions of a data set lie beside its data.
        IEnumerable<HubSnapshotFile> files = colon < 0 ? snapshot.Files.Where(f => f.Path is not ("README.md" or "dataset_infos.json" or "dataset_info.json")) : snapshot.Files;
        return [.. files.Select(f => Path.Combine([snapshot.Folder, .. f.Path.Split('/')]))];
    }

    /// <summary>The repository that a name means; null where it can only be a path.</summary>
    private static HubId? IdOf(string name, HubKind kind) =>
        name.Contains('/', StringComparison.Ordinal) && HubId.TryParse(name, kind, out HubId? id, out _) && !FileEndings.Any(e => id.Repository.EndsWith(e, StringComparison.OrdinalIgnoreCase)) ? id : null;

    private static HubSnapshot Get(HubId id, PullOptions options, HubSettings? settings, IPullObserver? observer, CancellationToken cancellation)
    {
        settings ??= HubSettings.FromEnvironment();
        if (HubPull.FromCache(id, settings, options) is { } cached) return cached;
        // models/micro-mats is a mistyped path where there is a folder models, and nobody should wait for a hub to say so.
        string owner = id.Repository.Split('/')[0];
        if (Directory.Exists(FileLocator.Find(owner)))
            throw new HubException(HubFailure.FileNotFound, $"there is no '{id}' in the folder '{owner}'. If the {id.KindName} of that name of the hub is meant, fetch it first: {id.PullCommand}");
        try
        {
            observer?.Note($"fetching the {id.KindName} {id} from {settings.Endpoint}");
            return HubPull.RunAsync(id, settings, options, observer, cancellation).GetAwaiter().GetResult();
        }
        catch (HubException e)
        {
            throw new HubException(e.Failure, $"there is no file or folder '{id}' here, and of the hub: {e.Message}", e);
        }
    }

    private static bool Exists(string path) => File.Exists(path) || Directory.Exists(path);
}

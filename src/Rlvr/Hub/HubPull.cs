using System.Runtime.ExceptionServices;
using System.Text.Json;

namespace Rlvr.Hub;

/// <summary>Gets repositories of a hub into the cache: only the files that are needed, each checked, and a snapshot only when all are there.</summary>
public static class HubPull
{
    private const long MaxIndexBytes = 64 << 20;

    /// <summary>Kept free on the disk.</summary>
    private const long Reserve = 16 << 20;

    /// <summary>Gets a repository. What is in the cache is not fetched again; what an interrupted download left is gone on with.</summary>
    /// <param name="id">The repository and its revision.</param>
    /// <param name="settings">Which hub and which cache.</param>
    /// <param name="options">Which files.</param>
    /// <param name="observer">Watches.</param>
    /// <param name="cancellation">Stops; what has come is kept, and no snapshot is there that was not before.</param>
    /// <exception cref="HubException">It cannot be had; the message says why and what to do.</exception>
    public static async Task<HubSnapshot> RunAsync(HubId id, HubSettings settings, PullOptions? options = null, IPullObserver? observer = null, CancellationToken cancellation = default)
    {
        options ??= new();
        if (settings.Offline) return FromCache(id, settings, options) ?? throw NotCached(id, settings);
        HubCache cache = new(settings, id);
        using HubHttp http = new(settings, observer);
        HubApi api = new(http, settings);
        string commit;
        List<HubFile> files;
        try
        {
            commit = await api.CommitAsync(id, cancellation);
            files = cache.ReadFiles(commit) ?? await ListAsync(api, cache, id, commit, cancellation);
        }
        catch (HubException e) when (e.MayPass && FromCache(id, settings, options) is { } cached)
        {
            observer?.Note($"{e.Message} Taking what the cache has of {id}: commit {cached.Commit}.");
            return cached;
        }
        PullMeter meter = new(id, observer);
        BlobDownload download = new(http, api, cache, meter, id, commit);
        List<HubFile> chosen = FileSelection.Choose(id, files, options);
        HashSet<HubFile> before = [.. chosen.Where(f => IsThere(cache, commit, f))];
        if (NeedsShards(id, options, chosen) is { } index)
        {
            await FetchAsync(download, cache, commit, meter, [index], options.Jobs, cancellation);
            List<HubFile> shards = FileSelection.Shards(id, files, ShardNames(id, index, Content(cache, commit, index)), options);
            before.UnionWith(shards.Where(f => IsThere(cache, commit, f)));
            chosen = [.. chosen.UnionBy(shards, f => f.Path)];
        }
        await FetchAsync(download, cache, commit, meter, chosen, options.Jobs, cancellation);
        Place(cache, commit, chosen);
        cache.WriteCommit(id, commit);
        return new HubSnapshot(id, commit, cache.Snapshot(commit), Files(chosen, before), meter.Received);
    }

    /// <summary>A repository as far as the cache has it, without asking the hub; null where something is missing.</summary>
    /// <param name="id">The repository and its revision.</param>
    /// <param name="settings">Which cache.</param>
    /// <param name="options">Which files.</param>
    public static HubSnapshot? FromCache(HubId id, HubSettings settings, PullOptions? options = null)
    {
        options ??= new();
        HubCache cache = new(settings, id);
        if (cache.Commit(id) is not { } commit || !Directory.Exists(cache.Snapshot(commit))) return null;
        // Older versions of huggingface_hub left no list of files: what is there must do, if it is a whole model.
        List<HubFile> listed = cache.ReadFiles(commit) ?? [.. cache.FilesOf(commit).Select(f => new HubFile(f.Path, f.Size, "", null))];
        try
        {
            List<HubFile> chosen = FileSelection.Choose(id, listed, options);
            if (NeedsShards(id, options, chosen) is { } index)
            {
                if (!cache.HasPointer(commit, index)) return null;
                chosen = [.. chosen.UnionBy(FileSelection.Shards(id, listed, ShardNames(id, index, cache.Pointer(commit, index.Path)), options), f => f.Path)];
            }
            chosen.RemoveAll(f => FileSelection.CanBeMissing(id, f, options) && !cache.HasPointer(commit, f));
            return chosen.All(f => cache.HasPointer(commit, f)) ? new HubSnapshot(id, commit, cache.Snapshot(commit), Files(chosen, [.. chosen]), 0) : null;
        }
        catch (HubException)
        {
            return null; // the hub may have what was asked for, at a later commit; else it is the one to say why not
        }
    }

    /// <summary>What to say of a repository that is not in the cache while the hub may not be asked.</summary>
    private static HubException NotCached(HubId id, HubSettings settings) => new(HubFailure.Offline,
        $"the {id.KindName} {id} is not in the cache {settings.CacheFolder}, or not all of it, and HF_HUB_OFFLINE forbids to fetch it. Unset HF_HUB_OFFLINE and run: {id.PullCommand}");

    /// <summary>The index of the weights, where it says which files hold them.</summary>
    private static HubFile? NeedsShards(HubId id, PullOptions options, List<HubFile> chosen) =>
        FileSelection.IsUsual(options) && id.Kind == HubKind.Model ? chosen.FirstOrDefault(f => f.Path == FileSelection.WeightsIndex) : null;

    private static async Task<List<HubFile>> ListAsync(HubApi api, HubCache cache, HubId id, string commit, CancellationToken cancellation)
    {
        List<HubFile> files = await api.FilesAsync(id, commit, cancellation);
        cache.WriteFiles(commit, files);
        return files;
    }

    private static bool IsThere(HubCache cache, string commit, HubFile file) => cache.HasPointer(commit, file) || cache.HasBlob(file);

    private static string Content(HubCache cache, string commit, HubFile file) => cache.HasBlob(file) ? cache.Blob(file) : cache.Pointer(commit, file.Path);

    /// <summary>Fetches what is missing, several files at once, large ones first.</summary>
    private static async Task FetchAsync(BlobDownload download, HubCache cache, string commit, PullMeter meter, List<HubFile> files, int jobs, CancellationToken cancellation)
    {
        List<(HubFile File, long Bytes)> missing = [.. files.Where(f => !IsThere(cache, commit, f)).DistinctBy(f => f.Etag).OrderByDescending(f => f.Size).Select(f => (f, BlobDownload.Missing(cache, f)))];
        if (missing.Count == 0) return;
        long needed = missing.Sum(m => m.Bytes), free = cache.FreeSpace();
        if (free < needed + Reserve)
        {
            throw new HubException(HubFailure.Disk, $"{ByteSize.Text(needed)} are to be fetched, and the disk of the cache {cache.Root} has {ByteSize.Text(free)} free. "
                + "Free some space, set HF_HUB_CACHE to another folder, or leave files out with --exclude.");
        }
        meter.Expect(needed, missing.Count);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Exception? first = null;
        await Parallel.ForEachAsync(missing, new ParallelOptions { MaxDegreeOfParallelism = jobs }, async (item, _) =>
        {
            if (stop.IsCancellationRequested) return;
            try
            {
                await download.RunAsync(item.File, item.Bytes, stop.Token);
            }
            catch (Exception e) // of whatever kind: the first ends the others, and is the one to tell
            {
                Interlocked.CompareExchange(ref first, e, null);
                await stop.CancelAsync();
            }
        });
        cancellation.ThrowIfCancellationRequested();
        if (first is not null) ExceptionDispatchInfo.Throw(first);
    }

    private static void Place(HubCache cache, string commit, List<HubFile> files)
    {
        Dictionary<string, int> uses = files.GroupBy(f => f.Etag).ToDictionary(g => g.Key, g => g.Count());
        foreach (HubFile file in files) cache.Place(commit, file, move: --uses[file.Etag] == 0);
    }

    private static List<HubSnapshotFile> Files(IReadOnlyList<HubFile> chosen, HashSet<HubFile> before) =>
        [.. chosen.OrderBy(f => f.Path, StringComparer.Ordinal).Select(f => new HubSnapshotFile(f.Path, f.Size, before.Contains(f)))];

    private static HashSet<string> ShardNames(HubId id, HubFile index, string path)
    {
        if (index.Size > MaxIndexBytes) throw new HubException(HubFailure.NothingUsable, $"{index.Path} of the model {id} has {ByteSize.Text(index.Size)}, more than any index of weights.");
        try
        {
            using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(path));
            return [.. json.RootElement.GetProperty("weight_map").EnumerateObject().Select(p => p.Value.GetString() ?? throw new InvalidOperationException(p.Name))];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or IOException or UnauthorizedAccessException)
        {
            throw new HubException(HubFailure.NothingUsable, $"{index.Path} of the model {id} cannot be read: an object with a 'weight_map' from tensors to files expected.", e);
        }
    }
}

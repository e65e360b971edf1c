using System.Text.Json;
using System.Text.Json.Nodes;
using Rlvr.Runs;

namespace Rlvr.Hub;

/// <summary>
/// A repository in the cache, laid out as huggingface_hub does, so that each finds what the other has fetched:
/// <code>
/// models--OWNER--NAME/
///   blobs/ETAG                    whole, verified contents; ETAG.incomplete is what has come of one so far
///   refs/REVISION                 the commit that a branch or tag was last seen at
///   snapshots/COMMIT/PATH         links to blobs (copies where links do not work)
///   .rlvr/COMMIT.json             the list of files of a commit
/// .locks/models--OWNER--NAME/ETAG.lock
/// </code>
/// Newer versions of huggingface_hub keep such a list too, in trees/, which is read here. It is not written: they take a snapshot without one as it is, and
/// one with a list for incomplete where files that are not needed here are missing.
/// </summary>
internal sealed class HubCache
{
    private readonly HubSettings settings;
    private readonly string folder, locks;
    private volatile bool links;

    public HubCache(HubSettings settings, HubId id)
    {
        this.settings = settings;
        links = settings.Links;
        string name = $"{id.ApiName}--{id.Repository.Replace("/", "--", StringComparison.Ordinal)}";
        folder = Path.Combine(settings.CacheFolder, name);
        locks = Path.Combine(settings.CacheFolder, ".locks", name);
    }

    /// <summary>Free space where the cache is, bytes.</summary>
    public long FreeSpace() => settings.FreeSpace(settings.CacheFolder);

    /// <summary>The whole cache's folder.</summary>
    public string Root => settings.CacheFolder;

    public string Blob(HubFile file) => Path.Combine(folder, "blobs", file.Etag);

    public string Partial(HubFile file) => Blob(file) + ".incomplete";

    public string Snapshot(string commit) => Path.Combine(folder, "snapshots", commit);

    /// <summary>Where a file is in a snapshot. Its name must have been checked.</summary>
    public string Pointer(string commit, string path) => Path.Combine([Snapshot(commit), .. path.Split('/')]);

    public bool HasBlob(HubFile file) => LengthOf(Blob(file)) == file.Size;

    public bool HasPointer(string commit, HubFile file) => LengthOf(Pointer(commit, file.Path)) == file.Size;

    /// <summary>The commit of a revision, as far as the cache knows.</summary>
    public string? Commit(HubId id)
    {
        if (id.IsCommit) return id.Revision;
        string path = Ref(id);
        return File.Exists(path) && ReadText(path)?.Trim() is { } commit && HubId.IsCommitName(commit) ? commit : null;
    }

    /// <summary>Remembers the commit of a branch or tag.</summary>
    public void WriteCommit(HubId id, string commit)
    {
        if (Commit(id) == commit) return;
        Guard(() => Directory.CreateDirectory(Path.GetDirectoryName(Ref(id))!));
        AtomicFile.WriteAllText(Ref(id), commit);
    }

    /// <summary>The files of a commit, from an earlier listing; null where there is none, or none that can be read.</summary>
    public List<HubFile>? ReadFiles(string commit) => ReadList(List(commit)) ?? ReadList(Path.Combine(folder, "trees", commit + ".json"));

    /// <summary>Keeps the list of files of a commit, which never changes.</summary>
    public void WriteFiles(string commit, IEnumerable<HubFile> files)
    {
        JsonObject listed = [];
        foreach (HubFile file in files.OrderBy(f => f.Path, StringComparer.Ordinal))
        {
            JsonObject entry = new() { ["size"] = file.Size, ["blob_id"] = file.GitOid };
            if (file.Sha256 is not null) (entry["lfs_sha256"], entry["lfs_size"]) = (file.Sha256, file.Size);
            listed[file.Path] = entry;
        }
        Guard(() => Directory.CreateDirectory(Path.GetDirectoryName(List(commit))!));
        AtomicFile.WriteAllText(List(commit), new JsonObject { ["format_version"] = 1, ["files"] = listed }.ToJsonString());
    }

    /// <summary>Names of the files in a snapshot, <c>/</c> between folders; those whose content is missing are left out.</summary>
    public List<(string Path, long Size)> FilesOf(string commit)
    {
        string root = Snapshot(commit);
        if (!Directory.Exists(root)) return [];
        EnumerationOptions options = new() { RecurseSubdirectories = true, MaxRecursionDepth = 32, AttributesToSkip = FileAttributes.None, IgnoreInaccessible = true };
        return [.. Directory.EnumerateFiles(root, "*", options).Select(f => (Path.GetRelativePath(root, f).Replace(Path.DirectorySeparatorChar, '/'), LengthOf(f)))
            .Where(f => f.Item2 >= 0).OrderBy(f => f.Item1, StringComparer.Ordinal)];
    }

    /// <summary>Waits until this process is the only one that fetches a content. Other programs that use this cache take the same lock.</summary>
    /// <param name="file">The content.</param>
    /// <param name="waiting">Called once, if there is a wait.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="HubException">The lock cannot be made.</exception>
    public async Task<IDisposable> LockAsync(HubFile file, Action waiting, CancellationToken cancellation)
    {
        Guard(() => Directory.CreateDirectory(locks));
        for (bool told = false; ; told = true)
        {
            try
            {
                return new FileStream(Path.Combine(locks, file.Etag + ".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
            }
            catch (IOException e) when (IsTaken(e))
            {
                if (!told) waiting();
                await Task.Delay(100, cancellation);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw CannotWrite(e);
            }
        }
    }

    /// <summary>Opens what has come of a content so far, or an empty file, for more.</summary>
    /// <exception cref="HubException">It cannot be written.</exception>
    public FileStream OpenPartial(HubFile file)
    {
        string path = Partial(file);
        return Guard(() =>
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            // Nothing in the cache but snapshots holds links: following one would write elsewhere.
            if (new FileInfo(path).LinkTarget is not null) File.Delete(path);
            return settings.OpenPartial(path);
        });
    }

    /// <summary>A content is whole and verified.</summary>
    public void Complete(HubFile file) => Guard(() => File.Move(Partial(file), Blob(file), overwrite: true));

    /// <summary>Puts a file into a snapshot.</summary>
    /// <param name="commit">The snapshot.</param>
    /// <param name="file">The file; its content is in blobs.</param>
    /// <param name="move">Whether the content may be moved where links do not work, because nothing else needs it.</param>
    public void Place(string commit, HubFile file, bool move) => Guard(() =>
    {
        string pointer = Pointer(commit, file.Path), blob = Blob(file);
        if (LengthOf(pointer) == file.Size) return;
        MakeFolders(commit, pointer);
        if (new FileInfo(pointer) is { Exists: true } or { LinkTarget: not null }) File.Delete(pointer);
        if (links)
        {
            try
            {
                File.CreateSymbolicLink(pointer, Path.GetRelativePath(Path.GetDirectoryName(pointer)!, blob));
                return;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                if (LengthOf(pointer) == file.Size) return; // another process was faster
                links = false;
            }
        }
        if (move)
        {
            File.Move(blob, pointer, overwrite: true);
            return;
        }
        string temporary = $"{blob}.{Guid.NewGuid():N}.incomplete";
        File.Copy(blob, temporary);
        File.Move(temporary, pointer, overwrite: true);
    });

    /// <summary>What to tell when the cache cannot be written.</summary>
    public HubException CannotWrite(Exception error) => IsFull(error)
        ? new HubException(HubFailure.Disk, $"the disk of the cache {Root} is full. Free some space, or set HF_HUB_CACHE to another folder, and run it again: what has come is kept.", error)
        : new HubException(HubFailure.Disk, $"the cache {Root} cannot be written: {IoReason.Of(error)}. Set HF_HUB_CACHE to a folder that can.", error);

    /// <summary>Length of a file, or of what a link leads to; -1 where there is none.</summary>
    private static long LengthOf(string path)
    {
        try
        {
            if (!File.Exists(path)) return -1;
            using var handle = File.OpenHandle(path);
            return RandomAccess.GetLength(handle);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return -1;
        }
    }

    // A folder of the snapshot that is a link would lead out of it.
    private void MakeFolders(string commit, string pointer)
    {
        string inner = Path.GetDirectoryName(pointer)!;
        for (string parent = inner; parent.Length >= Snapshot(commit).Length; parent = Path.GetDirectoryName(parent)!)
        {
            if (new DirectoryInfo(parent).LinkTarget is not null)
                throw new HubException(HubFailure.UnsafeName, $"the folder {parent} in the cache is a link, which none should be. Remove it and run this again.");
        }
        Directory.CreateDirectory(inner);
    }

    private static List<HubFile>? ReadList(string path)
    {
        try
        {
            if (!File.Exists(path) || ReadText(path) is not { } text) return null;
            JsonNode? json = JsonNode.Parse(text);
            if ((int?)json?["format_version"] != 1 || json["files"] is not JsonObject listed) return null;
            List<HubFile?> files = [.. listed.Select(f => HubFile.Create(f.Key, (long?)(f.Value?["lfs_size"] ?? f.Value?["size"]), (string?)f.Value?["blob_id"], (string?)f.Value?["lfs_sha256"]))];
            return files.Contains(null) ? null : [.. files.OfType<HubFile>()];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or ArgumentException)
        {
            return null; // it can be had again
        }
    }

    private string Ref(HubId id) => Path.Combine([folder, "refs", .. id.Revision.Split('/')]);

    private string List(string commit) => Path.Combine(folder, ".rlvr", commit + ".json");

    private static string? ReadText(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private void Guard(Action action) => Guard(() =>
    {
        action();
        return true;
    });

    private T Guard<T>(Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CannotWrite(e);
        }
    }

    // ENOSPC, and EDQUOT of Linux and macOS; on Windows ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL.
    private static bool IsFull(Exception error) => error is IOException && error.HResult is 28 or 122 or 69 or unchecked((int)0x80070070) or unchecked((int)0x80070027);

    // EWOULDBLOCK of Linux and macOS; on Windows a sharing or lock violation.
    private static bool IsTaken(IOException error) => error.HResult is 11 or 35 or unchecked((int)0x80070020) or unchecked((int)0x80070021);
}

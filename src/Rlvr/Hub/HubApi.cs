using System.Text.Json;

namespace Rlvr.Hub;

/// <summary>The two questions that are asked of a hub's API: which commit is a revision, and which files does it have. And where a file is.</summary>
internal sealed class HubApi(HubHttp http, HubSettings settings)
{
    private const int MaxFiles = 200_000, MaxPages = 2_000, MaxNames = 1_000;

    /// <summary>Where a file is.</summary>
    public string FileAddress(HubId id, string commit, string path) =>
        $"{settings.Endpoint}/{(id.Kind == HubKind.Dataset ? "datasets/" : "")}{id.Repository}/resolve/{commit}/{string.Join('/', path.Split('/').Select(Uri.EscapeDataString))}";

    /// <summary>The commit that a revision is.</summary>
    /// <exception cref="HubException">There is no such repository or revision; the message suggests what may have been meant.</exception>
    public async Task<string> CommitAsync(HubId id, CancellationToken cancellation)
    {
        if (id.IsCommit) return id.Revision;
        try
        {
            (JsonDocument json, _) = await http.GetJsonAsync(new HubRequest($"{Repository(id)}/revision/{Uri.EscapeDataString(id.Revision)}", id, "the description"), cancellation);
            using (json)
            {
                return json.RootElement.ValueKind == JsonValueKind.Object && Text(json.RootElement, "sha") is { } commit && HubId.IsCommitName(commit) ? commit
                    : throw new HubException(HubFailure.Protocol, $"the description of the {id.KindName} '{id.Repository}' names no commit ('sha'). {HubErrors.CheckEndpoint}");
            }
        }
        catch (HubException e) when (e.Failure is HubFailure.RepositoryNotFound or HubFailure.Unauthorized or HubFailure.RevisionNotFound)
        {
            string hint = e.Failure == HubFailure.RevisionNotFound ? await SuggestRevisionAsync(id, cancellation) : await SuggestRepositoryAsync(id, cancellation);
            throw hint.Length == 0 ? e : new HubException(e.Failure, e.Message + hint, e);
        }
    }

    /// <summary>All files at a commit, page after page.</summary>
    /// <exception cref="HubException">The list cannot be had, or is not one.</exception>
    public async Task<List<HubFile>> FilesAsync(HubId id, string commit, CancellationToken cancellation)
    {
        List<HubFile> files = [];
        HashSet<string> seen = new(StringComparer.Ordinal);
        string address = $"{Repository(id)}/tree/{commit}";
        string? query = "?recursive=true&expand=false";
        for (int page = 0; query is not null; page++)
        {
            if (page == MaxPages || !seen.Add(query)) throw new HubException(HubFailure.Protocol, $"the list of files of {id} has no end. {HubErrors.CheckEndpoint}");
            (JsonDocument json, string? next) = await http.GetJsonAsync(new HubRequest(address + query, id, "the list of files"), cancellation);
            using (json)
            {
                if (json.RootElement.ValueKind != JsonValueKind.Array) throw Broken(id, $"expected an array, found {json.RootElement.ValueKind}");
                files.AddRange(json.RootElement.EnumerateArray().Select(entry => Read(id, entry)).OfType<HubFile>());
            }
            if (files.Count > MaxFiles) throw new HubException(HubFailure.Protocol, $"the {id.KindName} {id} has more than {MaxFiles:N0} files, which is more than is listed.");
            query = next;
        }
        return files;
    }

    private string Repository(HubId id) => $"{settings.Endpoint}/api/{id.ApiName}/{id.Repository}";

    /// <summary>{"type": "file", "path": ..., "size": ..., "oid": ..., "lfs": {"oid": ..., "size": ..., "pointerSize": ...}}; null for a folder.</summary>
    private static HubFile? Read(HubId id, JsonElement entry)
    {
        if (entry.ValueKind != JsonValueKind.Object) throw Broken(id, $"expected an object for each file, found {entry.ValueKind}");
        if (Text(entry, "type") != "file") return null;
        JsonElement? lfs = entry.TryGetProperty("lfs", out JsonElement value) && value.ValueKind == JsonValueKind.Object ? value : null;
        return HubFile.Create(Text(entry, "path"), Number(lfs ?? entry, "size"), Text(entry, "oid"), lfs is { } large ? Text(large, "oid") ?? "" : null)
            ?? throw Broken(id, $"an entry has no usable path, size or oid: {Shown(entry)}");
    }

    private static HubException Broken(HubId id, string why) => new(HubFailure.Protocol, $"the list of files of {id} is broken: {why}. {HubErrors.CheckEndpoint}");

    private static string Shown(JsonElement entry) => entry.GetRawText() is { Length: > 200 } text ? text[..200] + "..." : entry.GetRawText();

    private async Task<string> SuggestRevisionAsync(HubId id, CancellationToken cancellation) => await AskAsync($"{Repository(id)}/refs", id, root =>
    {
        List<string> names = [.. new[] { "branches", "tags" }.SelectMany(kind => Names(root, kind, "name"))];
        return Suggestion.DidYouMean(id.Revision, names) is { Length: > 0 } hint ? hint : names.Count > 0 ? $" It has {string.Join(", ", names.Take(8))}." : "";
    }, cancellation);

    private async Task<string> SuggestRepositoryAsync(HubId id, CancellationToken cancellation)
    {
        HubId other = new(id.Kind == HubKind.Model ? HubKind.Dataset : HubKind.Model, id.Repository);
        string kind = await AskAsync(Repository(other), other, root => Text(root, "id") is null ? "" : id.Kind == HubKind.Model ? " There is a data set of that name: add --dataset." : " There is a model of that name: leave out --dataset.", cancellation);
        if (kind.Length > 0) return kind;
        string search = $"{settings.Endpoint}/api/{id.ApiName}?limit=20&search={Uri.EscapeDataString(id.Repository.Split('/')[^1])}";
        return await AskAsync(search, id, root => Suggestion.DidYouMean(id.Repository, Names(root, null, "id").Where(n => n.Length <= 100)), cancellation);
    }

    // A suggestion is worth one question, and no error of its own.
    private async Task<string> AskAsync(string address, HubId id, Func<JsonElement, string> read, CancellationToken cancellation)
    {
        try
        {
            (JsonDocument json, _) = await http.GetJsonOnceAsync(new HubRequest(address, id, "a suggestion"), cancellation);
            using (json) return read(json.RootElement);
        }
        catch (Exception e) when (e is HubException or InvalidOperationException)
        {
            return "";
        }
    }

    private static IEnumerable<string> Names(JsonElement root, string? list, string property)
    {
        JsonElement array = list is null ? root : root.TryGetProperty(list, out JsonElement found) ? found : default;
        return array.ValueKind == JsonValueKind.Array ? array.EnumerateArray().Take(MaxNames).Select(e => Text(e, property)).OfType<string>() : [];
    }

    private static string? Text(JsonElement json, string name)
    {
        try
        {
            return json.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException) // half a surrogate pair is JSON, and no text
        {
            return null;
        }
    }

    private static long? Number(JsonElement json, string name) => json.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) ? number : null;
}

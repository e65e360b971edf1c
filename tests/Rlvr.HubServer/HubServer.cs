using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Rlvr.TestHub;

/// <summary>
/// A Hugging Face style hub on this machine, with a second host that large files are redirected to. It keeps all requests, and does wrong what it is
/// told to.
/// </summary>
public sealed class HubServer : IDisposable
{
    private readonly WebApplication app;
    private readonly int cdnPort;
    private readonly List<ServedRepository> repositories = [];
    private readonly ConcurrentQueue<ServedRequest> requests = new();
    private readonly List<(Func<ServedRequest, bool> When, Fault Fault, int Times)> faults = [];
    private readonly Lock gate = new();
    private int visitors; // a connection belongs to those who were there when it was opened

    /// <summary>Starts the server on the loopback interface.</summary>
    /// <param name="port">The hub's port; 0 takes a free one.</param>
    public HubServer(int port = 0)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(options =>
        {
            options.AddServerHeader = false;
            options.Listen(IPAddress.Loopback, port, Http);
            options.Listen(IPAddress.Loopback, 0, Http);
        });
        app = builder.Build();
        app.Run(AnswerAsync);
        app.Start();
        string[] addresses = [.. ((IApplicationBuilder)app).ServerFeatures.Get<IServerAddressesFeature>()!.Addresses];
        Endpoint = addresses[0];
        CdnEndpoint = addresses[1];
        cdnPort = new Uri(CdnEndpoint).Port;
    }

    private void Http(ListenOptions listen)
    {
        listen.Protocols = HttpProtocols.Http1;
        listen.Use(next => connection =>
        {
            connection.Items[nameof(visitors)] = Volatile.Read(ref visitors);
            return next(connection);
        });
    }

    /// <summary>For HF_ENDPOINT.</summary>
    public string Endpoint { get; }

    /// <summary>Where large files are.</summary>
    public string CdnEndpoint { get; }

    /// <summary>The token that opens private and gated repositories; any other is refused.</summary>
    public string Token { get; set; } = "hf_test_token";

    /// <summary>Entries on a page of a list of files.</summary>
    public int PageSize { get; set; } = 1000;

    /// <summary>Bytes a second of each connection; 0 for as fast as it goes.</summary>
    public int Speed { get; set; }

    /// <summary>All requests so far.</summary>
    public IReadOnlyList<ServedRequest> Requests => [.. requests];

    /// <summary>Requests for the contents of files.</summary>
    public IEnumerable<ServedRequest> FileRequests => Requests.Where(r => r.IsFile);

    public void Dispose()
    {
        app.StopAsync(new CancellationToken(canceled: true)).GetAwaiter().GetResult();
        ((IDisposable)app).Dispose();
    }

    /// <summary>Serves a repository, in the place of one of the same name.</summary>
    public ServedRepository Add(ServedRepository repository)
    {
        lock (gate)
        {
            repositories.RemoveAll(r => (r.Kind, r.Id) == (repository.Kind, repository.Id));
            repositories.Add(repository);
        }
        return repository;
    }

    /// <summary>Does something wrong with the next requests that fit.</summary>
    public void Fail(Func<ServedRequest, bool> when, Fault fault, int times = int.MaxValue)
    {
        lock (gate) faults.Add((when, fault, times));
    }

    /// <summary>As at first: serves nothing. What comes late on connections that were opened before, of a download that was given up, is not answered and not kept.</summary>
    public void Clear()
    {
        Interlocked.Increment(ref visitors);
        Reset();
        lock (gate) repositories.Clear();
        PageSize = 1000;
    }

    /// <summary>Does everything right again, and forgets the requests.</summary>
    public void Reset()
    {
        lock (gate) faults.Clear();
        requests.Clear();
    }

    public void WaitForShutdown() => app.WaitForShutdown();

    private async Task AnswerAsync(HttpContext context)
    {
        if (context.Features.Get<IConnectionItemsFeature>()?.Items[nameof(visitors)] is int of && of != Volatile.Read(ref visitors))
        {
            context.Abort();
            return;
        }
        string target = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        int question = target.IndexOf('?', StringComparison.Ordinal);
        string[] path = [.. (question < 0 ? target : target[..question]).Split('/', StringSplitOptions.RemoveEmptyEntries).Select(Uri.UnescapeDataString)];
        ServedRequest request = new(context.Connection.LocalPort == cdnPort ? "cdn" : "hub", context.Request.Method, "/" + string.Join('/', path), question < 0 ? "" : target[question..],
            context.Request.Headers.Range.FirstOrDefault(), context.Request.Headers.Authorization.FirstOrDefault());
        requests.Enqueue(request);
        Answer answer = new(context, TakeFault(request), Speed);
        await answer.WaitAsync();
        if (answer.Fault.Status is { } status) await answer.SendAsync(status, "");
        else if (answer.Fault.Body is not null) await answer.SendAsync(200, "");
        else if (request.Host == "cdn") await SendLargeAsync(answer, path);
        else await HubAsync(answer, request, path);
    }

    private Fault TakeFault(ServedRequest request)
    {
        lock (gate)
        {
            int at = faults.FindIndex(f => f.Times > 0 && f.When(request));
            if (at < 0) return new Fault();
            faults[at] = faults[at] with { Times = faults[at].Times - 1 };
            return faults[at].Fault;
        }
    }

    // /api/models/OWNER/NAME/tree/REVISION, /OWNER/NAME/resolve/REVISION/PATH, /datasets/OWNER/NAME/resolve/REVISION/PATH
    private async Task HubAsync(Answer answer, ServedRequest request, string[] path)
    {
        if (path is ["api", "resolve-cache", .. string[] cached])
        {
            await SendSmallAsync(answer, cached);
            return;
        }
        bool isApi = path is ["api", ..];
        string[] rest = isApi ? path[1..] : path;
        string kind = rest is ["models" or "datasets", ..] ? rest[0] : "models";
        if (rest is ["models" or "datasets", ..]) rest = rest[1..];
        if (isApi && rest.Length == 0)
        {
            await SearchAsync(answer, kind);
            return;
        }
        if (request.Authorization is { } authorization && authorization != $"Bearer {Token}")
        {
            await answer.SendAsync(401, """{"error":"Invalid credentials in Authorization header"}""", ("X-Error-Message", "Invalid credentials in Authorization header"));
            return;
        }
        bool known = request.Authorization is not null;
        if (Find(kind, rest) is not { } repository || (repository.Access == Access.Private && !known))
        {
            // As Hugging Face does: whoever has no token is not told whether a repository exists.
            await answer.SendAsync(known ? 404 : 401, """{"error":"Repository not found"}""", ("X-Error-Code", "RepoNotFound"), ("X-Error-Message", "Repository not found"));
            return;
        }
        string[] action = rest[repository.Id.Split('/').Length..];
        if (repository.Access == Access.Gated && !known && action is ["resolve", ..])
            await answer.SendAsync(401, "Access to this repository is restricted.", ("X-Error-Code", "GatedRepo"), ("X-Error-Message", $"Access to {repository.Id} is restricted."));
        else if (action is ["revision" or "tree" or "resolve", { } revision, ..] && revision != repository.Commit && !repository.Revisions.Contains(revision))
            await answer.SendAsync(404, """{"error":"Invalid rev id"}""", ("X-Error-Code", "RevisionNotFound"), ("X-Error-Message", $"Invalid rev id: {revision}"));
        else if (!isApi && action is ["resolve", _, .. string[] file]) await ResolveAsync(answer, repository, string.Join('/', file));
        else if (action is [] or ["revision", _]) await answer.JsonAsync(Description(repository));
        else if (action is ["refs"]) await answer.JsonAsync(References(repository));
        else if (action is ["tree", _]) await TreeAsync(answer, repository);
        else await answer.SendAsync(404, """{"error":"Sorry, we can't find the page you are looking for."}""");
    }

    private ServedRepository? Find(string kind, string[] path)
    {
        lock (gate) return repositories.FirstOrDefault(r => r.Kind == kind && r.Id.Split('/').SequenceEqual(path.Take(r.Id.Split('/').Length)));
    }

    private async Task ResolveAsync(Answer answer, ServedRepository repository, string path)
    {
        (string, string) commit = ("X-Repo-Commit", repository.Commit);
        if (repository.Files.FirstOrDefault(f => f.Path == path) is not { } file)
            await answer.SendAsync(404, "Entry not found", ("X-Error-Code", "EntryNotFound"), ("X-Error-Message", "Entry not found"), commit);
        else if (answer.Fault.Pointer) await answer.SendAsync(200, file.Pointer, commit);
        else if (file.Sha256 is null)
        {
            string to = $"/api/resolve-cache/{repository.Kind}/{repository.Id}/{repository.Commit}/{Uri.EscapeDataString(path)}?etag=%22{file.Etag}%22";
            await answer.SendAsync(307, "", commit, ("Location", to), ("X-Linked-Etag", $"\"{file.Etag}\""), ("X-Linked-Size", $"{file.Size}"));
        }
        else
        {
            string to = $"{CdnEndpoint}/{repository.Kind}/{repository.Id}/{file.Sha256}?Signature=secret-of-the-address";
            await answer.SendAsync(302, "", commit, ("Location", to), ("X-Linked-Etag", $"\"{file.Etag}\""), ("X-Linked-Size", $"{file.Size}"), ("ETag", $"\"{file.GitOid}\""));
        }
    }

    private async Task SendSmallAsync(Answer answer, string[] path)
    {
        if (Find(path[0], path[1..]) is { } repository && repository.Files.FirstOrDefault(f => f.Path == path[^1]) is { } file)
            await answer.FileAsync(file, ("X-Repo-Commit", repository.Commit), ("ETag", $"\"{file.Etag}\""));
        else await answer.SendAsync(404, "");
    }

    private async Task SendLargeAsync(Answer answer, string[] path)
    {
        if (path.Length > 2 && Find(path[0], path[1..])?.Files.FirstOrDefault(f => f.Sha256 == path[^1]) is { } file) await answer.FileAsync(file, ("ETag", "\"an-etag-of-the-storage\""));
        else await answer.SendAsync(403, "");
    }

    private async Task SearchAsync(Answer answer, string kind)
    {
        string search = answer.Context.Request.Query["search"].FirstOrDefault() ?? "";
        string[] found;
        // Roughly as the real one does: a part of the name is enough.
        lock (gate) found = [.. repositories.Where(r => r.Kind == kind && r.Access == Access.Everybody && r.Id.Contains(search[..int.Min(search.Length, 4)], StringComparison.OrdinalIgnoreCase)).Select(r => r.Id)];
        await answer.JsonAsync(new JsonArray([.. found.Select(id => new JsonObject { ["id"] = id })]));
    }

    private static JsonObject Description(ServedRepository repository) => new()
    {
        ["id"] = repository.Id,
        ["sha"] = repository.Commit,
        ["private"] = repository.Access == Access.Private,
        ["gated"] = repository.Access == Access.Gated,
        ["siblings"] = new JsonArray([.. repository.Files.Select(f => new JsonObject { ["rfilename"] = f.Path })]),
    };

    private static JsonObject References(ServedRepository repository) => new()
    {
        ["branches"] = new JsonArray([.. repository.Revisions.Select(r => new JsonObject { ["name"] = r, ["ref"] = $"refs/heads/{r}", ["targetCommit"] = repository.Commit })]),
        ["tags"] = new JsonArray(),
        ["converts"] = new JsonArray(),
    };

    private async Task TreeAsync(Answer answer, ServedRepository repository)
    {
        IEnumerable<JsonObject> folders = repository.Files.Select(f => Path.GetDirectoryName(f.Path) ?? "").Where(d => d.Length > 0).Distinct()
            .Select(d => new JsonObject { ["type"] = "directory", ["oid"] = repository.Commit, ["size"] = 0, ["path"] = d });
        JsonObject[] entries = [.. folders, .. repository.Files.Select(Entry)];
        int start = int.Parse(answer.Context.Request.Query["cursor"].FirstOrDefault() ?? "0");
        int end = int.Min(entries.Length, start + PageSize);
        if (end < entries.Length)
            answer.Context.Response.Headers.Link = $"<{Endpoint}/api/{repository.Kind}/{repository.Id}/tree/{repository.Commit}?recursive=true&cursor={end}>; rel=\"next\"";
        await answer.JsonAsync(new JsonArray([.. entries[start..end]]));
    }

    private static JsonObject Entry(ServedFile file)
    {
        JsonObject entry = new() { ["type"] = "file", ["oid"] = file.GitOid, ["size"] = file.Size, ["path"] = file.Path };
        if (file.Sha256 is not null) entry["lfs"] = new JsonObject { ["oid"] = file.Sha256, ["size"] = file.Size, ["pointerSize"] = file.Pointer.Length };
        return entry;
    }
}

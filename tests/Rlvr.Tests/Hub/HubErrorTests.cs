using System.Net;
using System.Net.Sockets;
using Rlvr.Hub;
using Rlvr.TestHub;

namespace Rlvr.Tests.Hub;

/// <summary>Whatever a hub, a network or a disk does wrong: one clear error, nothing half-written, and the next run goes on.</summary>
public sealed class HubErrorTests : HubTest
{
    private static readonly Dictionary<string, string> NoHeaders = [];

    [Fact]
    public async Task A_repository_that_is_not_there()
    {
        Says(await Fails(HubFailure.Unauthorized, id: Id("Qwen/Tiny-Maths")), "wants a token for the model 'Qwen/Tiny-Maths' (401)", "Did you mean 'Qwen/Tiny-Math'?");
        Says(await Fails(HubFailure.RepositoryNotFound, WithToken, id: Id("Qwen/Tiny-Maths")), "there is no model 'Qwen/Tiny-Maths' at http://127.0.0.1", "or the token in HF_TOKEN has no access to it", "Did you mean 'Qwen/Tiny-Math'?");
        Says(await Fails(HubFailure.Unauthorized, id: Id(Data)), "There is a data set of that name: add --dataset.");
        Says(await Fails(HubFailure.RepositoryNotFound, WithToken, id: Id(Model, HubKind.Dataset)), "There is a model of that name: leave out --dataset.");
        Says(await Fails(HubFailure.Unauthorized, id: Id("nobody/has-this")), "Check the name, or set HF_TOKEN.");
    }

    [Fact]
    public async Task A_revision_that_is_not_there()
    {
        Served.Revisions.Add("v1.0");
        Says(await Fails(HubFailure.RevisionNotFound, id: Id(Model + "@v1.1")), "the model 'Qwen/Tiny-Math' has no revision 'v1.1' (404).", "Did you mean 'v1.0'?");
        Says(await Fails(HubFailure.RevisionNotFound, id: Id(Model + "@production")), "It has main, v1.0.");
        Says(await Fails(HubFailure.RevisionNotFound, id: Id($"{Model}@{new string('0', 40)}")), "has no revision '000");
    }

    [Fact]
    public async Task A_file_that_is_not_there()
    {
        Says(await Fails(HubFailure.FileNotFound, options: new() { Include = ["confg.json"] }), "the model Qwen/Tiny-Math has no file 'confg.json'. Did you mean 'config.json'? It has ");
        Says(await Fails(HubFailure.FileNotFound, options: new() { Include = ["*.txt"] }), "no file fits --include and --exclude. It has README.md, ", " and 4 more.");
        // Listed, and yet not there.
        Server.Fail(r => r.Path.EndsWith("/config.json", StringComparison.Ordinal), new Fault { Status = 404, Headers = new Dictionary<string, string> { ["X-Error-Code"] = "EntryNotFound" } });
        Says(await Fails(HubFailure.FileNotFound), "the file 'config.json' is not in the model 'Qwen/Tiny-Math' at main (404).");
        Server.Reset();
        Server.Fail(r => r.Host == "cdn", new Fault { Status = 404 });
        Says(await Fails(HubFailure.FileNotFound), "the file 'model.safetensors' of the model 'Qwen/Tiny-Math'", "(404)");
    }

    [Fact]
    public async Task Private_gated_and_forbidden()
    {
        Served.Access = Access.Private;
        Says(await Fails(HubFailure.Unauthorized), "it does not exist, or it is private or gated");
        HubSettings wrong = Settings with { Token = new HubToken("hf_wrong", "/home/me/token") };
        HubException refused = await Fails(HubFailure.Unauthorized, wrong);
        Says(refused, "does not accept the token in /home/me/token (401): Invalid credentials in Authorization header. Make a new one at");
        Assert.DoesNotContain("hf_wrong", refused.Message, StringComparison.Ordinal);

        Served.Access = Access.Gated;
        Says(await Fails(HubFailure.Gated), $"the model 'Qwen/Tiny-Math' is gated (401): accept its conditions at {Server.Endpoint}/Qwen/Tiny-Math, then set HF_TOKEN");
        Server.Fail(r => r.IsFile, new Fault { Status = 403, Headers = new Dictionary<string, string> { ["X-Error-Code"] = "GatedRepo" } });
        Says(await Fails(HubFailure.Gated, WithToken), "and the account of the token in HF_TOKEN has no access");
        Server.Reset();
        Server.Fail(r => r.IsFile, new Fault { Status = 403, Headers = new Dictionary<string, string> { ["X-Error-Message"] = $"Not for {Server.Token}\t!" } });
        Says(await Fails(HubFailure.Forbidden, WithToken), "access to the file ", "is refused (403): Not for *** !. Check the permissions of the token in HF_TOKEN.");
        Server.Reset();
        await Pull(WithToken);
    }

    [Fact]
    public async Task Too_many_requests_are_tried_again_after_the_time_that_the_hub_asks_for()
    {
        string soon = DateTimeOffset.UtcNow.AddSeconds(90).ToString("R");
        foreach ((string header, string value) in new[] { ("Retry-After", "7"), ("Retry-After", soon), ("RateLimit", "\"api\";r=0;t=55"), ("Retry-After", "Wed, 21 Oct 2015 07:28:00 GMT") })
            Server.Fail(r => r.Path.Contains("/revision/", StringComparison.Ordinal), new Fault { Status = 429, Headers = new Dictionary<string, string> { [header] = value } }, times: 1);
        await Pull();
        Assert.Equal(4, Pauses.Count);
        Assert.Equal((7, 56, 0), (Pauses[0], Pauses[2], Pauses[3]));
        Assert.InRange(Pauses[1], 60, 91);
        Assert.Contains(Notes.Texts, n => n.Contains("takes no more requests for now (429). A token in HF_TOKEN raises the limit. Trying again in 7 s.", StringComparison.Ordinal));

        Server.Reset();
        Server.Fail(_ => true, new Fault { Status = 429, Headers = new Dictionary<string, string> { ["Retry-After"] = "3600" } });
        Says(await Fails(HubFailure.Throttled, Settings with { CacheFolder = Elsewhere }), "It asks to wait 60 minutes.");
        Assert.Single(Server.Requests);
    }

    [Theory]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(504)]
    [InlineData(408)]
    public async Task A_fault_of_the_hub_is_tried_again(int status)
    {
        Server.Fail(_ => true, new Fault { Status = status }, times: 3);
        await Pull();
        Assert.Equal([1, 2, 4], Pauses);
        Pauses.Clear();
        Server.Fail(r => r.Host == "cdn", new Fault { Status = status });
        Says(await Fails(HubFailure.Server, Settings with { CacheFolder = Elsewhere }), $"127.0.0.1 fails ({status} ", "the file 'model.safetensors' is not to be had for now. (Tried 5 times.)");
        Assert.Equal([1, 2, 4, 8], Pauses);
    }

    [Theory]
    [InlineData("<html><body>Please log in</body></html>", "text/html", "should be JSON, but http://127.0.0.1", "sends a web page. Check HF_ENDPOINT")]
    [InlineData("{\"sha\": ", "application/json", "should be JSON")]
    [InlineData("{\"id\": \"x\"}", "application/json", "names no commit")]
    [InlineData("[]", "application/json", "names no commit")]
    [InlineData("{\"sha\": \"../../../../tmp/xxxxxxxxxxxxxxxxxxxxxxxxxx\"}", "application/json", "names no commit")]
    [InlineData("{\"sha\": \"\\ud800\"}", "application/json", "names no commit")]
    public async Task A_description_that_is_none(string body, string type, params string[] expected)
    {
        Server.Fail(r => r.Path.Contains("/revision/", StringComparison.Ordinal), new Fault { Body = body, Headers = new Dictionary<string, string> { ["Content-Type"] = type } });
        Says(await Fails(HubFailure.Protocol), expected);
        Server.Reset();
        await Pull();
    }

    [Theory]
    [InlineData("{}", "expected an array")]
    [InlineData("[7]", "expected an object for each file")]
    [InlineData("[{\"type\": \"file\", \"path\": \"config.json\", \"oid\": \"x\", \"size\": 1}]", "no usable path, size or oid")]
    [InlineData("[{\"type\": \"file\", \"path\": \"config.json\", \"oid\": \"0123456789012345678901234567890123456789\", \"size\": -1}]", "no usable path, size or oid")]
    [InlineData("[{\"type\": \"file\", \"path\": \"config.json\", \"oid\": \"0123456789012345678901234567890123456789\", \"size\": 99999999999999999}]", "no usable path, size or oid")]
    [InlineData("[{\"type\": \"file\", \"path\": \"a\", \"oid\": \"0123456789012345678901234567890123456789\", \"size\": 1, \"lfs\": {\"oid\": \"../../x\", \"size\": 1}}]", "no usable path, size or oid")]
    public async Task A_list_of_files_that_is_none(string body, string expected)
    {
        Server.Fail(r => r.Path.Contains("/tree/", StringComparison.Ordinal), new Fault { Body = body });
        Says(await Fails(HubFailure.Protocol), "the list of files of Qwen/Tiny-Math is broken", expected);
        Server.Reset();
        await Pull();
    }

    [Fact]
    public async Task A_list_of_files_without_an_end()
    {
        Server.Fail(r => r.Path.Contains("/tree/", StringComparison.Ordinal), new Fault { Body = "[]", Headers = new Dictionary<string, string> { ["Link"] = $"<{Server.CdnEndpoint}/elsewhere?cursor=1>; rel=\"next\"" } });
        Says(await Fails(HubFailure.Protocol), "has no end");
        Assert.DoesNotContain(Server.Requests, r => r.Host == "cdn"); // of a link only the query is followed
    }

    [Fact]
    public async Task Redirects_that_lead_nowhere()
    {
        void Redirect(string to) => Server.Fail(r => r.IsFile, new Fault { Status = 302, Headers = to.Length == 0 ? NoHeaders : new Dictionary<string, string> { ["Location"] = to } });
        Redirect($"/{Model}/resolve/main/config.json");
        Says(await Fails(HubFailure.Protocol), "more than 10 redirects");
        foreach ((string to, string expected) in new[] { ("file:///etc/passwd", "from http to file, which is not followed"), ("ftp://127.0.0.1/x", "from http to ftp"), ("", "redirects to no address") })
        {
            Server.Reset();
            Redirect(to);
            Says(await Fails(HubFailure.Protocol), expected);
        }
        Server.Reset();
        await Pull();
    }

    [Fact]
    public async Task No_network()
    {
        using TcpListener free = new(IPAddress.Loopback, 0);
        free.Start();
        int port = ((IPEndPoint)free.LocalEndpoint).Port;
        free.Stop();
        Says(await Fails(HubFailure.Unreachable, Settings with { Endpoint = $"http://127.0.0.1:{port}" }), $"127.0.0.1:{port} cannot be reached: Connection refused", "(Tried 2 times.)");
        Says(await Fails(HubFailure.Unreachable, Settings with { Endpoint = "http://hub.invalid" }), "there is no host hub.invalid, or no network");
        Says(await Fails(HubFailure.Protocol, Settings with { Endpoint = Server.Endpoint.Replace("http:", "https:", StringComparison.Ordinal) }), "is not secure");
    }

    [Fact]
    public async Task Silence_is_a_timeout()
    {
        Server.Fail(_ => true, new Fault { Delay = TimeSpan.FromSeconds(30) });
        Says(await Fails(HubFailure.Unreachable, Settings with { Timeout = TimeSpan.FromSeconds(0.2) }), "is silent: nothing came for 0.2 s while waiting for the description");
    }

    [Fact]
    public async Task Not_in_the_cache_while_offline()
    {
        Says(await Fails(HubFailure.Offline, Settings with { Offline = true }, id: Id(Data + "@v2", HubKind.Dataset)), $"the data set {Data}@v2 is not in the cache {Cache}", $"run: rlvr pull {Data}@v2 --dataset");
        Assert.Empty(Server.Requests);
    }

    [Fact]
    public async Task Models_that_cannot_be_used()
    {
        Server.Add(ServedRepository.FromBytes("models", "a/old", [("config.json", Bytes("{}")), ("pytorch_model.bin", [1]), ("model.gguf", [2])]));
        Says(await Fails(HubFailure.NothingUsable, id: Id("a/old")), "the model a/old has no safetensors weights", "only pytorch_model.bin, model.gguf, which are not read here");
        Server.Add(ServedRepository.FromBytes("models", "a/empty", []));
        Says(await Fails(HubFailure.NothingUsable, id: Id("a/empty")), "the model a/empty has no config.json. It has no files.");
        Server.Add(ServedRepository.FromBytes("models", "a/hole", [("config.json", Bytes("{}")), ("model.safetensors.index.json", Bytes("{\"weight_map\": {\"a\": \"part.safetensors\"}}"))]));
        Says(await Fails(HubFailure.NothingUsable, id: Id("a/hole")), "names 'part.safetensors', which is not in the repository");
        foreach (string index in new[] { "{}", "[]", "{\"weight_map\": [1]}", "{\"weight_map\": {\"a\": null}}", "{" })
        {
            Server.Add(ServedRepository.FromBytes("models", "a/index", [("config.json", Bytes("{}")), ("model.safetensors.index.json", Bytes(index))]));
            Says(await Fails(HubFailure.NothingUsable, id: Id("a/index")), "model.safetensors.index.json of the model a/index cannot be read");
        }
        Server.Add(ServedRepository.FromBytes("datasets", "a/pictures", [("a.png", [1])]));
        Says(await Fails(HubFailure.FileNotFound, id: Id("a/pictures", HubKind.Dataset)), "no file is one of *.jsonl", "It has a.png.");
    }

    [Fact]
    public async Task A_disk_that_is_full_or_too_small()
    {
        Says(await Fails(HubFailure.Disk, Settings with { FreeSpace = _ => 1_000_000 }), "3.0 MB are to be fetched, and the disk of the cache ", " has 1.0 MB free");
        Assert.Empty(Server.FileRequests);
        if (File.Exists("/dev/full")) // Linux: every write fails as on a full disk
        {
            Says(await Fails(HubFailure.Disk, Settings with { OpenPartial = _ => new FileStream("/dev/full", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, 0) }), $"the disk of the cache {Cache} is full");
            Assert.False(Directory.Exists(Path.Combine(RepositoryFolder, "snapshots")));
        }
        await Pull();
    }

    [Fact]
    public async Task A_cache_that_cannot_be_written()
    {
        File.WriteAllText(Elsewhere, "");
        Says(await Assert.ThrowsAsync<HubException>(() => Pull(Settings with { CacheFolder = Path.Combine(Elsewhere, "hub"), FreeSpace = _ => long.MaxValue })), $"the cache {Path.Combine(Elsewhere, "hub")} cannot be written", "Set HF_HUB_CACHE");
    }

    private static void Says(HubException error, params string[] expected) => Assert.All(expected, e => Assert.Contains(e, error.Message, StringComparison.Ordinal));
}

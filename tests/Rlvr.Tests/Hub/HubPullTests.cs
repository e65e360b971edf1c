using Rlvr.Hub;
using Rlvr.TestHub;

namespace Rlvr.Tests.Hub;

/// <summary>What is fetched, where it goes, and what is not fetched again.</summary>
public sealed class HubPullTests : HubTest
{
    private static readonly string[] Needed = ["README.md", "additional_chat_templates/short.jinja", "config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"];

    [Fact]
    public async Task A_model_comes_with_what_it_needs_into_the_layout_of_huggingface_hub()
    {
        HubSnapshot snapshot = await Pull();
        AssertHolds(snapshot, Served, Needed);
        Assert.Equal(Path.Combine(RepositoryFolder, "snapshots", Served.Commit), snapshot.Folder);
        Assert.Equal(Served.Commit, File.ReadAllText(Path.Combine(RepositoryFolder, "refs", "main")));
        ServedFile[] files = [.. Served.Files.Where(f => Needed.Contains(f.Path))];
        Assert.Equal(files.Select(f => f.Etag).Order(), Directory.GetFiles(Path.Combine(RepositoryFolder, "blobs")).Select(f => Path.GetFileName(f)).Order());
        foreach (ServedFile file in files)
            Assert.Equal(Path.Combine([.. file.Path.Split('/').Select(_ => ".."), "..", "blobs", file.Etag]), new FileInfo(Path.Combine(snapshot.Folder, file.Path)).LinkTarget);
        Assert.All(snapshot.Files, f => Assert.False(f.Cached));
        Assert.Equal(files.Sum(f => f.Size), snapshot.BytesReceived);
        PullProgress last = Notes.Reports[^1];
        Assert.Equal((snapshot.BytesReceived, snapshot.BytesReceived, Needed.Length, Needed.Length), (last.Bytes, last.TotalBytes, last.Files, last.TotalFiles));
        Assert.Empty(Notes.Texts);
    }

    [Fact]
    public async Task A_second_run_asks_only_whether_the_branch_has_moved_and_one_of_a_commit_asks_nothing()
    {
        HubSnapshot first = await Pull();
        Server.Reset();
        HubSnapshot second = await Pull();
        Assert.Equal("/api/models/Qwen/Tiny-Math/revision/main", Assert.Single(Server.Requests).Path);
        Assert.Equal((first.Folder, 0L), (second.Folder, second.BytesReceived));
        Assert.All(second.Files, f => Assert.True(f.Cached));
        Server.Reset();
        AssertHolds(await Pull(id: Id($"{Model}@{Served.Commit}")), Served, Needed);
        AssertHolds(HubPull.FromCache(Id(), Settings)!, Served, Needed);
        AssertHolds(await Pull(Settings with { Offline = true }), Served, Needed);
        Assert.Empty(Server.Requests);
    }

    [Fact]
    public async Task An_adapter_comes_without_its_base_model()
    {
        ServedRepository adapter = Server.Add(ServedRepository.FromBytes("models", "me/lora",
            [("README.md", Bytes("# Mine")), ("adapter_config.json", Bytes("{}")), ("adapter_model.safetensors", Random(900, 7)), ("adapter_model.bin", Random(10, 8)), ("tokenizer.json", Bytes("{}"))]));
        string[] needed = ["README.md", "adapter_config.json", "adapter_model.safetensors", "tokenizer.json"];
        AssertHolds(await Pull(id: Id("me/lora")), adapter, needed);
        AssertHolds(HubPull.FromCache(Id("me/lora"), Settings)!, adapter, needed);
        // Weights in another format are no adapter.
        Server.Add(ServedRepository.FromBytes("models", "me/old", [("adapter_config.json", Bytes("{}")), ("adapter_model.bin", Random(10, 8))]));
        Assert.Contains("adapter_model.safetensors", (await Fails(HubFailure.NothingUsable, id: Id("me/old"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_new_commit_brings_only_what_has_changed()
    {
        HubSnapshot first = await Pull();
        ServedRepository next = Server.Add(ServedRepository.FromBytes("models", Model, Served.Files.Select(f => (f.Path, f.Path == "config.json" ? Bytes("{\"model_type\": \"qwen3\"}") : Content(Served, f.Path)))));
        Server.Reset();
        HubSnapshot second = await Pull();
        AssertHolds(second, next, Needed);
        Assert.Equal(["config.json"], second.Files.Where(f => !f.Cached).Select(f => f.Path));
        Assert.All(Server.FileRequests, r => Assert.Contains("config.json", r.Path, StringComparison.Ordinal));
        AssertHolds(first, Served, Needed); // the old snapshot is as it was
    }

    [Fact]
    public async Task Shards_are_those_that_the_index_names_and_a_single_file_comes_before_an_index()
    {
        (string, byte[])[] files =
        [
            ("config.json", Bytes("{}")), ("model.safetensors.index.json", Bytes("{\"weight_map\": {\"a\": \"part-1.safetensors\", \"b\": \"part-2.safetensors\", \"c\": \"part-1.safetensors\"}}")),
            ("part-1.safetensors", Random(700, 1)), ("part-2.safetensors", Random(800, 2)), ("consolidated.safetensors", Random(900, 3)),
        ];
        ServedRepository sharded = Server.Add(ServedRepository.FromBytes("models", "a/sharded", files));
        AssertHolds(await Pull(id: Id("a/sharded")), sharded, "config.json", "model.safetensors.index.json", "part-1.safetensors", "part-2.safetensors");
        Server.Reset();
        Assert.NotNull(HubPull.FromCache(Id("a/sharded"), Settings));
        await Pull(id: Id("a/sharded"));
        Assert.Empty(Server.FileRequests);

        ServedRepository both = Server.Add(ServedRepository.FromBytes("models", "a/both", [.. files, ("model.safetensors", Random(100, 4))]));
        AssertHolds(await Pull(id: Id("a/both")), both, "config.json", "model.safetensors");
    }

    [Fact]
    public async Task A_data_set_comes_with_its_data_page_after_page()
    {
        Server.PageSize = 2;
        HubSnapshot snapshot = await Pull(id: Id(Data, HubKind.Dataset));
        AssertHolds(snapshot, ServedData, "README.md", "data/train-0.parquet", "test.jsonl");
        Assert.Equal(Path.Combine(Cache, "datasets--HuggingFaceH4--SUMS-2", "snapshots", ServedData.Commit), snapshot.Folder);
        Assert.Equal(3, Server.Requests.Count(r => r.Path.Contains("/tree/", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Patterns_choose_and_leave_out()
    {
        AssertHolds(await Pull(options: new() { Include = ["*.md", "onnx/"] }), Served, "README.md", "onnx/model.onnx");
        AssertHolds(await Pull(options: new() { Exclude = ["*.safetensors", "additional*", "generation*"] }, settings: Settings with { CacheFolder = Elsewhere }), Served, "README.md", "config.json", "tokenizer.json", "tokenizer_config.json");
        Assert.Null(HubPull.FromCache(Id(), Settings)); // what was chosen is not what a model needs
    }

    [Fact]
    public async Task Snapshots_hold_plain_copies_where_links_do_not_work()
    {
        // Two files with one content: the second cannot take what the first has taken.
        byte[] same = Random(5000, 9);
        ServedRepository twins = Server.Add(ServedRepository.FromBytes("datasets", "a/twins", [("a.csv", same), ("b/c.csv", same), ("d.parquet", same)]));
        HubSnapshot snapshot = await Pull(Settings with { Links = false }, id: Id("a/twins", HubKind.Dataset));
        AssertHolds(snapshot, twins, "a.csv", "b/c.csv", "d.parquet");
        Assert.All(snapshot.Files, f => Assert.Null(new FileInfo(Path.Combine(snapshot.Folder, f.Path)).LinkTarget));
        Server.Reset();
        await Pull(Settings with { Links = false }, id: Id("a/twins", HubKind.Dataset));
        Assert.Empty(Server.FileRequests);
    }

    [Fact]
    public async Task A_model_without_its_card_is_a_model_all_the_same()
    {
        HubSnapshot snapshot = await Pull();
        File.Delete(Path.Combine(snapshot.Folder, "README.md"));
        AssertHolds(HubPull.FromCache(Id(), Settings)!, Served, [.. Needed.Where(path => path != "README.md")]);
        File.Delete(Path.Combine(snapshot.Folder, "config.json"));
        Assert.Null(HubPull.FromCache(Id(), Settings));
    }

    [Fact]
    public async Task What_huggingface_hub_has_fetched_is_used()
    {
        HubSnapshot snapshot = await Pull();
        string list = Path.Combine(RepositoryFolder, ".rlvr", Served.Commit + ".json"), other = Path.Combine(RepositoryFolder, "trees", Served.Commit + ".json");
        Directory.CreateDirectory(Path.GetDirectoryName(other)!);
        File.Move(list, other); // newer versions keep the list elsewhere, older ones keep none
        AssertHolds(HubPull.FromCache(Id(), Settings)!, Served, Needed);
        File.Delete(other);
        Server.Reset();
        AssertHolds(HubPull.FromCache(Id(), Settings)!, Served, Needed);
        AssertHolds(await Pull(Settings with { Offline = true }), Served, Needed);
        AssertHolds(await Pull(), Served, Needed);
        Assert.Empty(Server.FileRequests);
        // One that lacks a file is found out.
        File.Delete(Path.Combine(snapshot.Folder, "model.safetensors"));
        Assert.Null(HubPull.FromCache(Id(), Settings));
        foreach (string broken in new[] { "{\"format_version\": 1, \"files\": 7}", "{", "[]", "{\"format_version\": 1, \"files\": {\"a\": {\"size\": \"x\"}}}" })
        {
            File.WriteAllText(other, broken); // no list
            Assert.Null(HubPull.FromCache(Id(), Settings));
        }
        await Pull();
        Assert.Empty(Server.FileRequests); // the content is in blobs
        Assert.NotNull(HubPull.FromCache(Id(), Settings));
    }

    [Fact]
    public async Task Two_at_once_fetch_each_file_once()
    {
        Server.Fail(r => r.IsFile, new Fault { Delay = TimeSpan.FromMilliseconds(200) });
        Task<HubSnapshot>[] both = [.. Enumerable.Range(0, 2).Select(_ => Task.Run(() => HubPull.RunAsync(Id(), Settings)))];
        foreach (HubSnapshot snapshot in await Task.WhenAll(both)) AssertHolds(snapshot, Served, Needed);
        Assert.Equal(Needed.Length, Server.Requests.Count(r => r.Path.Contains("/resolve/", StringComparison.Ordinal)));
        Assert.Empty(Partials);
    }

    [Fact]
    public async Task The_token_goes_to_the_hub_and_to_no_other_host()
    {
        Served.Access = Access.Private;
        AssertHolds(await Pull(WithToken), Served, Needed);
        Assert.All(Server.Requests.Where(r => r.Host == "hub"), r => Assert.Equal($"Bearer {Server.Token}", r.Authorization));
        Assert.Null(Assert.Single(Server.Requests, r => r.Host == "cdn").Authorization);
        Assert.DoesNotContain(Directory.GetFiles(Cache, "*", SearchOption.AllDirectories), f => f.EndsWith(".json", StringComparison.Ordinal) && File.ReadAllText(f).Contains(Server.Token, StringComparison.Ordinal));
        // Not even where the other host redirects back.
        Server.Reset();
        Server.Fail(r => r.Host == "cdn", new Fault { Status = 302, Headers = new Dictionary<string, string> { ["Location"] = $"{Server.Endpoint}/{Model}/resolve/main/config.json" } });
        await Fails(HubFailure.RepositoryNotFound, WithToken with { CacheFolder = Elsewhere });
        Assert.Contains(Server.Requests, r => r.Host == "hub" && r.Path.EndsWith("/resolve/main/config.json", StringComparison.Ordinal) && r.Authorization is null);
        Assert.DoesNotContain(Server.Token, Settings with { Token = WithToken.Token } + "", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_an_answer_from_the_hub_the_cache_must_do()
    {
        await Pull();
        Server.Reset();
        Server.Fail(_ => true, new Fault { Status = 503 });
        AssertHolds(await Pull(), Served, Needed);
        Assert.Contains(Notes.Texts, n => n.Contains($"Taking what the cache has of {Model}: commit {Served.Commit}", StringComparison.Ordinal));
        await Fails(HubFailure.Server, Settings with { CacheFolder = Elsewhere });
    }

    [Fact]
    public async Task Empty_files_and_odd_names_are_fine()
    {
        ServedRepository odd = Server.Add(ServedRepository.FromBytes("datasets", "a/odd", [("empty.csv", []), ("empty.parquet", []), ("Zahlen + mehr/größe #1 100%.jsonl", Bytes("{}"))]));
        odd.Revisions.Add("refs/pr/1");
        AssertHolds(await Pull(id: Id("a/odd@refs/pr/1", HubKind.Dataset)), odd, "empty.csv", "empty.parquet", "Zahlen + mehr/größe #1 100%.jsonl");
        Assert.Equal(odd.Commit, File.ReadAllText(Path.Combine(Cache, "datasets--a--odd", "refs", "refs", "pr", "1")));
    }
}

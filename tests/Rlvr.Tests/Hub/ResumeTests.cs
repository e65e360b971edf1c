using Rlvr.Hub;
using Rlvr.TestHub;

namespace Rlvr.Tests.Hub;

/// <summary>What has come is kept and gone on with, and nothing that is not whole is ever seen.</summary>
public sealed class ResumeTests : HubTest
{
    private const int Size = 3_000_000;

    private string Blob => Path.Combine(RepositoryFolder, "blobs", Served.Files.Single(f => f.Path == "model.safetensors").Etag);

    private IEnumerable<string?> Ranges => Server.Requests.Where(r => r.Host == "cdn").Select(r => r.Range);

    private static bool IsWeights(ServedRequest request) => request.Host == "cdn";

    [Fact]
    public async Task A_broken_connection_is_taken_up_where_it_broke()
    {
        Server.Fail(IsWeights, new Fault { CutAfter = 1_000_000 }, times: 2);
        AssertWhole(await Pull());
        string?[] ranges = [.. Ranges];
        Assert.Equal(3, ranges.Length);
        Assert.Null(ranges[0]);
        long[] starts = [.. ranges[1..].Select(r => long.Parse(r!["bytes=".Length..^1]))];
        Assert.InRange(starts[0], 1, 1_000_000);
        Assert.InRange(starts[1], starts[0] + 1, 2_000_000);
        Assert.Equal(2, Pauses.Count);
        Assert.Contains(Notes.Texts, n => n.Contains("broke while the file 'model.safetensors' came", StringComparison.Ordinal));
        Assert.Equal(Notes.Reports[^1].TotalBytes, Notes.Reports[^1].Bytes);
    }

    [Fact]
    public async Task A_connection_that_breaks_again_and_again_is_an_error_and_the_next_run_goes_on()
    {
        Server.Fail(IsWeights, new Fault { CutAfter = 200_000 });
        Assert.Contains("(Tried 5 times.)", (await Fails(HubFailure.Broken)).Message, StringComparison.Ordinal);
        Assert.Equal([1, 2, 4, 8], Pauses);
        long kept = new FileInfo(Assert.Single(Partials)).Length;
        Assert.InRange(kept, 5, 1_000_000);
        Assert.False(File.Exists(Blob));
        Assert.False(Directory.Exists(Path.Combine(RepositoryFolder, "snapshots")));

        Server.Reset();
        HubSnapshot snapshot = await Pull();
        AssertWhole(snapshot);
        Assert.Equal([$"bytes={kept}-"], Ranges);
        Assert.Equal(Size - kept, snapshot.BytesReceived); // all else was there
    }

    [Fact]
    public async Task Progress_however_slow_is_no_failure()
    {
        Server.Fail(IsWeights, new Fault { CutAfter = 1_100_000 });
        AssertWhole(await Pull());
        Server.Add(ServedRepository.FromBytes("models", "a/large", [("config.json", Bytes("{}")), ("model.safetensors", Random(9_000_000, 8))]));
        await Pull(id: Id("a/large")); // eight connections or more, five tries at most
        Assert.InRange(Server.Requests.Count(r => r.Host == "cdn"), 3 + 8, 30);
    }

    [Fact]
    public async Task A_stop_in_the_middle_leaves_a_partial_file_and_the_next_run_goes_on()
    {
        using CancellationTokenSource source = new();
        Notes.OnProgress = p =>
        {
            if (p.Bytes > 500_000) source.Cancel();
        };
        Server.Fail(IsWeights, new Fault { CutAfter = 1_500_000 });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => HubPull.RunAsync(Id(), Settings, observer: Notes, cancellation: source.Token));
        Assert.InRange(new FileInfo(Blob + ".incomplete").Length, 1, Size - 1);
        Assert.False(Directory.Exists(Path.Combine(RepositoryFolder, "snapshots")));
        Server.Reset();
        Notes.OnProgress = null;
        AssertWhole(await Pull());
        Assert.NotNull(Assert.Single(Ranges));
    }

    [Fact]
    public async Task A_server_without_ranges_sends_the_whole_again()
    {
        Server.Fail(IsWeights, new Fault { CutAfter = 1_000_000 }, times: 1);
        Server.Fail(IsWeights, new Fault { IgnoreRange = true });
        AssertWhole(await Pull());
        Assert.Equal(2, Ranges.Count());
        Assert.Equal(Notes.Reports[^1].TotalBytes, Notes.Reports[^1].Bytes);
    }

    [Theory]
    [InlineData("bytes 5-2999999/3000000")]
    [InlineData("bytes 7-7/8")]
    [InlineData("")]
    public async Task A_part_that_does_not_fit_is_not_taken(string contentRange)
    {
        Keep(Content(Served, "model.safetensors")[..1000]);
        Server.Fail(IsWeights, new Fault { Headers = new Dictionary<string, string> { ["Content-Range"] = contentRange } }, times: 1);
        AssertWhole(await Pull());
        Assert.Equal(["bytes=1000-", null], Ranges);
    }

    [Fact]
    public async Task Kept_bytes_of_something_else_are_found_out()
    {
        Keep(Random(1_000_000, 77));
        AssertWhole(await Pull());
        Assert.Equal(["bytes=1000000-", null], Ranges);
        Assert.Contains(Notes.Texts, n => n.Contains("checksum of 'model.safetensors' is wrong", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_partial_file_that_is_whole_or_too_long()
    {
        Keep(Content(Served, "model.safetensors"));
        AssertWhole(await Pull());
        Assert.Empty(Ranges);
        File.Delete(Blob);
        Keep([.. Content(Served, "model.safetensors"), 1]);
        await Pull();
        Assert.Equal([null], Ranges);
    }

    [Fact]
    public async Task A_wrong_checksum_once_is_fetched_again_and_twice_is_an_error()
    {
        Server.Fail(IsWeights, new Fault { Corrupt = true }, times: 1);
        AssertWhole(await Pull());
        Server.Reset();
        Server.Fail(r => r.Path.EndsWith("config.json", StringComparison.Ordinal) && r.Path.Contains("resolve-cache", StringComparison.Ordinal), new Fault { Corrupt = true });
        HubException error = await Fails(HubFailure.Content, Settings with { CacheFolder = Elsewhere }, new() { Include = ["config.json"] });
        Assert.Contains("the file 'config.json' of the model Qwen/Tiny-Math came 2 times with a wrong checksum: expected git blob " + Served.Files.Single(f => f.Path == "config.json").GitOid, error.Message, StringComparison.Ordinal);
        Assert.Equal(2, Server.Requests.Count(r => r.Path.Contains("resolve-cache", StringComparison.Ordinal)));
        Assert.Empty(Directory.GetFiles(Path.Combine(Elsewhere, "models--Qwen--Tiny-Math", "blobs")));
        Assert.False(Directory.Exists(Path.Combine(Elsewhere, "models--Qwen--Tiny-Math", "snapshots")));
    }

    [Theory]
    [InlineData(2_000_000)]
    [InlineData(3_000_001)]
    public async Task A_file_of_another_length_is_an_error(int length)
    {
        Server.Fail(IsWeights, new Fault { Body = new string('x', length) });
        Assert.Contains($"'model.safetensors' should have 3000000 bytes, the server sends {length}", (await Fails(HubFailure.Content)).Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Blob));
        Server.Reset();
        AssertWhole(await Pull());
    }

    [Fact]
    public async Task The_pointer_of_a_large_file_is_not_taken_for_the_file()
    {
        Server.Fail(r => r.Path.EndsWith("resolve/" + Served.Commit + "/model.safetensors", StringComparison.Ordinal), new Fault { Pointer = true });
        Assert.Contains("It may be the pointer of Git LFS", (await Fails(HubFailure.Content)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_content_or_commit_than_listed_is_found_before_it_comes()
    {
        foreach ((string name, string value, HubFailure failure) in new[] { ("X-Linked-Etag", $"\"{new string('a', 64)}\"", HubFailure.Content), ("X-Repo-Commit", new string('b', 40), HubFailure.Protocol) })
        {
            Server.Reset();
            Server.Fail(r => r.Path.EndsWith("/model.safetensors", StringComparison.Ordinal), new Fault { Headers = new Dictionary<string, string> { [name] = value } });
            Assert.Contains(value.Trim('"'), (await Fails(failure)).Message, StringComparison.Ordinal);
            Assert.Empty(Ranges);
        }
    }

    [Fact]
    public async Task What_comes_compressed_is_not_taken()
    {
        Server.Fail(IsWeights, new Fault { Headers = new Dictionary<string, string> { ["Content-Encoding"] = "gzip" } });
        Assert.Contains("compressed (gzip)", (await Fails(HubFailure.Content)).Message, StringComparison.Ordinal);
    }

    private void Keep(byte[] content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Blob)!);
        File.WriteAllBytes(Blob + ".incomplete", content);
    }

    private void AssertWhole(HubSnapshot snapshot)
    {
        AssertHolds(snapshot, Served, "README.md", "additional_chat_templates/short.jinja", "config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json");
        Assert.Empty(Partials);
    }
}

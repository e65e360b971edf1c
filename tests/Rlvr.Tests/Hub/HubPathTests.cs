using CsCheck;
using Rlvr.Hub;
using Rlvr.TestHub;

namespace Rlvr.Tests.Hub;

/// <summary>No name in a repository writes outside its folder.</summary>
public sealed class HubPathTests : HubTest
{
    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("../x.jsonl")]
    [InlineData("a/../../x.jsonl")]
    [InlineData("a/./x.jsonl")]
    [InlineData("/etc/x.jsonl")]
    [InlineData("a//x.jsonl")]
    [InlineData("a/")]
    [InlineData("C:/x.jsonl")]
    [InlineData("C:x.jsonl")]
    [InlineData("..\\x.jsonl")]
    [InlineData("a\\b.jsonl")]
    [InlineData("x.jsonl\0.txt")]
    [InlineData("x\n.jsonl")]
    [InlineData("\u001b[2J.jsonl")]
    [InlineData("x.jsonl:stream")]
    [InlineData("con")]
    [InlineData("a/NUL.jsonl")]
    [InlineData("com1.tar.jsonl")]
    [InlineData("LPT\u00B9.jsonl")]
    [InlineData("a./x.jsonl")]
    [InlineData("a /x.jsonl")]
    [InlineData("x.jsonl ")]
    [InlineData(".git/hooks/x.jsonl")]
    [InlineData("a/.GIT/config")]
    [InlineData("what?.jsonl")]
    public void A_harmful_name_is_refused(string name)
    {
        Assert.NotNull(HubPath.WhyUnsafe(name));
        Assert.Throws<HubException>(() => HubPath.CheckAll(Id(Data, HubKind.Dataset), [new HubFile(name, 1, "", null)]));
    }

    [Fact]
    public void A_name_that_is_overlong_or_no_text_is_refused()
    {
        Assert.NotNull(HubPath.WhyUnsafe("half \ud800.jsonl"));
        Assert.NotNull(HubPath.WhyUnsafe(new string('x', 256)));
        Assert.NotNull(HubPath.WhyUnsafe(new string('ü', 128))); // 256 bytes
        Assert.NotNull(HubPath.WhyUnsafe(string.Join('/', Enumerable.Repeat("abcdefghi", 103))));
        Assert.NotNull(HubPath.WhyUnsafe(string.Join('/', Enumerable.Repeat("a", 33))));
        Assert.Null(HubPath.WhyUnsafe(string.Join('/', Enumerable.Repeat("a", 32))));
        Assert.Null(HubPath.WhyUnsafe(new string('x', 255)));
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("data/train-00000-of-00001.parquet")]
    [InlineData(".gitattributes")]
    [InlineData("console.json")]
    [InlineData("a..b/c...d.csv")]
    [InlineData("Größe 2 (neu).csv")]
    public void A_usual_name_is_fine(string name) => Assert.Null(HubPath.WhyUnsafe(name));

    [Fact]
    public void A_name_that_is_not_refused_stays_below_the_folder()
    {
        string root = Path.GetFullPath("root");
        Gen.Char["./\\:ab\0 ~C"].Array[0, 12].Select(c => new string(c)).Sample(name =>
        {
            if (HubPath.WhyUnsafe(name) is not null) return true;
            string full = Path.GetFullPath(Path.Combine([root, .. name.Split('/')]));
            return full.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal) && Path.GetRelativePath(root, full).Replace('\\', '/') == name;
        }, iter: 20_000);
    }

    [Theory]
    [InlineData("'../../evil.jsonl'", "it contains '..'", "../../evil.jsonl", "good.jsonl")]
    [InlineData("'/tmp/evil.jsonl'", "it is absolute", "/tmp/evil.jsonl")]
    [InlineData("'Sums.jsonl' and 'sums.JSONL'", "the same file where upper and lower case are the same", "Sums.jsonl", "sums.JSONL", "sums.jsonl")]
    [InlineData("'a.json'", "is a file and a folder", "a.json", "a.json/b.json")]
    public async Task A_repository_with_a_harmful_name_is_refused_as_a_whole(string name, string why, params string[] files)
    {
        Server.Add(ServedRepository.FromBytes("datasets", "a/evil", files.Select(f => (f, Bytes("evil")))));
        PullOptions all = new() { Include = ["*"] };
        HubException error = await Fails(HubFailure.UnsafeName, options: all, id: Id("a/evil", HubKind.Dataset));
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
        Assert.Empty(Server.FileRequests);
        Assert.False(Directory.Exists(Path.Combine(Cache, "datasets--a--evil", "snapshots")));
    }

    [Fact]
    public async Task A_harmful_shard_is_refused()
    {
        Server.Add(ServedRepository.FromBytes("models", "a/evil", [("config.json", Bytes("{}")), ("../x.safetensors", [1]), ("model.safetensors.index.json", Bytes("{\"weight_map\": {\"a\": \"../x.safetensors\"}}"))]));
        Assert.Contains("'../x.safetensors'", (await Fails(HubFailure.UnsafeName, id: Id("a/evil"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Links_in_the_cache_are_not_written_through()
    {
        Directory.CreateDirectory(Elsewhere);
        string victim = Path.Combine(Elsewhere, "victim");
        File.WriteAllText(victim, "as it was");
        // In the place of a partial content.
        string blobs = Path.Combine(RepositoryFolder, "blobs");
        Directory.CreateDirectory(blobs);
        File.CreateSymbolicLink(Path.Combine(blobs, Served.Files.Single(f => f.Path == "config.json").Etag + ".incomplete"), victim);
        // In the place of a file of the snapshot.
        string snapshot = Path.Combine(RepositoryFolder, "snapshots", Served.Commit);
        Directory.CreateDirectory(snapshot);
        File.CreateSymbolicLink(Path.Combine(snapshot, "tokenizer.json"), victim);
        HubSnapshot pulled = await Pull();
        Assert.Equal("as it was", File.ReadAllText(victim));
        Assert.Equal(Content(Served, "tokenizer.json"), File.ReadAllBytes(Path.Combine(pulled.Folder, "tokenizer.json")));
        // In the place of a folder of the snapshot.
        Directory.Delete(Path.Combine(snapshot, "additional_chat_templates"), recursive: true);
        Directory.CreateSymbolicLink(Path.Combine(snapshot, "additional_chat_templates"), Elsewhere);
        Assert.Contains("is a link", (await Fails(HubFailure.UnsafeName)).Message, StringComparison.Ordinal);
        Assert.Equal(["victim"], Directory.GetFileSystemEntries(Elsewhere).Select(f => Path.GetFileName(f)));
    }
}

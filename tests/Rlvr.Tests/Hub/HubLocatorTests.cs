using Rlvr.Hub;
using Rlvr.TestHub;

namespace Rlvr.Tests.Hub;

/// <summary>An id works wherever a path does; a path comes first.</summary>
public sealed class HubLocatorTests : HubTest
{
    [Fact]
    public void A_model_is_a_path_or_in_the_cache_or_fetched()
    {
        Directory.CreateDirectory(Elsewhere);
        Assert.Equal(Elsewhere, FindModel(Elsewhere));
        foreach (string path in new[] { "missing", "./Qwen/Tiny-Math", "/missing/folder", "a/b/c", "a\\b", "model.safetensors", "a/recipe.yaml" }) Assert.Equal(path, FindModel(path));
        Assert.Empty(Server.Requests);

        string fetched = FindModel(Model);
        Assert.True(File.Exists(Path.Combine(fetched, "model.safetensors")));
        Assert.Contains($"fetching the model {Model} from {Server.Endpoint}", Notes.Texts);
        Server.Reset();
        Assert.Equal(fetched, FindModel(Model));
        Assert.Equal(fetched, FindModel($"{Model}@{Served.Commit}"));
        Assert.Equal(fetched, HubLocator.FindModel(Model, Settings with { Offline = true }));
        Assert.Empty(Server.Requests);
    }

    [Fact]
    public void What_is_nowhere_says_where_was_looked()
    {
        HubException error = Assert.Throws<HubException>(() => FindModel("Qwen/Tiny-Maths"));
        Assert.StartsWith("there is no file or folder 'Qwen/Tiny-Maths' here, and of the hub: ", error.Message, StringComparison.Ordinal);
        Assert.EndsWith("Did you mean 'Qwen/Tiny-Math'?", error.Message, StringComparison.Ordinal);
        Assert.Contains("HF_HUB_OFFLINE forbids", Assert.Throws<HubException>(() => HubLocator.FindModel(Model, Settings with { Offline = true })).Message, StringComparison.Ordinal);
        // The working folder is one that its parent has: a mistyped path below it must not wait for a network.
        Server.Reset();
        string first = Path.GetFileName(Directory.GetCurrentDirectory());
        Assert.Contains($"If the model of that name of the hub is meant, fetch it first: rlvr pull {first}/missing", Assert.Throws<HubException>(() => FindModel(first + "/missing")).Message, StringComparison.Ordinal);
        Assert.Empty(Server.Requests);
    }

    [Fact]
    public void A_data_set_is_a_file_of_it()
    {
        foreach (string path in new[] { "micro:pi-1", "micro500", "data/problems.jsonl", "C:/x.jsonl" }) Assert.Equal(path, FindDataset(path));
        Assert.Empty(Server.Requests);

        string test = FindDataset(Data + ":test.jsonl");
        Assert.Equal(Content(ServedData, "test.jsonl"), File.ReadAllBytes(test));
        Assert.EndsWith(Path.Combine("snapshots", ServedData.Commit, "test.jsonl"), test, StringComparison.Ordinal);
        Assert.DoesNotContain(Server.Requests, r => r.Host == "cdn"); // nothing else was fetched
        Server.Reset();
        Assert.Equal(test, FindDataset($"{Data}@{ServedData.Commit}:test.jsonl"));
        Assert.Empty(Server.Requests);

        Assert.Contains($"the data set '{Data}' has 2 files: data/train-0.parquet, test.jsonl. Say which: {Data}:FILE", Assert.Throws<HubException>(() => FindDataset(Data)).Message, StringComparison.Ordinal);
        Assert.Equal(2, HubLocator.FindDatasetFiles(Data, Settings).Count);
        Assert.EndsWith("train-0.parquet", FindDataset(Data + ":data/train-*.parquet"), StringComparison.Ordinal);
        Assert.Contains("Did you mean 'test.jsonl'?", Assert.Throws<HubException>(() => FindDataset(Data + ":tst.jsonl")).Message, StringComparison.Ordinal);

        Server.Add(ServedRepository.FromBytes("datasets", "a/one", [("README.md", [1]), ("only.csv", [2])]));
        Assert.EndsWith("only.csv", FindDataset("a/one"), StringComparison.Ordinal);
    }

    private string FindModel(string name) => HubLocator.FindModel(name, Settings, Notes);

    private string FindDataset(string name) => HubLocator.FindDataset(name, Settings, Notes);
}

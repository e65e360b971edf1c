using System.Text;
using System.Text.Json;
using Rlvr.Data;
using Rlvr.TestHub;
using Rlvr.Tests.Shared;

namespace Rlvr.Cli.Tests;

/// <summary>From a hub to a trained model: an id works wherever a path does.</summary>
public sealed class PullTests : IDisposable
{
    private const string Model = "someone/tiny-model";

    private readonly TemporaryFolder folder = new();
    private readonly HubServer server = new();
    private readonly Dictionary<string, string?> before = [];
    private readonly ServedRepository served;

    public PullTests()
    {
        served = server.Add(ServedRepository.FromFolder("models", Model, TinyModel.Write(folder)));
        // Nothing of the user's hub, token or cache. No other test of this process asks a hub for anything.
        Set("HF_ENDPOINT", server.Endpoint);
        Set("HF_HUB_CACHE", folder["cache"]);
        Set("HF_TOKEN_PATH", folder["no-token"]);
        foreach (string name in new[] { "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_SYMLINKS", "HF_HUB_DOWNLOAD_TIMEOUT" }) Set(name, null);
    }

    public void Dispose()
    {
        foreach ((string name, string? value) in before) Environment.SetEnvironmentVariable(name, value);
        server.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void A_model_is_pulled_and_its_folder_printed()
    {
        CommandRun run = CommandRun.Of("pull", Model).Succeeded();
        string snapshot = Path.Combine(folder["cache"], "models--someone--tiny-model", "snapshots", served.Commit);
        Assert.Equal(snapshot + "\n", run.Out);
        Assert.True(File.Exists(Path.Combine(snapshot, "model.safetensors")));
        Assert.Matches($"^{Model} at commit {served.Commit}: fetched {Directory.GetFiles(snapshot).Length} files, [0-9.]+ kB, in [0-9.]+ s\n$", run.Error);

        CommandRun again = CommandRun.Of("pull", Model, "--json").Succeeded();
        Assert.Equal($"{Model} at commit {served.Commit}: all files were there\n", again.Error);
        JsonElement json = again.Json;
        Assert.Equal((Model, "model", "main", served.Commit, snapshot, 0), (json.GetProperty("repository").GetString(), json.GetProperty("kind").GetString(), json.GetProperty("revision").GetString(),
            json.GetProperty("commit").GetString(), json.GetProperty("folder").GetString(), json.GetProperty("bytes_received").GetInt64()));
        JsonElement weights = Assert.Single(json.GetProperty("files").EnumerateArray(), f => f.GetProperty("path").GetString() == "model.safetensors");
        Assert.Equal((new FileInfo(folder["model/model.safetensors"]).Length, true), (weights.GetProperty("size").GetInt64(), weights.GetProperty("cached").GetBoolean()));

        JsonElement elsewhere = CommandRun.Of("pull", $"{Model}@{served.Commit}", "--endpoint", server.Endpoint, "--cache", folder["other"], "--include", "*.json", "--exclude", "tok*", "-j", "1", "--json").Succeeded().Json;
        Assert.Equal(["config.json", "generation_config.json"], elsewhere.GetProperty("files").EnumerateArray().Select(f => f.GetProperty("path").GetString()));
        Assert.StartsWith(folder["other"], elsewhere.GetProperty("folder").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_data_set_is_pulled()
    {
        server.Add(ServedRepository.FromBytes("datasets", "someone/sums", [("test.jsonl", [1, 2])]));
        Assert.EndsWith(Path.Combine("datasets--someone--sums", "snapshots"), Path.GetDirectoryName(CommandRun.Of("pull", "someone/sums", "--dataset").Succeeded().Out.Trim()), StringComparison.Ordinal);
    }

    [Fact]
    public void What_goes_wrong_is_told_in_one_line()
    {
        CommandRun.Of("pull", "someone/tiny-modle").FailedWith(1, "Did you mean 'someone/tiny-model'?");
        CommandRun.Of("pull", Model, "-r", "v2").FailedWith(1, "has no revision 'v2' (404). It has main.");
        Set("HF_ENDPOINT", "hub");
        CommandRun.Of("pull", Model).FailedWith(1, "HF_ENDPOINT is 'hub', expected the address of a hub");
        Set("HF_HUB_OFFLINE", "1");
        Set("HF_ENDPOINT", server.Endpoint);
        CommandRun.Of("pull", Model).FailedWith(1, "HF_HUB_OFFLINE forbids to fetch it");
        CommandRun.Of("eval", Model, "-s", "pi-1").FailedWith(1, "there is no file or folder 'someone/tiny-model' here, and of the hub: ");
    }

    [Fact]
    public void A_stop_says_that_the_same_command_goes_on()
    {
        using CancellationTokenSource source = new();
        source.Cancel();
        CommandRun run = CommandRun.Of(source.Token, "pull", Model);
        Assert.Equal((130, "", "what has come is kept; the same command goes on\nstopped\n"), (run.Code, run.Out, run.Error));
    }

    [Fact]
    public void Generate_eval_and_train_take_an_id()
    {
        CommandRun generated = CommandRun.Of("generate", Model, "-p", "1 + 1 =", "--max-new-tokens", "2", "--device", "cpu", "--threads", "1", "--json").Succeeded();
        Assert.Contains($"fetching the model {Model} from {server.Endpoint}", generated.Error, StringComparison.Ordinal);
        server.Reset();
        CommandRun evaluated = CommandRun.Of("eval", $"{Model}@main", "-s", TinyModel.Problems(folder), "--max-new-tokens", "2", "--device", "cpu", "--threads", "1", "--json").Succeeded();
        Assert.EndsWith(served.Commit, evaluated.Json.GetProperty("folder").GetString(), StringComparison.Ordinal);
        CommandRun trained = CommandRun.Of("train", TinyModel.Recipe(folder, model: Model), "--run", folder["run"], "--json").Succeeded();
        Assert.Equal(2, trained.Json.GetProperty("step").GetInt32());
        Assert.Empty(server.Requests); // all from the cache
        // And data.
        server.Add(ServedRepository.FromBytes("datasets", "someone/sums", [("test.jsonl", File.ReadAllBytes(TinyModel.Problems(folder)))]));
        CommandRun data = CommandRun.Of("eval", Model, "-s", "someone/sums", "-s", "someone/sums:t*.jsonl", "--max-new-tokens", "2", "--device", "cpu", "--threads", "1", "--json").Succeeded();
        Assert.Equal([2, 2], data.Json.GetProperty("suites").EnumerateArray().Select(s => s.GetProperty("problems").GetInt32()));
        Assert.Contains($"fetching the data set someone/sums from {server.Endpoint}", data.Error, StringComparison.Ordinal);
        Assert.Single(server.FileRequests, r => r.Path.Contains("/resolve/", StringComparison.Ordinal));
        // A resumed run needs the base model only where it is the reference.
        CommandRun.Of("train", "--resume", "--run", folder["run"]).Succeeded();
    }

    [Fact]
    public void A_benchmark_comes_from_the_hub()
    {
        Set("RLVR_DATA", null);
        string rows = string.Concat(Enumerable.Range(0, 500).Select(i => $$"""{"problem": "{{i}} + 1 =", "answer": "{{i + 1}}", "subject": "Algebra", "level": 1, "unique_id": "test/{{i}}.json"}""" + "\n"));
        server.Add(ServedRepository.FromBytes("datasets", "HuggingFaceH4/MATH-500", [("README.md", []), ("test.jsonl", Encoding.UTF8.GetBytes(rows))]));
        Assert.Equal(500, ProblemSets.Load("math500").Count);
    }

    private void Set(string name, string? value)
    {
        before.TryAdd(name, Environment.GetEnvironmentVariable(name));
        Environment.SetEnvironmentVariable(name, value);
    }
}

using System.Collections.Concurrent;
using System.Text;
using Rlvr.Hub;
using Rlvr.TestHub;
using Rlvr.Tests.Shared;

namespace Rlvr.Tests.Hub;

/// <summary>A hub with a small model and a small data set, an empty cache, and no waiting between tries.</summary>
public abstract class HubTest : IDisposable
{
    protected const string Model = "Qwen/Tiny-Math", Data = "HuggingFaceH4/SUMS-2";

    // Starting a server takes longer than most tests: those that are done with one leave it to the next.
    private static readonly ConcurrentBag<HubServer> Free = [];

    private readonly TemporaryFolder folder = new();

    protected HubTest()
    {
        Server = Free.TryTake(out HubServer? free) ? free : new HubServer();
        Served = Server.Add(ServedRepository.FromBytes("models", Model, ModelFiles()));
        ServedData = Server.Add(ServedRepository.FromBytes("datasets", Data, [("README.md", Bytes("# Sums")), ("test.jsonl", Bytes("{\"problem\": \"1+1\"}\n")), ("data/train-0.parquet", Random(5000, 3)), ("image.png", Random(10, 4))]));
    }

    protected HubServer Server { get; }

    protected ServedRepository Served { get; }

    protected ServedRepository ServedData { get; }

    /// <summary>Pauses that were asked for, in seconds.</summary>
    protected List<double> Pauses { get; } = [];

    protected NoteBook Notes { get; } = new();

    protected string Cache => folder["cache"];

    protected string Elsewhere => folder["elsewhere"];

    protected HubSettings Settings => new()
    {
        Endpoint = Server.Endpoint,
        CacheFolder = Cache,
        Timeout = TimeSpan.FromSeconds(20),
        Pause = (time, cancellation) =>
        {
            lock (Pauses) Pauses.Add(time.TotalSeconds);
            return Task.Delay(1, cancellation);
        },
    };

    protected HubSettings WithToken => Settings with { Token = new HubToken(Server.Token, "HF_TOKEN") };

    protected static HubId Id(string text = Model, HubKind kind = HubKind.Model) =>
        HubId.TryParse(text, kind, out HubId? id, out string? reason) ? id : throw new InvalidOperationException(reason);

    protected string RepositoryFolder => Path.Combine(Cache, "models--Qwen--Tiny-Math");

    /// <summary>Partial contents in the cache.</summary>
    protected string[] Partials => Directory.Exists(Cache) ? Directory.GetFiles(Cache, "*.incomplete", SearchOption.AllDirectories) : [];

    public void Dispose()
    {
        Server.Clear();
        Free.Add(Server);
        folder.Dispose();
        GC.SuppressFinalize(this);
    }

    protected Task<HubSnapshot> Pull(HubSettings? settings = null, PullOptions? options = null, HubId? id = null) =>
        HubPull.RunAsync(id ?? Id(), settings ?? Settings, options, Notes, TestContext.Current.CancellationToken);

    protected async Task<HubException> Fails(HubFailure expected, HubSettings? settings = null, PullOptions? options = null, HubId? id = null)
    {
        HubException error = await Assert.ThrowsAsync<HubException>(() => Pull(settings, options, id));
        Assert.True(expected == error.Failure, $"{error.Failure}: {error.Message}");
        Assert.DoesNotContain('\n', error.Message);
        Assert.DoesNotContain(Server.Token, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-of-the-address", error.Message, StringComparison.Ordinal);
        return error;
    }

    /// <summary>Asserts that a snapshot holds these files of the repository and no others, each with its content.</summary>
    protected static void AssertHolds(HubSnapshot snapshot, ServedRepository repository, params string[] paths)
    {
        Assert.Equal(paths.Order(StringComparer.Ordinal), snapshot.Files.Select(f => f.Path));
        string[] there = [.. Directory.GetFiles(snapshot.Folder, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(snapshot.Folder, f).Replace('\\', '/'))];
        Assert.Equal(paths.Order(StringComparer.Ordinal), there.Order(StringComparer.Ordinal));
        foreach (string path in paths) Assert.Equal(Content(repository, path), File.ReadAllBytes(Path.Combine(snapshot.Folder, path)));
        Assert.Equal(snapshot.Files.Select(f => (long)Content(repository, f.Path).Length), snapshot.Files.Select(f => f.Size));
    }

    protected static byte[] Content(ServedRepository repository, string path)
    {
        using Stream stream = repository.Files.Single(f => f.Path == path).Open();
        using MemoryStream copy = new();
        stream.CopyTo(copy);
        return copy.ToArray();
    }

    protected static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    protected static byte[] Random(int length, ulong seed)
    {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++)
        {
            seed = (seed * 6364136223846793005) + 1442695040888963407;
            bytes[i] = (byte)(seed >> 56);
        }
        return bytes;
    }

    private static IEnumerable<(string, byte[])> ModelFiles() =>
    [
        ("README.md", Bytes("# Tiny")), ("config.json", Bytes("{\"model_type\": \"qwen2\"}")), ("generation_config.json", Bytes("{}")), ("tokenizer.json", Bytes("{\"model\": {}}")),
        ("tokenizer_config.json", Bytes("{ }")), ("additional_chat_templates/short.jinja", Bytes("{{ messages }}")), ("model.safetensors", Random(3_000_000, 1)),
        ("pytorch_model.bin", Random(2000, 2)), ("onnx/model.onnx", Random(100, 5)), ("original/model.safetensors", Random(100, 6)),
    ];

    /// <summary>Keeps what an observer is told.</summary>
    protected sealed class NoteBook : IPullObserver
    {
        public List<string> Texts { get; } = [];

        public List<PullProgress> Reports { get; } = [];

        /// <summary>Called with every report.</summary>
        public Action<PullProgress>? OnProgress { get; set; }

        public void Note(string text) => Texts.Add(text);

        public void Progress(PullProgress progress)
        {
            Reports.Add(progress);
            OnProgress?.Invoke(progress);
        }
    }
}

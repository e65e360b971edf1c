using System.Globalization;

namespace Rlvr.Hub;

/// <summary>A token of a hub. Its text goes into one header and nowhere else: <see cref="ToString"/> says where it came from.</summary>
public sealed class HubToken
{
    /// <summary>Takes a token.</summary>
    /// <param name="value">The token.</param>
    /// <param name="source">Where it came from, for messages.</param>
    /// <exception cref="RlvrException">It cannot be a token.</exception>
    public HubToken(string value, string source)
    {
        if (value.Length == 0 || !value.All(c => c is > ' ' and < '\u007F')) throw new RlvrException($"the token in {source} has a space or a character that no token has; copy it again.");
        (Value, Source) = (value, source);
    }

    /// <summary>Where it came from.</summary>
    public string Source { get; }

    internal string Value { get; }

    /// <summary>Where it came from, not what it is.</summary>
    public override string ToString() => $"(token in {Source})";

    /// <summary>The text with the token taken out, wherever it stands in it.</summary>
    internal static string Hide(HubToken? token, string text) => token is null ? text : text.Replace(token.Value, "***", StringComparison.Ordinal);
}

/// <summary>Which hub, and where its files are kept: as huggingface_hub reads them from the environment.</summary>
public sealed record HubSettings
{
    private static readonly string[] True = ["1", "ON", "YES", "TRUE"];

    /// <summary>The hub's address, without a slash at the end.</summary>
    public string Endpoint { get; init; } = "https://huggingface.co";

    /// <summary>Sent to the hub, and to no other host.</summary>
    public HubToken? Token { get; init; }

    /// <summary>The cache: a folder with models--OWNER--NAME and so on in it.</summary>
    public required string CacheFolder { get; init; }

    /// <summary>Ask nobody: what is not in the cache is not there.</summary>
    public bool Offline { get; init; }

    /// <summary>Whether snapshots hold links; else plain copies.</summary>
    public bool Links { get; init; } = true;

    /// <summary>How long to wait for a connection, an answer, or more of it.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Waits between tries. Tests do not.</summary>
    internal Func<TimeSpan, CancellationToken, Task> Pause { get; init; } = Task.Delay;

    /// <summary>Opens a file to be written. Tests put a full disk behind it.</summary>
    internal Func<string, FileStream> OpenPartial { get; init; } = path => new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);

    /// <summary>Free space, bytes, where a folder is or will be.</summary>
    internal Func<string, long> FreeSpace { get; init; } = MeasureFreeSpace;

    /// <summary>
    /// Reads HF_ENDPOINT, HF_TOKEN, HF_TOKEN_PATH, HF_HOME, HF_HUB_CACHE, HF_HUB_OFFLINE, HF_HUB_DISABLE_SYMLINKS, HF_HUB_DISABLE_IMPLICIT_TOKEN,
    /// HF_HUB_DOWNLOAD_TIMEOUT, and the older names of some of them.
    /// </summary>
    /// <param name="variables">Where variables come from; the process's environment if null.</param>
    /// <param name="endpoint">The hub's address, instead of HF_ENDPOINT.</param>
    /// <param name="cache">The cache, instead of HF_HUB_CACHE.</param>
    /// <exception cref="RlvrException">A variable has a value that makes no sense; the message names it.</exception>
    public static HubSettings FromEnvironment(Func<string, string?>? variables = null, string? endpoint = null, string? cache = null)
    {
        string? Get(params string[] names) => names.Select(variables ?? Environment.GetEnvironmentVariable).FirstOrDefault(v => !string.IsNullOrWhiteSpace(v))?.Trim();
        bool Is(params string[] names) => Get(names) is { } value && True.Contains(value.ToUpperInvariant());

        string user = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string Expand(string path) => path == "~" || path.StartsWith("~/", StringComparison.Ordinal) ? user + path[1..] : path;

        string home = Expand(Get("HF_HOME") ?? Path.Combine(Get("XDG_CACHE_HOME") ?? Path.Combine(user, ".cache"), "huggingface"));
        HubSettings settings = new()
        {
            CacheFolder = Path.GetFullPath(Expand(cache ?? Get("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE") ?? Path.Combine(home, "hub"))),
            Offline = Is("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"),
            Links = !Is("HF_HUB_DISABLE_SYMLINKS"),
            Token = Is("HF_HUB_DISABLE_IMPLICIT_TOKEN") ? null
                : Get("HF_TOKEN") is { } token ? new HubToken(token, "HF_TOKEN")
                : Get("HUGGING_FACE_HUB_TOKEN") is { } older ? new HubToken(older, "HUGGING_FACE_HUB_TOKEN")
                : ReadToken(Expand(Get("HF_TOKEN_PATH") ?? Path.Combine(home, "token"))),
        };
        if ((endpoint ?? Get("HF_ENDPOINT")) is { } address) settings = settings with { Endpoint = CheckEndpoint(address, endpoint is null ? "HF_ENDPOINT" : "--endpoint") };
        if (Get("HF_HUB_DOWNLOAD_TIMEOUT") is not { } seconds) return settings;
        if (!double.TryParse(seconds, NumberStyles.Float, CultureInfo.InvariantCulture, out double timeout) || timeout is not (> 0 and <= 86_400))
            throw new RlvrException($"HF_HUB_DOWNLOAD_TIMEOUT is '{seconds}', expected seconds, such as 30.");
        return settings with { Timeout = TimeSpan.FromSeconds(timeout) };
    }

    private static string CheckEndpoint(string address, string source)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("http" or "https") || uri.Query.Length > 0 || uri.Fragment.Length > 0)
            throw new RlvrException($"{source} is '{address}', expected the address of a hub, such as https://huggingface.co.");
        if (uri.UserInfo.Length > 0) throw new RlvrException($"{source} has a name or a password in it; put the token into HF_TOKEN instead.");
        return uri.AbsoluteUri.TrimEnd('/');
    }

    private static HubToken? ReadToken(string path)
    {
        try
        {
            return File.Exists(path) && File.ReadAllText(path).Trim() is { Length: > 0 } token ? new HubToken(token, path) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RlvrException($"the token in {path} cannot be read: {Runs.IoReason.Of(e)}. Make the file readable, or set HF_TOKEN.", e);
        }
    }

    private static long MeasureFreeSpace(string folder)
    {
        string? existing = Path.GetFullPath(folder);
        while (existing is not null && !Directory.Exists(existing)) existing = Path.GetDirectoryName(existing);
        try
        {
            return new DriveInfo(OperatingSystem.IsWindows() ? Path.GetPathRoot(existing)! : existing!).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return long.MaxValue; // a disk that does not say is tried
        }
    }
}

namespace Rlvr.TestHub;

/// <summary>A request as it came.</summary>
/// <param name="Host">hub, or cdn: the other host that large files are redirected to.</param>
/// <param name="Method">GET or HEAD.</param>
/// <param name="Path">The path, decoded, without the query.</param>
/// <param name="Query">The query with its question mark.</param>
/// <param name="Range">The Range header.</param>
/// <param name="Authorization">The Authorization header.</param>
public sealed record ServedRequest(string Host, string Method, string Path, string Query, string? Range, string? Authorization)
{
    /// <summary>Whether it asks for the content of a file.</summary>
    public bool IsFile => Host == "cdn" || Path.Contains("/resolve/", StringComparison.Ordinal) || Path.Contains("/resolve-cache/", StringComparison.Ordinal);
}

/// <summary>Something that the server does wrong. Where several are set, each does its part.</summary>
public sealed record Fault
{
    /// <summary>Answers with this status instead.</summary>
    public int? Status { get; init; }

    /// <summary>Headers to add, or to replace.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>Sends this body instead.</summary>
    public string? Body { get; init; }

    /// <summary>Breaks the connection after so many bytes of the body.</summary>
    public long? CutAfter { get; init; }

    /// <summary>Changes a byte of the body.</summary>
    public bool Corrupt { get; init; }

    /// <summary>Sends the whole file whatever range was asked for.</summary>
    public bool IgnoreRange { get; init; }

    /// <summary>Sends the pointer of a large file instead of the file.</summary>
    public bool Pointer { get; init; }

    /// <summary>Waits before the answer.</summary>
    public TimeSpan Delay { get; init; }
}

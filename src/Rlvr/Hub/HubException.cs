namespace Rlvr.Hub;

/// <summary>Why something could not be had from a hub.</summary>
public enum HubFailure
{
    /// <summary>The hub does not answer: no network, no such host, connection refused, timeout.</summary>
    Unreachable,

    /// <summary>The connection broke in the middle.</summary>
    Broken,

    /// <summary>Too many requests (429).</summary>
    Throttled,

    /// <summary>The hub has a fault of its own (5xx).</summary>
    Server,

    /// <summary>A token is needed, or the one given is not accepted (401).</summary>
    Unauthorized,

    /// <summary>The owner's conditions must be accepted first.</summary>
    Gated,

    /// <summary>Access is refused (403).</summary>
    Forbidden,

    /// <summary>There is no such repository.</summary>
    RepositoryNotFound,

    /// <summary>The repository has no such revision.</summary>
    RevisionNotFound,

    /// <summary>The repository has no such file.</summary>
    FileNotFound,

    /// <summary>The answer is not one of a hub: a web page, endless redirects, broken JSON.</summary>
    Protocol,

    /// <summary>What came is not what was listed: wrong checksum or length.</summary>
    Content,

    /// <summary>What is asked for (the part of a file that is missing) is not there (416).</summary>
    Range,

    /// <summary>The name of a file would do harm.</summary>
    UnsafeName,

    /// <summary>There is nothing in the repository that can be used.</summary>
    NothingUsable,

    /// <summary>Not in the cache, and the hub may not be asked.</summary>
    Offline,

    /// <summary>The cache cannot be written: no space, no permission.</summary>
    Disk,
}

/// <summary>Something could not be had from a hub.</summary>
public sealed class HubException : RlvrException
{
    /// <summary>Creates the exception with a message for the user.</summary>
    public HubException(HubFailure failure, string message, Exception? inner = null) : base(message, inner!) => Failure = failure;

    /// <summary>What went wrong.</summary>
    public HubFailure Failure { get; }

    /// <summary>How long the hub asks to wait; null where it says nothing.</summary>
    internal TimeSpan? RetryAfter { get; init; }

    /// <summary>Whether another try may go better.</summary>
    internal bool MayPass => Failure is HubFailure.Unreachable or HubFailure.Broken or HubFailure.Throttled or HubFailure.Server;
}

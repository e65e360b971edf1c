namespace Rlvr.Evaluation.Endpoint;

/// <summary>What kind of failure a request met; decides whether sending it again may help.</summary>
internal enum FailureKind
{
    /// <summary>Nothing answers at the address.</summary>
    Unreachable,

    /// <summary>The connection broke, or the answer took too long.</summary>
    Broken,

    /// <summary>The server is busy or has an error of its own (408, 429, 5xx).</summary>
    Busy,

    /// <summary>The server says that all is well, and the answer makes no sense.</summary>
    Malformed,

    /// <summary>The server refuses every request of this user or to this address (401, 403, unknown model, a redirect).</summary>
    Denied,

    /// <summary>The server has nothing at this address (404, 405, 501).</summary>
    NotThere,

    /// <summary>The server refuses this request (400, 413, 422).</summary>
    Rejected,
}

/// <summary>A request that failed.</summary>
/// <param name="kind">What kind of failure.</param>
/// <param name="message">What happened, without the address.</param>
/// <param name="retryAfter">How long the server asks to wait; null where it does not say.</param>
/// <param name="inner">The error behind it.</param>
internal sealed class EndpointFailure(FailureKind kind, string message, TimeSpan? retryAfter = null, Exception? inner = null) : Exception(message, inner)
{
    public FailureKind Kind { get; } = kind;

    public TimeSpan? RetryAfter { get; } = retryAfter;

    /// <summary>The message as a sentence.</summary>
    public string Sentence => Message.EndsWith('.') || Message.EndsWith('?') ? Message : Message + ".";

    /// <summary>Whether sending the same request again may help.</summary>
    public bool Passing => Kind is FailureKind.Unreachable or FailureKind.Broken or FailureKind.Busy or FailureKind.Malformed;

    /// <summary>Whether it lies in the one request, not in the server or the way to it.</summary>
    public bool OfTheRequest => Kind is not (FailureKind.Unreachable or FailureKind.Denied or FailureKind.NotThere);
}

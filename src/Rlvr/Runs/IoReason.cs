namespace Rlvr.Runs;

/// <summary>The reason in an input or output error's message, without the path that the sentence around it names already.</summary>
internal static class IoReason
{
    public static string Of(Exception error)
    {
        // .NET on Unix: "No space left on device : '/runs/x/.metrics.tmp'"
        var path = error.Message.IndexOf(" : '", StringComparison.Ordinal);
        return (path < 0 ? error.Message : error.Message[..path]).TrimEnd('.');
    }
}

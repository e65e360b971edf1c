namespace Rlvr.Hub;

/// <summary>Something to get from a hub.</summary>
/// <param name="Address">Where.</param>
/// <param name="Id">The repository it belongs to, for messages.</param>
/// <param name="What">What it is, for messages: "the file 'config.json'".</param>
/// <param name="Offset">The first byte that is wanted.</param>
/// <param name="Inspect">Of the content of a file: looks at every answer on the way, redirects too, and throws if something is wrong with it.</param>
internal sealed record HubRequest(string Address, HubId Id, string What, long Offset = 0, Action<HttpResponseMessage>? Inspect = null)
{
    /// <summary>Whether it asks for the content of a file; else it asks about the repository.</summary>
    public bool IsFile => Inspect is not null;
}

namespace Rlvr.Data;

/// <summary>Where the files of a hub's data sets lie on this machine. The one place where reading data meets downloading it.</summary>
internal static class HubFiles
{
    /// <summary>A file of a data set, fetched where it is not here yet.</summary>
    /// <param name="repository">The data set's id, with <c>@REVISION</c> for another than its newest.</param>
    /// <param name="file">Its path there; null takes the set's only file of data.</param>
    /// <exception cref="RlvrException">It cannot be had.</exception>
    public static string Locate(string repository, string? file) =>
        throw new RlvrException($"The data set {repository}{(file is null ? "" : $" ({file})")} cannot be fetched by this version.");
}

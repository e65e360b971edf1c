namespace Rlvr.Data;

/// <summary>Where the files of a hub's data sets lie on this machine. The one place where reading data meets downloading it.</summary>
internal static class HubFiles
{
    /// <summary>Files of a data set, fetched where they are not here yet.</summary>
    /// <param name="name">The data set's id, <c>@REVISION</c> for another than its newest, and <c>:FILE</c> for one file, or for those that fit a pattern.</param>
    /// <exception cref="RlvrException">They cannot be had.</exception>
    public static IReadOnlyList<string> Locate(string name) => throw new RlvrException($"The data set {name} cannot be fetched by this version.");
}

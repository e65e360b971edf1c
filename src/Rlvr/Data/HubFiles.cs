using Rlvr.Hub;

namespace Rlvr.Data;

/// <summary>Where the files of a hub's data sets lie on this machine. The one place where reading data meets downloading it.</summary>
internal static class HubFiles
{
    /// <summary>Files of a data set, fetched where they are not here yet.</summary>
    /// <param name="name">
    /// The data set's id, <c>@REVISION</c> for another than its newest, and <c>:FILE</c> for one file, or for those that fit a pattern. Without a file the data
    /// set must have one only: those of several splits are never mixed.
    /// </param>
    /// <param name="observer">Watches a download.</param>
    /// <param name="cancellation">Stops a download; what has come is kept.</param>
    /// <exception cref="RlvrException">They cannot be had.</exception>
    public static IReadOnlyList<string> Locate(string name, IPullObserver? observer, CancellationToken cancellation) =>
        name.Contains(':', StringComparison.Ordinal) ? HubLocator.FindDatasetFiles(name, observer: observer, cancellation: cancellation) : [HubLocator.FindDataset(name, observer: observer, cancellation: cancellation)];
}

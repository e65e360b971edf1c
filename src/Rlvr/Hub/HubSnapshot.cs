namespace Rlvr.Hub;

/// <summary>A file of a snapshot.</summary>
/// <param name="Path">Its name, <c>/</c> between folders.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Cached">Whether it was there before.</param>
public sealed record HubSnapshotFile(string Path, long Size, bool Cached);

/// <summary>A repository at a commit, on disk.</summary>
/// <param name="Id">What was asked for.</param>
/// <param name="Commit">The commit that its revision is.</param>
/// <param name="Folder">The folder with its files.</param>
/// <param name="Files">The files that were asked for.</param>
/// <param name="BytesReceived">What had to be fetched.</param>
public sealed record HubSnapshot(HubId Id, string Commit, string Folder, IReadOnlyList<HubSnapshotFile> Files, long BytesReceived);

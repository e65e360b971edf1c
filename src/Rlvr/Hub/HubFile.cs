namespace Rlvr.Hub;

/// <summary>A file of a repository at a commit, as the hub lists it.</summary>
/// <param name="Path">Its name, <c>/</c> between folders. From outside: not checked yet.</param>
/// <param name="Size">Its size, bytes. Of a large file (Git LFS) the size of what it holds, not of the pointer that git keeps.</param>
/// <param name="GitOid">The SHA-1 of its git blob; of a large file, that of the pointer.</param>
/// <param name="Sha256">The SHA-256 of a large file; null for one that git keeps itself.</param>
public sealed record HubFile(string Path, long Size, string GitOid, string? Sha256)
{
    /// <summary>The largest file that is fetched: far above any that exists, far below where sums overflow.</summary>
    internal const long MaxSize = 1L << 44;

    /// <summary>What names its content, as the hub's ETag does: the SHA-256 of a large file, else the SHA-1 of its git blob.</summary>
    public string Etag => Sha256 ?? GitOid;

    /// <summary>A file of these values, or null where one of them cannot be.</summary>
    internal static HubFile? Create(string? path, long? size, string? gitOid, string? sha256) =>
        path is not null && size is >= 0 and <= MaxSize && IsHash(gitOid, 40) && (sha256 is null || IsHash(sha256, 64)) ? new(path, size.Value, gitOid!, sha256) : null;

    private static bool IsHash(string? text, int length) => text?.Length == length && text.All(char.IsAsciiHexDigitLower);
}

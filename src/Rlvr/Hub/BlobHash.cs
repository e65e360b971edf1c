using System.Security.Cryptography;
using System.Text;

namespace Rlvr.Hub;

/// <summary>The checksum that names a file's content: SHA-256 of a large file; else what git names a blob by, SHA-1 of "blob SIZE\0" and the content.</summary>
internal sealed class BlobHash : IDisposable
{
    private readonly HubFile file;
    private readonly IncrementalHash hash;

    public BlobHash(HubFile file)
    {
        this.file = file;
        hash = IncrementalHash.CreateHash(file.Sha256 is null ? HashAlgorithmName.SHA1 : HashAlgorithmName.SHA256);
        Begin();
    }

    public void Add(ReadOnlySpan<byte> bytes) => hash.AppendData(bytes);

    /// <summary>Whether what was added is the file's content; begins anew.</summary>
    public bool Matches()
    {
        bool matches = Convert.ToHexStringLower(hash.GetHashAndReset()) == file.Etag;
        Begin();
        return matches;
    }

    /// <summary>Forgets what was added.</summary>
    public void Reset()
    {
        hash.GetHashAndReset();
        Begin();
    }

    public void Dispose() => hash.Dispose();

    private void Begin()
    {
        if (file.Sha256 is null) hash.AppendData(Encoding.ASCII.GetBytes($"blob {file.Size}\0"));
    }
}

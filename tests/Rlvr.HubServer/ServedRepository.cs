using System.Security.Cryptography;
using System.Text;

namespace Rlvr.TestHub;

/// <summary>Who may read a repository.</summary>
public enum Access
{
    Everybody,

    /// <summary>Only with the server's token; to others it is as if it were not there.</summary>
    Private,

    /// <summary>Only with the server's token; to others it says that its conditions must be accepted.</summary>
    Gated,
}

/// <summary>A file as the server keeps it.</summary>
/// <param name="Path">Its name in the repository.</param>
/// <param name="Size">Bytes.</param>
/// <param name="GitOid">SHA-1 of the git blob: of the content, or of a large file's pointer.</param>
/// <param name="Sha256">SHA-256 of a large file (Git LFS), else null.</param>
/// <param name="Pointer">What git keeps of a large file.</param>
/// <param name="Open">Opens the content.</param>
public sealed record ServedFile(string Path, long Size, string GitOid, string? Sha256, string Pointer, Func<Stream> Open)
{
    public string Etag => Sha256 ?? GitOid;
}

/// <summary>A repository that the server has: one commit, under any number of names.</summary>
public sealed class ServedRepository
{
    private static readonly string[] LargeEndings = [".safetensors", ".parquet", ".bin", ".gguf", ".pth", ".onnx"];

    private ServedRepository(string kind, string id, List<ServedFile> files)
    {
        (Kind, Id, Files) = (kind, id, files);
        byte[] listing = Encoding.UTF8.GetBytes(string.Join('\n', files.Select(f => $"{f.Path} {f.Etag}").Prepend(id)));
        Commit = GitOid(new MemoryStream(listing), listing.Length); // any 40 digits that change when the content does
    }

    /// <summary>models or datasets.</summary>
    public string Kind { get; }

    public string Id { get; }

    public IReadOnlyList<ServedFile> Files { get; }

    public string Commit { get; }

    public Access Access { get; set; }

    /// <summary>Branches and tags.</summary>
    public HashSet<string> Revisions { get; } = ["main"];

    /// <summary>A folder's files; nothing is copied.</summary>
    public static ServedRepository FromFolder(string kind, string id, string folder) => new(kind, id,
        [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(f => !f.Split(Path.DirectorySeparatorChar).Contains(".git")).Order(StringComparer.Ordinal)
            .Select(f => Describe(Path.GetRelativePath(folder, f).Replace(Path.DirectorySeparatorChar, '/'), new FileInfo(f).Length, () => File.OpenRead(f)))]);

    /// <summary>Files in memory. Their names are served as they are, harmful ones too.</summary>
    public static ServedRepository FromBytes(string kind, string id, IEnumerable<(string Path, byte[] Content)> files) =>
        new(kind, id, [.. files.Select(f => Describe(f.Path, f.Content.Length, () => new MemoryStream(f.Content, writable: false)))]);

    private static ServedFile Describe(string path, long size, Func<Stream> open)
    {
        if (!LargeEndings.Any(e => path.EndsWith(e, StringComparison.Ordinal)) && size < 10 << 20)
        {
            using Stream content = open();
            return new ServedFile(path, size, GitOid(content, size), null, "", open);
        }
        using Stream large = open();
        string sha256 = Hex(SHA256.HashData(large)), pointer = $"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n";
        byte[] bytes = Encoding.ASCII.GetBytes(pointer);
        return new ServedFile(path, size, GitOid(new MemoryStream(bytes), bytes.Length), sha256, pointer, open);
    }

    private static string GitOid(Stream content, long size)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        hash.AppendData(Encoding.ASCII.GetBytes($"blob {size}\0"));
        byte[] buffer = new byte[1 << 16];
        for (int count; (count = content.Read(buffer)) > 0;) hash.AppendData(buffer, 0, count);
        return Hex(hash.GetHashAndReset());
    }

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);
}

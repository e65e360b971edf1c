using System.Net;

namespace Rlvr.Hub;

/// <summary>
/// Fetches the content of one file: goes on where an earlier download stopped, checks that the parts fit and that the whole has the listed checksum,
/// and only then gives it its name.
/// </summary>
/// <remarks>
/// Ranges are asked for without If-Range: what is kept belongs to a checksum, not to a version of the server's, and a part that does not fit is
/// found by it.
/// </remarks>
internal sealed class BlobDownload(HubHttp http, HubApi api, HubCache cache, PullMeter meter, HubId id, string commit)
{
    private const int PieceSize = 1 << 18;

    /// <summary>Downloads that begin at the first byte, before a wrong checksum is an error.</summary>
    private const int FreshTries = 2;

    /// <summary>A try that brought this much was none of those that fail again and again.</summary>
    private const long EnoughProgress = 1 << 20;

    /// <summary>Bytes that are still to come.</summary>
    public static long Missing(HubCache cache, HubFile file)
    {
        FileInfo partial = new(cache.Partial(file));
        return partial.Exists && partial.Length <= file.Size ? file.Size - partial.Length : file.Size;
    }

    /// <summary>Fetches it. When this returns, the content is in the cache's blobs.</summary>
    /// <param name="file">The file.</param>
    /// <param name="expected">Bytes that the meter expects of it.</param>
    /// <param name="cancellation">Stops; what has come is kept.</param>
    /// <exception cref="HubException">It cannot be had.</exception>
    public async Task RunAsync(HubFile file, long expected, CancellationToken cancellation)
    {
        using IDisposable alone = await cache.LockAsync(file, () => meter.Note($"another process fetches '{file.Path}'; waiting for it"), cancellation);
        if (cache.HasBlob(file) || cache.HasPointer(commit, file))
        {
            meter.Expect(-expected);
            meter.FileDone();
            return;
        }
        bool whole;
        using (FileStream stream = cache.OpenPartial(file))
        {
            whole = await FetchAsync(file, stream, expected, cancellation);
            if (whole) OnDisk(() => stream.Flush(flushToDisk: true));
        }
        if (!whole)
        {
            OnDisk(() => File.Delete(cache.Partial(file)));
            throw new HubException(HubFailure.Content, $"the file '{file.Path}' of the {id.KindName} {id} came {FreshTries} times with a wrong checksum: expected {(file.Sha256 is null ? "git blob" : "SHA-256")} {file.Etag}. "
                + "Try again later; if it stays so, the hub's file or something between is broken.");
        }
        cache.Complete(file);
        meter.FileDone();
    }

    /// <returns>Whether the stream holds the content; else it came with a wrong checksum too often.</returns>
    private async Task<bool> FetchAsync(HubFile file, FileStream stream, long expected, CancellationToken cancellation)
    {
        using BlobHash hash = new(file);
        await ReadKeptAsync(file, stream, hash, cancellation);
        meter.Expect(file.Size - stream.Position - expected);
        for (int fresh = stream.Position == 0 ? 1 : 0; ; fresh++)
        {
            try
            {
                await FillAsync(file, stream, hash, cancellation);
                if (hash.Matches()) return true;
                if (fresh == FreshTries) return false;
                meter.Note($"the checksum of '{file.Path}' is wrong; fetching it once more");
            }
            catch (HubException e) when (e.Failure is HubFailure.Content or HubFailure.Range && fresh < FreshTries)
            {
                meter.Note($"{e.Message} Fetching it once more.");
            }
            Empty(stream, hash);
        }
    }

    private async Task ReadKeptAsync(HubFile file, FileStream stream, BlobHash hash, CancellationToken cancellation)
    {
        if (stream.Length > file.Size) OnDisk(() => stream.SetLength(0));
        byte[] buffer = new byte[PieceSize];
        for (long left = stream.Length; left > 0;)
        {
            int count = await stream.ReadAsync(buffer.AsMemory(0, (int)long.Min(left, PieceSize)), cancellation);
            if (count == 0) break;
            hash.Add(buffer.AsSpan(0, count));
            left -= count;
        }
    }

    /// <summary>Gets what is missing, over as many connections as it takes.</summary>
    private async Task FillAsync(HubFile file, FileStream stream, BlobHash hash, CancellationToken cancellation)
    {
        for (int failures = 0; stream.Position < file.Size;)
        {
            long before = stream.Position;
            try
            {
                await ReceiveAsync(file, stream, hash, cancellation);
                if (stream.Position < file.Size) throw new HubException(HubFailure.Broken, $"'{file.Path}' ended after {stream.Position} of {file.Size} bytes.");
            }
            catch (HubException e) when (e.MayPass)
            {
                if (stream.Position - before >= EnoughProgress) failures = 0;
                await http.WaitAsync(e, ++failures, cancellation);
            }
        }
    }

    private async Task ReceiveAsync(HubFile file, FileStream stream, BlobHash hash, CancellationToken cancellation)
    {
        long offset = stream.Position;
        HubRequest request = new(api.FileAddress(id, commit, file.Path), id, $"the file '{file.Path}'", offset, response => CheckIdentity(file, response));
        using HttpResponseMessage response = await http.GetAsync(request, cancellation);
        CheckLength(file, response, offset);
        if (offset > 0 && response.StatusCode != HttpStatusCode.PartialContent) Empty(stream, hash); // the server sends the whole again
        await foreach (ReadOnlyMemory<byte> piece in http.ReadAsync(request, response, PieceSize, cancellation))
        {
            if (stream.Position + piece.Length > file.Size) throw new HubException(HubFailure.Content, $"'{file.Path}' is longer than the {file.Size} bytes that the hub lists.");
            OnDisk(() => stream.Write(piece.Span));
            hash.Add(piece.Span);
            meter.Add(piece.Length);
        }
    }

    /// <summary>The hub says on its redirect which content it means; better to find a wrong one before it has come.</summary>
    private void CheckIdentity(HubFile file, HttpResponseMessage response)
    {
        if (Header(response, "X-Repo-Commit") is { } other && HubId.IsCommitName(other) && other != commit)
            throw new HubException(HubFailure.Protocol, $"the hub sends '{file.Path}' of the commit {other}, asked for was {commit}. Try again later.");
        if (Header(response, "X-Linked-Etag")?.Replace("W/", "", StringComparison.Ordinal).Trim('"') is { } etag && etag.Length == file.Etag.Length && etag.All(char.IsAsciiHexDigit) && etag != file.Etag)
            throw new HubException(HubFailure.Content, $"the hub lists '{file.Path}' as {file.Etag} and sends {etag}.");
    }

    private static void CheckLength(HubFile file, HttpResponseMessage response, long offset)
    {
        HttpContent content = response.Content;
        if (content.Headers.ContentEncoding.FirstOrDefault(e => !e.Equals("identity", StringComparison.OrdinalIgnoreCase)) is { } encoding)
            throw new HubException(HubFailure.Content, $"'{file.Path}' comes compressed ({encoding}), which was not asked for. {HubErrors.CheckEndpoint}");
        if (response.StatusCode == HttpStatusCode.PartialContent)
        {
            if (content.Headers.ContentRange is not { } range || range.From != offset || (range.HasLength && range.Length != file.Size))
                throw new HubException(HubFailure.Range, $"'{file.Path}' should go on at byte {offset} of {file.Size}, the server sends '{content.Headers.ContentRange}'.");
        }
        else if (content.Headers.ContentLength is { } length && length != file.Size)
        {
            throw new HubException(HubFailure.Content, $"'{file.Path}' should have {file.Size} bytes, the server sends {length} of {HubErrors.ContentName(response)}."
                + (file.Sha256 is not null && length < 1024 ? " It may be the pointer of Git LFS instead of the file." : ""));
        }
    }

    private void Empty(FileStream stream, BlobHash hash)
    {
        meter.Expect(stream.Position);
        hash.Reset();
        OnDisk(() => stream.SetLength(0)); // which sets the position too
    }

    private void OnDisk(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw cache.CannotWrite(e);
        }
    }

    private static string? Header(HttpResponseMessage response, string name) => response.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.First() : null;
}

namespace Rlvr.Hub;

/// <summary>How far a download is.</summary>
/// <param name="Repository">The repository.</param>
/// <param name="Bytes">Bytes received, of this download.</param>
/// <param name="TotalBytes">Bytes that this download has to receive; what was there before does not count.</param>
/// <param name="Files">Files done.</param>
/// <param name="TotalFiles">Files to receive.</param>
/// <param name="BytesPerSecond">Speed over the last seconds.</param>
public sealed record PullProgress(string Repository, long Bytes, long TotalBytes, int Files, int TotalFiles, double BytesPerSecond)
{
    /// <summary>Time left at this speed; null while nobody can say.</summary>
    public TimeSpan? TimeLeft => BytesPerSecond > 0 && (TotalBytes - Bytes) / BytesPerSecond is < 1e8 and double seconds ? TimeSpan.FromSeconds(seconds) : null;
}

/// <summary>Watches a download. Calls come from several threads, one at a time.</summary>
public interface IPullObserver
{
    /// <summary>Something has come. Called often, but not for every piece.</summary>
    void Progress(PullProgress progress);

    /// <summary>Something worth a line: another try, a wait for another process.</summary>
    void Note(string text);
}

/// <summary>Puts the progress of a download into a line now and then, for whoever shows lines only.</summary>
/// <param name="write">Takes a line.</param>
public sealed class PullNotes(Action<string> write) : IPullObserver
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);
    private DateTimeOffset next = DateTimeOffset.UtcNow + Pause;

    /// <inheritdoc/>
    public void Progress(PullProgress progress)
    {
        if (DateTimeOffset.UtcNow < next) return;
        next = DateTimeOffset.UtcNow + Pause;
        write($"{progress.Repository}: {ByteSize.Text(progress.Bytes)} of {ByteSize.Text(progress.TotalBytes)}, {ByteSize.Text((long)progress.BytesPerSecond)}/s");
    }

    /// <inheritdoc/>
    public void Note(string text) => write(text);
}

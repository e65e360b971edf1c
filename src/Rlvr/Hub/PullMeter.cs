using System.Diagnostics;

namespace Rlvr.Hub;

/// <summary>Counts what has come and what is still to come, and tells an observer a few times a second. Safe for several threads.</summary>
internal sealed class PullMeter(HubId id, IPullObserver? observer)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100), Window = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private readonly Queue<(TimeSpan Time, long Bytes)> recent = new();
    private TimeSpan shown = TimeSpan.MinValue;
    private long bytes, total;
    private int files, totalFiles;

    /// <summary>Bytes received.</summary>
    public long Received => Interlocked.Read(ref bytes);

    /// <summary>More is to come, or (below zero) less.</summary>
    public void Expect(long more, int moreFiles = 0)
    {
        lock (gate)
        {
            total += more;
            totalFiles += moreFiles;
        }
    }

    /// <summary>So much has come.</summary>
    public void Add(int count)
    {
        lock (gate)
        {
            bytes += count;
            Tell(always: false);
        }
    }

    /// <summary>A file is done.</summary>
    public void FileDone()
    {
        lock (gate)
        {
            files++;
            Tell(always: true);
        }
    }

    public void Note(string text)
    {
        lock (gate) observer?.Note(text);
    }

    private void Tell(bool always)
    {
        TimeSpan now = clock.Elapsed;
        if (observer is null || (!always && shown != TimeSpan.MinValue && now - shown < Pause)) return;
        shown = now;
        recent.Enqueue((now, bytes));
        while (recent.Count > 2 && now - recent.Peek().Time > Window) recent.Dequeue();
        (TimeSpan since, long before) = recent.Peek();
        double seconds = (now - since).TotalSeconds;
        observer.Progress(new PullProgress(id.ToString(), bytes, total, files, totalFiles, seconds > 0.05 ? (bytes - before) / seconds : 0));
    }
}

using System.Diagnostics;
using System.Globalization;

namespace Rlvr.Cli.Output;

/// <summary>
/// How far something is, with the time left. On a terminal one line that is written again and again; elsewhere a plain line now and then.
/// </summary>
internal sealed class ProgressLine(TextWriter writer, bool isTerminal, Func<TimeSpan>? clock = null)
{
    private const int BarWidth = 24;
    private static readonly TimeSpan TerminalPause = TimeSpan.FromMilliseconds(100), PlainPause = TimeSpan.FromSeconds(10);

    private readonly Func<TimeSpan> now = clock ?? Stopwatches.Running();
    private string label = "";
    private TimeSpan started, shown;
    private bool visible;

    public ProgressLine(Terminal terminal) : this(terminal.Error, terminal.ErrorIsTerminal) { }

    /// <summary>Reports how far the work of this label is.</summary>
    /// <param name="label">What is done; a new label starts the clock anew.</param>
    /// <param name="done">So many of them are done.</param>
    /// <param name="total">So many there are; 0 where that is not known.</param>
    /// <param name="detail">More to say, behind the numbers.</param>
    /// <param name="show">Writes a number; plain digits if null.</param>
    public void Report(string label, long done, long total, string detail = "", Func<long, string>? show = null)
    {
        TimeSpan time = now();
        if (label != this.label)
        {
            (this.label, started, shown) = (label, time, isTerminal ? TimeSpan.MinValue : time);
        }
        if (shown != TimeSpan.MinValue && time - shown < (isTerminal ? TerminalPause : PlainPause)) return;
        shown = time;
        show ??= number => number.ToString(CultureInfo.InvariantCulture);
        string text = $"{label}  {(isTerminal && total > 0 ? Bar(done, total) + "  " : "")}{show(done)}{(total > 0 ? "/" + show(total) : "")}"
            + $"{Left(time - started, done, total)}{(detail.Length > 0 ? "  " + detail : "")}";
        if (isTerminal) writer.Write("\r" + text + "\u001b[K");
        else writer.WriteLine(text);
        writer.Flush();
        visible = isTerminal;
    }

    /// <summary>Takes the line away, before something else is written.</summary>
    public void Clear()
    {
        if (!visible) return;
        writer.Write("\r\u001b[K");
        writer.Flush();
        visible = false;
        shown = TimeSpan.MinValue;
    }

    /// <summary>Writes a line of its own above the progress.</summary>
    public void Note(string text)
    {
        Clear();
        writer.WriteLine(SafeText.Clean(text));
    }

    private static string Bar(long done, long total)
    {
        int filled = (int)(BarWidth * done / total);
        return new string('━', filled) + new string('╌', BarWidth - filled);
    }

    private static string Left(TimeSpan elapsed, long done, long total)
    {
        if (done <= 0 || elapsed < TimeSpan.FromSeconds(1)) return "";
        return done >= total ? "" : $"  {Durations.Short(elapsed * ((double)(total - done) / done))} left";
    }
}

/// <summary>Clocks.</summary>
internal static class Stopwatches
{
    public static Func<TimeSpan> Running()
    {
        Stopwatch watch = Stopwatch.StartNew();
        return () => watch.Elapsed;
    }
}

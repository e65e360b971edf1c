using System.Diagnostics;
using System.Globalization;

namespace Rlvr.Cli;

/// <summary>
/// A process that another one of this program has started stops, as after Ctrl-C, when that one is gone: nobody would see what it does, and
/// the next one would start the same work again.
/// </summary>
internal sealed class ParentWatch : IDisposable
{
    /// <summary>The environment variable with the id of the process to watch.</summary>
    public const string Variable = "RLVR_PARENT";

    private readonly Timer? timer;

    /// <param name="stop">Called once, when the parent is gone.</param>
    public ParentWatch(Action stop) : this(stop, Environment.GetEnvironmentVariable(Variable), TimeSpan.FromSeconds(2)) { }

    /// <param name="stop">Called once, when the parent is gone.</param>
    /// <param name="parent">Its process id; where it is none, nothing is watched.</param>
    /// <param name="pause">Between two looks.</param>
    internal ParentWatch(Action stop, string? parent, TimeSpan pause)
    {
        if (!int.TryParse(parent, CultureInfo.InvariantCulture, out int id)) return;
        int done = 0;
        timer = new Timer(_ =>
        {
            if (!IsThere(id) && Interlocked.Exchange(ref done, 1) == 0) stop();
        }, null, pause, pause);
    }

    public void Dispose() => timer?.Dispose();

    private static bool IsThere(int id)
    {
        try
        {
            using Process process = Process.GetProcessById(id);
            return !process.HasExited;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return false;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return true; // it is there, and another user's
        }
    }
}

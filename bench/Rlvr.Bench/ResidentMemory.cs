using System.Globalization;

namespace Rlvr.Bench;

/// <summary>What of the process is in memory, as Linux counts it: of its own (RssAnon) and of files (RssFile), which the system can drop. The most of each is sampled.</summary>
internal sealed class ResidentMemory : IDisposable
{
    private const int Milliseconds = 10;

    private readonly CancellationTokenSource source = new();
    private readonly Thread sampler;
    private long anonymous, files;

    public ResidentMemory()
    {
        sampler = new Thread(Sample) { IsBackground = true };
        sampler.Start();
    }

    /// <summary>The most so far, in GB; 0 where the system does not say.</summary>
    public (double Anonymous, double Files) Peak => (Interlocked.Read(ref anonymous) / 1e9, Interlocked.Read(ref files) / 1e9);

    /// <summary>Bytes of a line of /proc/self/status; 0 where there is none.</summary>
    public static long Of(string name)
    {
        if (!File.Exists("/proc/self/status")) return 0;
        string? line = File.ReadLines("/proc/self/status").FirstOrDefault(l => l.StartsWith(name + ":", StringComparison.Ordinal));
        return line is null ? 0 : long.Parse(line.Split(':', StringSplitOptions.TrimEntries)[1].Split(' ')[0], CultureInfo.InvariantCulture) * 1024;
    }

    public void Dispose()
    {
        source.Cancel();
        sampler.Join();
        source.Dispose();
    }

    private void Sample()
    {
        do
        {
            Interlocked.Exchange(ref anonymous, long.Max(anonymous, Of("RssAnon")));
            Interlocked.Exchange(ref files, long.Max(files, Of("RssFile")));
        }
        while (!source.Token.WaitHandle.WaitOne(Milliseconds));
    }
}

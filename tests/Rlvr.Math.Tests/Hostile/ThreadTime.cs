using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Rlvr.Math.Tests.Hostile;

/// <summary>
/// The processor time of the current thread: on a busy machine a thread may wait for seconds without working. Where the system does not
/// tell it, the time that passes.
/// </summary>
internal static partial class ThreadTime
{
    private const int ThreadCpuTime = 3; // CLOCK_THREAD_CPUTIME_ID of Linux

    /// <summary>Nanoseconds since some time.</summary>
    public static long Nanoseconds()
    {
        if (OperatingSystem.IsLinux() && Environment.Is64BitProcess && GetTime(ThreadCpuTime, out TimeSpec time) == 0)
            return (time.Seconds * 1_000_000_000) + time.Nanoseconds;
        return (long)Stopwatch.GetElapsedTime(0).TotalNanoseconds;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int GetTime(int clock, out TimeSpec time);
}

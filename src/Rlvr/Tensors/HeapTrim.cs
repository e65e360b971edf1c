using System.Runtime.InteropServices;

namespace Rlvr.Tensors;

/// <summary>
/// Gives memory that is free back to the system. glibc keeps freed blocks of up to 32 MB for itself once it has seen one of them, and rightly so within a phase,
/// where the next block is as large; but what rollouts have left in pieces is of no use to an update, whose tensors have other sizes.
/// </summary>
internal static partial class HeapTrim
{
    private static bool missing = !OperatingSystem.IsLinux();

    /// <summary>Gives back what there is. Without effect where the C library has no such call.</summary>
    public static void Run()
    {
        if (missing) return;
        try
        {
            _ = Trim(0);
        }
        catch (Exception e) when (e is EntryPointNotFoundException or DllNotFoundException)
        {
            missing = true; // another C library
        }
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Trim(nuint keep);
}

using System.Runtime.InteropServices;

namespace Rlvr.Tensors;

/// <summary>Environment variables as native libraries read them: those that .NET sets are its own on Unix.</summary>
internal static class NativeEnvironment
{
    /// <summary>Sets a variable that is not set yet. Without effect on Windows.</summary>
    public static void SetDefault(string name, string value)
    {
        if (!OperatingSystem.IsWindows()) _ = setenv(name, value, 0);
    }

    [DllImport("libc", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int setenv([MarshalAs(UnmanagedType.LPUTF8Str)] string name, [MarshalAs(UnmanagedType.LPUTF8Str)] string value, int overwrite);
}

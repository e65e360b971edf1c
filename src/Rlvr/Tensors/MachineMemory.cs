using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tensors;

/// <summary>How much memory a device has. All of it, not what is free now: what is decided by it must not depend on what else runs.</summary>
public static class MachineMemory
{
    private static readonly string[] DriverNames = ["libcuda.so.1", "nvcuda.dll"];

    /// <summary>Bytes of memory: of the machine or its container for the CPU, of the card for CUDA.</summary>
    /// <returns>Null where it cannot be found out.</returns>
    public static long? Total(Device device)
    {
        if (device.type == DeviceType.CPU) return GC.GetGCMemoryInfo().TotalAvailableMemoryBytes is > 0 and long bytes ? bytes : null;
        return device.type == DeviceType.CUDA ? OfCard(int.Max(0, device.index)) : null;
    }

    // The driver's own interface (cuDeviceTotalMem): it is there wherever CUDA works, and needs no context.
    private static unsafe long? OfCard(int index)
    {
        nint driver = 0;
        if (!DriverNames.Any(name => NativeLibrary.TryLoad(name, out driver))) return null;
        try
        {
            if (!NativeLibrary.TryGetExport(driver, "cuInit", out nint initialize) || !NativeLibrary.TryGetExport(driver, "cuDeviceGet", out nint get)
                || !NativeLibrary.TryGetExport(driver, "cuDeviceTotalMem_v2", out nint total)) return null;
            int card;
            nuint bytes;
            return ((delegate* unmanaged<uint, int>)initialize)(0) == 0 && ((delegate* unmanaged<int*, int, int>)get)(&card, index) == 0
                && ((delegate* unmanaged<nuint*, int, int>)total)(&bytes, card) == 0 ? (long)bytes : null;
        }
        finally
        {
            NativeLibrary.Free(driver);
        }
    }
}

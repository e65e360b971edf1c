using System.Globalization;

namespace Rlvr.Hub;

/// <summary>Sizes for people.</summary>
public static class ByteSize
{
    private static readonly string[] Units = ["kB", "MB", "GB", "TB", "PB"];

    /// <summary>999 bytes, 1.2 kB, 3.1 GB: powers of 1000, as hubs and disks count.</summary>
    public static string Text(long bytes)
    {
        if (bytes < 1000) return bytes == 1 ? "1 byte" : $"{bytes} bytes";
        double value = bytes / 1000.0;
        int unit = 0;
        for (; value >= 999.95 && unit < Units.Length - 1; unit++) value /= 1000;
        return value.ToString(value < 99.95 ? "0.0" : "0", CultureInfo.InvariantCulture) + " " + Units[unit];
    }
}

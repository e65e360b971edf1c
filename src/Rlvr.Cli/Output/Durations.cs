using System.Globalization;

namespace Rlvr.Cli.Output;

/// <summary>Times for people.</summary>
internal static class Durations
{
    /// <summary>0:07, 12:40, 3:05:00.</summary>
    public static string Short(TimeSpan time)
    {
        TimeSpan whole = TimeSpan.FromSeconds(double.Ceiling(double.Max(0, time.TotalSeconds)));
        return whole.TotalHours >= 1
            ? string.Create(CultureInfo.InvariantCulture, $"{(long)whole.TotalHours}:{whole.Minutes:00}:{whole.Seconds:00}")
            : string.Create(CultureInfo.InvariantCulture, $"{whole.Minutes}:{whole.Seconds:00}");
    }

    /// <summary>7.3 s, 1 min 40 s, 2 h 5 min.</summary>
    public static string Words(TimeSpan time) => time.TotalSeconds switch
    {
        < 10 => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.0} s"),
        < 60 => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0} s"),
        < 3600 => string.Create(CultureInfo.InvariantCulture, $"{time.Minutes} min {time.Seconds} s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalHours} h {time.Minutes} min"),
    };
}

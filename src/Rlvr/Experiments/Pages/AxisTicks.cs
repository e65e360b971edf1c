namespace Rlvr.Experiments;

/// <summary>Round numbers along an axis.</summary>
internal static class AxisTicks
{
    /// <summary>Multiples of 1, 2 or 5 times a power of ten, from the first below <paramref name="low"/> to the first above <paramref name="high"/>.</summary>
    /// <param name="low">Least value.</param>
    /// <param name="high">Greatest value; greater than the least.</param>
    /// <param name="about">How many ticks there should be, about.</param>
    public static double[] Between(double low, double high, int about)
    {
        double raw = (high - low) / int.Max(1, about), power = double.Pow(10, double.Floor(double.Log10(raw)));
        double step = power * (raw / power) switch { <= 1 => 1, <= 2 => 2, <= 5 => 5, _ => 10 };
        double first = double.Floor((low / step) + 1e-9), last = double.Ceiling((high / step) - 1e-9);
        return [.. Enumerable.Range(0, (int)(last - first) + 1).Select(i => (first + i) * step)];
    }
}

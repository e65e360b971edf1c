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

    /// <summary>1, 2 and 5 times powers of ten, from the last that is not above <paramref name="low"/> to the first that is not below <paramref name="high"/>; powers of ten alone, where those would be many.</summary>
    /// <param name="low">Least value, above 0.</param>
    /// <param name="high">Greatest value.</param>
    /// <param name="most">How many ticks there may be.</param>
    public static double[] Logarithmic(double low, double high, int most)
    {
        int first = (int)double.Floor(double.Log10(low)), last = (int)double.Ceiling(double.Log10(high));
        foreach (int[] steps in (ReadOnlySpan<int[]>)[[1, 2, 5], [1, 3], [1]])
        {
            double[] all = [.. Enumerable.Range(first, last - first + 1).SelectMany(power => steps.Select(step => step * double.Pow(10, power)))];
            double from = all.Last(tick => tick <= low * (1 + 1e-9)), to = all.First(tick => tick >= high * (1 - 1e-9));
            double[] ticks = [.. all.Where(tick => tick >= from && tick <= to)];
            if (ticks.Length <= most || steps.Length == 1) return ticks.Length > 1 ? ticks : [from, from * 10];
        }
        throw new InvalidOperationException();
    }
}

using System.Diagnostics;

namespace Rlvr.Math.Tests;

/// <summary>Measures time on a machine that does other things too.</summary>
internal static class Timing
{
    private const int Tries = 3;

    /// <summary>The seconds an action takes; where they are more than <paramref name="limit"/>, the best of three tries: others may have had the cores.</summary>
    public static double Best(double limit, Action action)
    {
        double best = double.PositiveInfinity;
        for (int i = 0; i < Tries && best >= limit; i++)
        {
            long start = Stopwatch.GetTimestamp();
            action();
            best = double.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return best;
    }
}

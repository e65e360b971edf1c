using System.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tensors;

/// <summary>
/// Chooses the number of threads by measuring, because the number of cores says little: on a busy machine, or with small matrices, two threads
/// can be slower than one.
/// </summary>
public static class ThreadChoice
{
    /// <summary>Sets the number of threads of the tensor library.</summary>
    /// <param name="requested">A number, or 0 to measure.</param>
    /// <param name="width">Width of the matrices that will be multiplied: the model's hidden size.</param>
    /// <returns>The number set, and the measured GFLOP/s by number of threads (empty where the number was given).</returns>
    public static (int Threads, IReadOnlyList<(int Threads, double Gflops)> Measured) Apply(int requested, int width)
    {
        NativeRuntime.Initialize();
        if (requested <= 0 && int.TryParse(Environment.GetEnvironmentVariable("OMP_NUM_THREADS"), out int given)) requested = given;
        if (requested > 0)
        {
            set_num_threads(requested);
            return (requested, []);
        }
        List<(int Threads, double Gflops)> measured = [];
        for (int threads = 1; threads <= Environment.ProcessorCount; threads = threads * 2 <= Environment.ProcessorCount || threads == Environment.ProcessorCount ? threads * 2 : Environment.ProcessorCount)
            measured.Add((threads, Measure(threads, width)));
        // A further thread must earn its keep: it competes with whatever else runs here.
        (int Threads, double Gflops) best = measured[0];
        foreach ((int Threads, double Gflops) candidate in measured.Skip(1))
            if (candidate.Gflops > 1.15 * best.Gflops) best = candidate;
        set_num_threads(best.Threads);
        return (best.Threads, measured);
    }

    /// <summary>Median speed of a chain of products like those of a layer.</summary>
    private static double Measure(int threads, int width)
    {
        const int rows = 1024, chain = 4, runs = 9;
        set_num_threads(threads);
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor x = ones(rows, width), weight = ones(3 * width, width).div_(width), back = ones(width, 3 * width).div_(3 * width);
        double[] seconds = new double[runs];
        for (int run = 0; run < runs; run++)
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < chain; i++)
            {
                using DisposeScope inner = NewDisposeScope();
                x.mul_(0.5).add_(nn.functional.linear(nn.functional.silu(nn.functional.linear(x, weight)), back), 0.5);
            }
            seconds[run] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
        Array.Sort(seconds);
        return 2.0 * 6 * rows * width * width * chain / seconds[runs / 2] / 1e9;
    }
}

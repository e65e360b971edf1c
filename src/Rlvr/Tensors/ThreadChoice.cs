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
    /// <summary>A further thread must earn its keep: it competes with whatever else runs here, now or later.</summary>
    private const double RequiredGain = 1.25;

    private const int Rounds = 4;

    /// <summary>Chooses, and sets the number of threads of the tensor library to that for many rows.</summary>
    /// <param name="requested">A number; 0 takes OMP_NUM_THREADS if it is set, and measures otherwise.</param>
    /// <param name="width">Width of the matrices that will be multiplied: the model's hidden size.</param>
    public static ThreadPlan Apply(int requested, int width)
    {
        NativeRuntime.Initialize();
        if (requested <= 0 && int.TryParse(Environment.GetEnvironmentVariable("OMP_NUM_THREADS"), out int given)) requested = given;
        if (requested > 0)
        {
            set_num_threads(requested);
            return new ThreadPlan(requested, []);
        }
        int[] candidates = [.. Candidates(Environment.ProcessorCount)];
        double[] many = new double[candidates.Length], few = new double[candidates.Length];
        int[] rounds = new int[candidates.Length];
        double flops = 0;
        // In turn, so that a busy moment hits all of them; sums, not medians, because threads that wait for each other stall now and then
        // for long, and those stalls are what a busy machine costs.
        for (int round = -1; round < Rounds; round++)
        {
            for (int i = 0; i < candidates.Length; i++)
            {
                // More threads that are far slower already will not win, and measuring them on a busy machine takes long.
                if (rounds[i] > 0 && (many[i] + few[i]) / rounds[i] > 2 * (many[0] + few[0]) / rounds[0]) continue;
                set_num_threads(candidates[i]);
                long start = Stopwatch.GetTimestamp();
                flops = Work(rows: 1024, width, repeats: 2);
                double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
                start = Stopwatch.GetTimestamp();
                Work(rows: 64, width, repeats: 16);
                if (round < 0) continue; // warming up
                many[i] += seconds;
                few[i] += Stopwatch.GetElapsedTime(start).TotalSeconds;
                rounds[i]++;
            }
        }
        int best = Best(many);
        set_num_threads(candidates[best]);
        return new ThreadPlan(candidates[best], [.. candidates.Select((threads, i) => (threads, flops * rounds[i] / many[i] / 1e9))]) { Decoding = candidates[Best(few)] };

        int Best(double[] seconds)
        {
            int chosen = 0;
            for (int i = 1; i < candidates.Length; i++)
                if (seconds[i] / rounds[i] * RequiredGain < seconds[chosen] / rounds[chosen]) chosen = i;
            return chosen;
        }
    }

    /// <summary>1, 2, 4, ... and the number of processors.</summary>
    private static IEnumerable<int> Candidates(int processors)
    {
        for (int threads = 1; threads < processors; threads *= 2) yield return threads;
        yield return processors;
    }

    /// <summary>A chain of operations like those of a layer: many rows as in the update, few as in decoding.</summary>
    /// <returns>Multiplications and additions of its products.</returns>
    private static double Work(int rows, int width, int repeats)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        using Scalar inputs = width.ToScalar(), inner = (3 * width).ToScalar(), half = 0.5.ToScalar();
        Tensor x = ones(rows, width), weight = ones(3 * width, width).div_(inputs), back = ones(width, 3 * width).div_(inner);
        for (int i = 0; i < repeats; i++)
        {
            using DisposeScope step = NewDisposeScope();
            x.mul_(half).add_(nn.functional.linear(nn.functional.silu(nn.functional.linear(x, weight)), back), half);
        }
        return 2.0 * 6 * rows * width * width * repeats;
    }
}

using System.Diagnostics;
using Rlvr.Experiments;
using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Cli.Reproduce;

/// <summary>Measures in about a second how fast this machine computes.</summary>
internal sealed class SpeedProbe(int threads)
{
    private const long Operations = 2_000_000_000; // of a product: long enough to measure, short on any machine
    private const int BandwidthWidth = 4096; // 64 MB of weights: more than a processor's caches
    private readonly Dictionary<int, MachineSpeed> known = [];
    private Device? device;

    /// <summary>Whether a GPU computes.</summary>
    public bool OnGpu => Device().type == DeviceType.CUDA;

    /// <summary>The speed for matrices of a width, or of the next power of two from 256 on: models of about one size are compared at one speed, whatever else runs here.</summary>
    public MachineSpeed Of(int width)
    {
        width = int.Max(256, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)width));
        if (known.TryGetValue(width, out MachineSpeed? speed)) return speed;
        Device where = Device();
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        int rows = (int)long.Clamp(Operations / (8L * width * width), 16, 1024);
        Tensor x = ones(rows, width, device: where), weight = ones(4 * width, width, device: where), row = ones(1, BandwidthWidth, device: where), small = ones(8, device: where);
        Tensor large = ones(BandwidthWidth, BandwidthWidth, device: where);
        double product = Best(() => nn.functional.linear(x, weight).Dispose(), 1);
        double read = Best(() => nn.functional.linear(row, large).Dispose(), 1);
        double operation = Best(() => small.add(small).Dispose(), 100);
        return known[width] = new MachineSpeed(8.0 * rows * width * width / product, 4.0 * BandwidthWidth * BandwidthWidth / read, operation);
    }

    private Device Device()
    {
        if (device is not null) return device;
        device = ComputeDevice.Choose("auto");
        if (threads > 0) set_num_threads(threads);
        else if (device.type == DeviceType.CPU) ThreadChoice.Apply(0, 512); // all processors at once are slow where others work too
        return device;
    }

    /// <summary>Seconds of one; the best of a few rounds, because other work only makes one slower.</summary>
    private double Best(Action work, int repeats)
    {
        double best = double.PositiveInfinity;
        long begin = Stopwatch.GetTimestamp();
        for (int round = 0; round < 50 && (round < 2 || Stopwatch.GetElapsedTime(begin).TotalSeconds < 0.5); round++)
        {
            if (OnGpu) cuda.synchronize();
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < repeats; i++) work();
            if (OnGpu) cuda.synchronize();
            if (round > 0) best = double.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds / repeats);
        }
        return best;
    }
}

using System.Diagnostics;
using System.Numerics;
using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Training;

/// <summary>Measures in less than a second how fast this machine computes, with the threads that are set.</summary>
/// <param name="device">Where it is computed.</param>
/// <param name="type">Element type of products.</param>
public sealed class SpeedProbe(Device device, ScalarType type = ScalarType.Float32)
{
    private const long Operations = 1_000_000_000; // of a product: long enough to measure, and so short that other work does not meet every one
    private const int BandwidthWidth = 4096; // 64 MB of weights: more than a processor's caches
    private const int LeastWidth = 128;
    private const double LongestSeconds = 0.15; // of each of the three
    private readonly Dictionary<int, MachineSpeed> known = [];

    /// <summary>Whether a GPU computes.</summary>
    public bool OnGpu => device.type == DeviceType.CUDA;

    /// <summary>The speed for matrices of a width, or of the next power of two: models of about one size are compared at one speed, whatever else runs here.</summary>
    public MachineSpeed Of(int width)
    {
        width = int.Max(LeastWidth, (int)BitOperations.RoundUpToPowerOf2((uint)width));
        return known.TryGetValue(width, out MachineSpeed? speed) ? speed : known[width] = Measure(width);
    }

    /// <summary>Measures anew, and keeps the best of what was seen of each.</summary>
    public MachineSpeed Again(int width)
    {
        MachineSpeed before = Of(width), now = Measure(width = int.Max(LeastWidth, (int)BitOperations.RoundUpToPowerOf2((uint)width)));
        return known[width] = new MachineSpeed(double.Max(before.Flops, now.Flops), double.Max(before.BytesPerSecond, now.BytesPerSecond), double.Min(before.SecondsPerOperation, now.SecondsPerOperation));
    }

    private MachineSpeed Measure(int width)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        int rows = (int)long.Clamp(Operations / (2L * width * width), 64, 1024);
        Tensor x = ones(rows, width, device: device, dtype: type), weight = ones(width, width, device: device, dtype: type), row = ones(1, BandwidthWidth, device: device, dtype: type);
        Tensor large = ones(BandwidthWidth, BandwidthWidth, device: device, dtype: type), small = ones(8, device: device);
        double product = Best(() => nn.functional.linear(x, weight).Dispose(), 1);
        double read = Best(() => nn.functional.linear(row, large).Dispose(), 1);
        double operation = Best(() => small.add(small, Numbers.One).Dispose(), 100);
        return new MachineSpeed(2.0 * rows * width * width / product, (double)large.element_size() * BandwidthWidth * BandwidthWidth / read, operation);
    }

    /// <summary>Seconds of one; the best of a few rounds, because other work only makes one slower.</summary>
    private double Best(Action work, int repeats)
    {
        double best = double.PositiveInfinity;
        long begin = Stopwatch.GetTimestamp();
        for (int round = 0; round < 100 && (round < 2 || Stopwatch.GetElapsedTime(begin).TotalSeconds < LongestSeconds); round++)
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

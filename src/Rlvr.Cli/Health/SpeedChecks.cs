using System.Diagnostics;
using System.Globalization;
using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Cli.Health;

/// <summary>What has to be measured: threads, bf16 against fp32, CUDA.</summary>
internal static class SpeedChecks
{
    private const int Size = 1024;

    public static IEnumerable<Finding> Run()
    {
        yield return Threads();
        yield return Precision("bf16 speed", CPU, out double bf16, out double fp32) with
        {
            Advice = bf16 < fp32 ? "bf16 is slower than fp32 here (no AVX-512 BF16 or AMX); train in fp32 on this processor." : null,
        };
        foreach (Finding finding in Cuda()) yield return finding;
    }

    private static Finding Threads()
    {
        (int chosen, IReadOnlyList<(int Threads, double Gflops)> measured) = ThreadChoice.Apply(0, 512);
        if (measured.Count == 0) return new Finding("threads", Level.Good, $"{chosen}, as OMP_NUM_THREADS says") { Numbers = [("threads", chosen)] };
        string table = string.Join(", ", measured.Select(m => string.Create(CultureInfo.InvariantCulture, $"{m.Threads}: {m.Gflops:0} GFLOP/s")));
        return new Finding("threads", Level.Good, $"{chosen} chosen by measuring ({table})") { Numbers = [("threads", chosen), .. measured.Select(m => ($"gflops_{m.Threads}", m.Gflops))] };
    }

    private static Finding Precision(string name, Device device, out double bf16, out double fp32)
    {
        fp32 = Gflops(ScalarType.Float32, device);
        bf16 = Gflops(ScalarType.BFloat16, device);
        string value = string.Create(CultureInfo.InvariantCulture, $"{bf16:0} GFLOP/s against {fp32:0} in fp32, {bf16 / fp32:0.0} times (linear, {Size} x {Size} x {Size})");
        return new Finding(name, bf16 >= fp32 ? Level.Good : Level.Note, value) { Numbers = [("bf16_gflops", bf16), ("fp32_gflops", fp32)] };
    }

    /// <summary>The best of several runs: other work on the machine only makes one slower.</summary>
    private static double Gflops(ScalarType type, Device device)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor x = ones(Size, Size, dtype: type, device: device), weight = ones(Size, Size, dtype: type, device: device);
        int chain = device.type == DeviceType.CUDA ? 50 : 4;
        double best = double.PositiveInfinity;
        long begin = Stopwatch.GetTimestamp();
        for (int run = 0; run < 12 && (run < 3 || Stopwatch.GetElapsedTime(begin).TotalSeconds < 1.5); run++)
        {
            if (device.type == DeviceType.CUDA) cuda.synchronize();
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < chain; i++)
            {
                using Tensor y = nn.functional.linear(x, weight);
            }
            if (device.type == DeviceType.CUDA) cuda.synchronize();
            best = double.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return 2.0 * Size * Size * Size * chain / best / 1e9;
    }

    private static List<Finding> Cuda()
    {
        if (cuda.is_available())
        {
            int count = cuda.device_count();
            List<Finding> findings = [new Finding("CUDA", Level.Good, $"{count} device(s) usable") { Numbers = [("devices", count)] }];
            findings.Add(Precision("CUDA bf16 speed", CUDA, out _, out _));
            return findings;
        }
        // The driver is there but this libtorch has no CUDA in it: the usual case with the packaged one.
        bool driver = File.Exists("/proc/driver/nvidia/version");
        return
        [
            driver
                ? new Finding("CUDA", Level.Warning, "there is an NVIDIA driver, but this libtorch sees no CUDA device",
                    $"set {NativeRuntime.LibtorchVariable} to the folder of a PyTorch {NativeRuntime.ExpectedVersion} with CUDA (python -c \"import torch; print(torch.__path__[0])\" prints it).")
                : new Finding("CUDA", Level.Note, "no device; everything runs on the processor"),
        ];
    }
}

using System.Diagnostics;
using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Bench;

/// <summary>Products of few rows: torch's linear beside <see cref="SkinnyProduct"/>, in float32 and with bfloat16 weights.</summary>
internal static class SkinnyBench
{
    private static readonly (int Columns, int Inner)[] Sizes = [(128, 128), (384, 128), (192, 512), (896, 896), (4864, 896), (896, 4864), (151_936, 896)];

    public static void Run(int threads)
    {
        ThreadChoice.Apply(threads, Sizes[^1].Inner);
        using IDisposable noGrad = no_grad();
        Console.WriteLine($"{get_num_threads()} thread(s); milliseconds, and how many times as fast as linear in float32");
        foreach ((int columns, int inner) in Sizes)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor weight = randn(columns, inner), half = weight.to(bfloat16);
            foreach (int rows in (ReadOnlySpan<int>)[1, 2, 4, 8, 16, 32, 64, 128, 256])
            {
                Tensor x = randn(rows, inner), xHalf = x.to(bfloat16);
                Func<Tensor>[] ways = [() => nn.functional.linear(x, weight), () => SkinnyProduct.Multiply(x, weight, null), () => SkinnyProduct.Multiply(xHalf, half, null)];
                double[] best = Best(ways, 2.0 * rows * columns * inner);
                Console.WriteLine($"{columns,7} x {inner}, {rows,3} rows: linear {1e3 * best[0],8:F4}   skinny {1e3 * best[1],8:F4} ({best[0] / best[1],4:F2})   bf16 weights {1e3 * best[2],8:F4} ({best[0] / best[2],4:F2})");
            }
        }
    }

    /// <summary>The least seconds of each way, in turn, so that a noisy moment meets all of them.</summary>
    private static double[] Best(Func<Tensor>[] ways, double flops)
    {
        int repeats = (int)double.Clamp(4e8 / flops, 1, 2000);
        double[] best = [.. ways.Select(_ => double.PositiveInfinity)];
        for (int round = 0; round < 6; round++)
        {
            for (int way = 0; way < ways.Length; way++)
            {
                long start = Stopwatch.GetTimestamp();
                for (int i = 0; i < repeats; i++) ways[way]().Dispose();
                best[way] = double.Min(best[way], Stopwatch.GetElapsedTime(start).TotalSeconds / repeats);
            }
        }
        return best;
    }
}

using System.Diagnostics;
using Rlvr.Rollouts;
using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Bench;

/// <summary>Drawing tokens at temperature 1: by operations on the whole matrix of logits (as on a GPU), and row by row where they lie.</summary>
internal static class SamplerBench
{
    public static void Run(int threads)
    {
        ThreadChoice.Apply(threads, 512);
        using IDisposable noGrad = no_grad();
        Console.WriteLine($"{get_num_threads()} thread(s); microseconds a draw of all rows");
        foreach ((int rows, int words) in (ReadOnlySpan<(int, int)>)[(1, 151_936), (8, 151_936), (64, 151_936), (1, 64), (64, 64), (512, 64)])
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor logits = randn(rows, words);
            double[] uniforms = [.. Enumerable.Range(0, rows).Select(i => CounterRandom.Uniform(1, 1, 1, (ulong)i))];
            SamplingOptions options = new();
            Action[] ways = [() => Sampler.DrawByOperations(logits, uniforms, options), () => Sampler.Draw(logits, uniforms, options)];
            double[] best = [double.PositiveInfinity, double.PositiveInfinity];
            int repeats = int.Clamp(20_000_000 / (rows * words), 1, 500);
            for (int round = 0; round < 8; round++)
            {
                for (int way = 0; way < ways.Length; way++)
                {
                    long start = Stopwatch.GetTimestamp();
                    for (int i = 0; i < repeats; i++)
                    {
                        using DisposeScope inner = NewDisposeScope();
                        ways[way]();
                    }
                    best[way] = double.Min(best[way], Stopwatch.GetElapsedTime(start).TotalSeconds / repeats);
                }
            }
            Console.WriteLine($"{rows,4} rows of {words,7} words: operations {1e6 * best[0],10:F1}   by row {1e6 * best[1],9:F1}   {best[0] / best[1]:F1} times as fast");
        }
    }
}

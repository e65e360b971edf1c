using System.Diagnostics;
using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Bench;

/// <summary>A step of AdamW by the type of its moments: nanoseconds a parameter.</summary>
internal static class OptimizerBench
{
    public static void Run(int threads, int elements, int repeats)
    {
        ThreadChoice.Apply(threads, 1024);
        using DisposeScope scope = NewDisposeScope();
        Tensor parameter = randn(elements / 1024, 1024).requires_grad_();
        parameter.grad = randn_like(parameter).mul_(1e-3);
        foreach (string state in Moments.Names)
        {
            using FusedAdamW optimizer = new([("parameter", parameter)], state: state);
            double least = double.PositiveInfinity;
            for (int repeat = 0; repeat <= repeats; repeat++)
            {
                long start = Stopwatch.GetTimestamp();
                optimizer.Step(1e-6);
                if (repeat > 0) least = double.Min(least, Stopwatch.GetElapsedTime(start).TotalSeconds);
            }
            Console.WriteLine($"{state,-5} {1e9 * least / elements,6:F2} ns a parameter, {get_num_threads()} thread(s)");
        }
    }
}

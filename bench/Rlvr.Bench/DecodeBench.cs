using System.Diagnostics;
using Rlvr.Models;
using Rlvr.Rollouts;
using Rlvr.Tensors;
using static TorchSharp.torch;

namespace Rlvr.Bench;

/// <summary>Decoding with a model of random weights in a real model's exact shape, from a folder as it would be pulled: time to load, memory, tokens a second by batch.</summary>
internal static class DecodeBench
{
    private const int PromptTokens = 64;

    /// <param name="threads">Threads.</param>
    /// <param name="shape">Which of <see cref="ModelShapes"/>.</param>
    /// <param name="device">cpu or cuda.</param>
    /// <param name="folder">Where the model is, or is made; not used on a GPU.</param>
    /// <param name="precision">fp32 or bf16.</param>
    /// <param name="batches">Rows decoded together.</param>
    /// <param name="newTokens">New tokens of each row.</param>
    public static void Run(int threads, string shape, string device, string folder, string precision, int[] batches, int newTokens)
    {
        ModelConfig config = ModelShapes.Of(shape);
        ThreadChoice.Apply(threads, config.HiddenSize);
        bool loads = device == "cpu";
        if (loads && !Directory.Exists(folder))
        {
            using Transformer random = Transformer.CreateRandom(config, 1);
            random.Save(folder, dtype: ScalarType.BFloat16);
            Console.WriteLine($"made {folder}; start again for the measurement");
            return;
        }
        long before = Resident(), start = Stopwatch.GetTimestamp();
        ScalarType type = precision == "bf16" ? ScalarType.BFloat16 : ScalarType.Float32;
        using Transformer model = loads ? Transformer.Load(folder, computeType: type, frozen: true) : Random(config, ComputeDevice.Choose(device), type);
        long size = model.Parameters.Values.Sum(p => p.numel() * p.element_size());
        Console.WriteLine($"{precision}, {get_num_threads()} thread(s): loaded in {Stopwatch.GetElapsedTime(start).TotalSeconds:F2} s; {size / 1e9:F2} GB of weights, resident {(Resident() - before) / (double)size:F2} times that");
        Rollouts.Generator generator = new(model);
        foreach (int batch in batches)
        {
            int[] prompt = [.. Enumerable.Range(0, PromptTokens).Select(i => 1000 + (i * 37))];
            (double Clock, double Processor) Seconds(int tokens)
            {
                TimeSpan processor = Processor();
                long at = Stopwatch.GetTimestamp();
                generator.Generate([.. Enumerable.Range(0, batch).Select(i => new GenerationRequest(prompt, (ulong)i))], new SamplingOptions { Temperature = 1, MaxNewTokens = tokens, Seed = 1 });
                return (Stopwatch.GetElapsedTime(at).TotalSeconds, (Processor() - processor).TotalSeconds);
            }
            (double Clock, double Processor) Least(int tokens)
            {
                (double Clock, double Processor) one = Seconds(tokens), other = Seconds(tokens);
                return (double.Min(one.Clock, other.Clock), double.Min(one.Processor, other.Processor));
            }
            // The prompt and the first token are taken off.
            (double Clock, double Processor) first = Least(1), all = Least(1 + newTokens);
            double step = (all.Clock - first.Clock) / newTokens;
            Console.WriteLine($"batch {batch,3}: {batch / step,8:F1} tokens/s, {1e3 * step:F1} ms a step ({1e3 * (all.Processor - first.Processor) / newTokens:F1} of the processor); prompt of {PromptTokens} and first token {1e3 * first.Clock:F0} ms");
        }
    }

    /// <summary>Seconds of the processor: on a busy machine only they can be compared.</summary>
    private static TimeSpan Processor()
    {
        using Process process = Process.GetCurrentProcess();
        return process.TotalProcessorTime;
    }

    /// <summary>On a GPU the weights are made where they are, so that no file is needed.</summary>
    private static Transformer Random(ModelConfig config, Device device, ScalarType type)
    {
        using Transformer model = Transformer.CreateRandom(config, 1, device, type);
        return model.Clone(frozen: true);
    }

    private static long Resident()
    {
        using Process process = Process.GetCurrentProcess();
        return process.WorkingSet64;
    }
}

using System.Diagnostics;
using Rlvr.Models;
using Rlvr.Rollouts;
using Rlvr.Rollouts.Speculation;
using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Bench;

/// <summary>What one decoding pass of some tokens takes on the CPU, logits and draws included, beside what <see cref="PassCost"/> says.</summary>
internal static class PassBench
{
    private const int PromptTokens = 64;

    /// <param name="threads">Threads.</param>
    /// <param name="folder">A model; empty for random weights.</param>
    /// <param name="shape">Which of <see cref="ModelShapes"/>, for random weights.</param>
    /// <param name="precision">fp32 or bf16.</param>
    /// <param name="repeats">Passes of each kind; the fastest counts.</param>
    public static void Run(int threads, string folder, string shape, string precision, int repeats)
    {
        ScalarType type = precision == "bf16" ? ScalarType.BFloat16 : ScalarType.Float32;
        using IDisposable noGrad = no_grad();
        using Transformer model = folder.Length > 0 ? Transformer.Load(folder, computeType: type, frozen: true) : Random(ModelShapes.Of(shape), type);
        ThreadChoice.Apply(threads, model.Config.HiddenSize);
        PassCost cost = PassCost.Of(model.Config);
        SamplingOptions options = new();
        (int Rows, int Tokens)[] kinds = [(1, 1), (2, 1), (4, 1), (8, 1), (12, 1), (16, 1), (17, 1), (24, 1), (32, 1), (64, 1), (128, 1), (1, 4), (1, 8), (1, 16), (4, 4), (8, 2), (8, 4), (16, 4)];
        double[] least = [.. kinds.Select(_ => double.MaxValue)];
        CpuKvCache[] caches = [.. kinds.Select(kind => Filled(model, kind.Rows))];
        for (int repeat = 0; repeat < repeats; repeat++)
        {
            for (int i = 0; i < kinds.Length; i++)
            {
                (int rows, int tokens) = kinds[i];
                using DisposeScope scope = NewDisposeScope();
                long[] input = [.. Enumerable.Range(0, rows * tokens).Select(t => (long)(t * 31 % model.Config.VocabularySize))];
                long start = Stopwatch.GetTimestamp();
                Tensor logits = model.Logits(caches[i].Decode(model, input, [.. Enumerable.Repeat(tokens, rows)]));
                Sampler.Draw(logits, [.. Enumerable.Range(0, rows * tokens)], [.. Enumerable.Range(0, rows * tokens).Select(_ => 0.5)], options);
                least[i] = double.Min(least[i], Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                for (int row = 0; row < rows; row++) caches[i].Drop(row, tokens);
            }
        }
        foreach (CpuKvCache cache in caches) cache.Dispose();
        Console.WriteLine($"{(folder.Length > 0 ? folder : shape)} {precision}, {get_num_threads()} thread(s), {PromptTokens} tokens in the cache; ms a pass");
        for (int i = 0; i < kinds.Length; i++)
            Console.WriteLine($"{kinds[i].Rows,4} rows of {kinds[i].Tokens,2}: {least[i],9:F3}, by the fit {cost.Of(kinds[i].Rows * kinds[i].Tokens),9:F3}");
    }

    private static CpuKvCache Filled(Transformer model, int rows)
    {
        using DisposeScope scope = NewDisposeScope();
        CpuKvCache cache = new(model.Config, rows, PromptTokens + 64, model.ComputeType);
        (Tensor, Tensor)[] prompt = [.. Enumerable.Range(0, model.Config.Layers).Select(_ => (Random(model), Random(model)))];
        for (int row = 0; row < rows; row++) cache.Add(prompt);
        return cache;
    }

    private static Tensor Random(Transformer model) => randn(PromptTokens, model.Config.KeyValueHeads, model.Config.HeadDim).to(model.ComputeType);

    private static Transformer Random(ModelConfig config, ScalarType type)
    {
        using Transformer model = Transformer.CreateRandom(config, 1, computeType: type);
        return model.Clone(frozen: true);
    }
}

using System.Diagnostics;
using Rlvr.Models;
using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Bench;

/// <summary>The reference's pass over one response, with its weights in memory and mapped from the files in turn: seconds of the processor, memory, and whether the numbers are the same.</summary>
internal static class ReferenceBench
{
    /// <param name="threads">Threads.</param>
    /// <param name="shape">Which of <see cref="ModelShapes"/>.</param>
    /// <param name="precision">fp32 or bf16.</param>
    /// <param name="tokens">Tokens of the response.</param>
    /// <param name="repeats">Passes each way; the least counts.</param>
    public static void Run(int threads, string shape, string precision, int tokens, int repeats)
    {
        ModelConfig config = ModelShapes.Of(shape);
        ThreadChoice.Apply(threads, config.HiddenSize);
        ScalarType type = precision == "bf16" ? ScalarType.BFloat16 : ScalarType.Float32;
        string folder = ModelShapes.Folder(shape);
        long start = ResidentMemory.Of("RssAnon");
        Transformer Timed(string name, Func<Transformer> make)
        {
            long at = Stopwatch.GetTimestamp(), before = ResidentMemory.Of("RssAnon");
            Transformer model = make();
            Console.WriteLine($"{name}: {Stopwatch.GetElapsedTime(at).TotalSeconds:F2} s, {(ResidentMemory.Of("RssAnon") - before) / 1e9:F2} GB");
            return model;
        }
        using Transformer mapped = Timed("mapped", () => Transformer.Map(folder, type)), loaded = Timed("loaded", () => Transformer.Load(folder, computeType: type, frozen: true));
        int[] words = [.. Enumerable.Range(0, tokens).Select(t => 1 + (t * 37 % (config.VocabularySize - 1)))];
        double[] least = [double.MaxValue, double.MaxValue];
        float[][] numbers = new float[2][];
        for (int i = 0; i < repeats; i++)
        {
            foreach ((int way, Transformer model) in new[] { loaded, mapped }.Index())
            {
                using IDisposable noGrad = no_grad();
                using DisposeScope scope = NewDisposeScope();
                using Process process = Process.GetCurrentProcess();
                TimeSpan before = process.TotalProcessorTime;
                SharedPrefixBatch batch = new([words[..32]], [(0, words)], CPU);
                numbers[way] = new TokenLogProbs(model, model.Hidden(batch), batch, 1).LogProbs.data<float>().ToArray();
                process.Refresh();
                least[way] = double.Min(least[way], (process.TotalProcessorTime - before).TotalSeconds);
            }
        }
        Console.WriteLine($"{shape}, {precision}, {tokens} tokens, {get_num_threads()} thread(s): loaded {least[0]:F2} s of the processor, mapped {least[1]:F2} ({least[1] / least[0]:F3} times); {(numbers[0].AsSpan().SequenceEqual(numbers[1]) ? "the same numbers" : "OTHER NUMBERS")}; resident now {(ResidentMemory.Of("RssAnon") - start) / 1e9:F2} GB of its own, {ResidentMemory.Of("RssFile") / 1e9:F2} of files");
    }
}

using System.Globalization;
using Rlvr.Models;
using Rlvr.Tensors;
using Rlvr.Training;
using static TorchSharp.torch;

namespace Rlvr.Bench;

/// <summary>
/// Peak of resident memory in an update, beyond what is there before it: with a large vocabulary it must stay at a chunk's logits, however many tokens
/// there are. (Linux: the kernel's own high-water mark, set back before the update.)
/// </summary>
internal static class PeakBench
{
    public static void Run(int threads, PeakShape shape)
    {
        ThreadChoice.Apply(threads, shape.Hidden);
        ModelConfig config = new()
        {
            Architecture = ModelArchitecture.Qwen2,
            HiddenSize = shape.Hidden,
            IntermediateSize = shape.Hidden * 4,
            Layers = shape.Layers,
            Heads = int.Max(2, shape.Hidden / 64),
            KeyValueHeads = int.Max(1, shape.Hidden / 128),
            HeadDim = shape.Hidden / int.Max(2, shape.Hidden / 64),
            VocabularySize = shape.Vocabulary,
            TieWordEmbeddings = true,
            MaxPositions = 8192,
        };
        using Transformer policy = Transformer.CreateRandom(config, 1, computeType: ComputePrecision.Choose(shape.Precision, CPU, shape.Hidden));
        policy.RequireGradients(true);
        using FusedAdamW optimizer = new(policy.Parameters.Select(p => (p.Key, p.Value)), state: shape.State);
        Recipe recipe = new()
        {
            Loss = new LossOptions { Kl = 0, Entropy = 0.001 },
            Compute = new ComputeOptions { Recompute = shape.Recompute ? "true" : "false" },
        };
        PolicyUpdate update = new(policy, null, optimizer, recipe);
        update.Run(Samples(config, shape with { Tokens = int.Min(64, shape.Tokens), Length = int.Min(32, shape.Length) }), 1e-6); // gradients, and what is made once
        double before = Resident("VmRSS");
        File.WriteAllText("/proc/self/clear_refs", "5"); // the high-water mark begins again
        update.Run(Samples(config, shape), 1e-6);
        double peak = Resident("VmHWM");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{config.ParameterCount / 1e6:F1}M parameters, {shape.Precision}, {shape.State}{(shape.Recompute ? ", recompute" : "")}; {shape.Tokens:N0} tokens in rows of {shape.Length}: {before:N0} MB before the update, {peak:N0} MB at its peak: {peak - before:N0} MB more; all logits in float32 are {4.0 * shape.Tokens * shape.Vocabulary / 1e6:N0} MB"));
    }

    private static UpdateSample[] Samples(ModelConfig config, PeakShape shape)
    {
        int[] prompt = Tokens(64, 0);
        int rows = int.Max(1, shape.Tokens / shape.Length);
        return [.. Enumerable.Range(0, rows).Select(row => new UpdateSample(prompt, Tokens(shape.Length, (ulong)row + 1), new float[shape.Length], StepSetup.Advantage(row)))];

        int[] Tokens(int count, ulong seed) => [.. Enumerable.Range(0, count).Select(i => (int)(CounterRandom.Uniform(seed, 7, 7, (ulong)i) * config.VocabularySize))];
    }

    private static double Resident(string key) => double.Parse(
        File.ReadLines("/proc/self/status").First(line => line.StartsWith(key + ":", StringComparison.Ordinal)).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024 / 1e6;
}

/// <summary>What is updated.</summary>
internal sealed record PeakShape(int Tokens, int Length, int Vocabulary, int Hidden, int Layers, string Precision, string State, bool Recompute);

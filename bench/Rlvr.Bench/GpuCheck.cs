using Rlvr.Models;
using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Bench;

/// <summary>
/// The GPU's own ways (flash attention without padding, the decoding step as one script) beside the same by definition, in bfloat16 on the GPU and in float32 on the
/// CPU: relative differences, which must be those of rounding.
/// </summary>
internal static class GpuCheck
{
    public static bool Run()
    {
        ModelConfig config = ModelShapes.Of("tiny") with { KeyValueHeads = 2 };
        Device gpu = ComputeDevice.Choose("cuda");
        using DisposeScope scope = NewDisposeScope();
        Transformer exact = Transformer.CreateRandom(config, 1), model = Transformer.CreateRandom(config, 1, gpu, ScalarType.BFloat16);
        int[][] prompts = [Tokens(37, 1), Tokens(90, 2), Tokens(5, 3)];
        (int, int[])[] rows = [(0, Tokens(150, 4)), (1, Tokens(1, 5)), (2, Tokens(300, 6)), (0, Tokens(64, 7)), (1, Tokens(0, 8)), (2, Tokens(33, 9))];
        SharedPrefixBatch batch = new(prompts, rows, gpu), onCpu = new(prompts, rows, CPU);
        bool right = true;

        (Tensor Hidden, Tensor[] Gradients) flash = Pass(model, batch, model.Attention(batch)), padded = Pass(model, batch, new SharedPrefixAttention(batch, config)), reference = Pass(exact, onCpu, new SharedPrefixAttention(onCpu, config));
        right &= Report("hidden states", flash.Hidden, padded.Hidden, reference.Hidden);
        foreach ((int i, string name) in model.Parameters.Keys.Index().Where(p => p.Item.Contains("layers.0", StringComparison.Ordinal) && p.Item.EndsWith("weight", StringComparison.Ordinal)))
            right &= Report("gradient of " + name, flash.Gradients[i], padded.Gradients[i], reference.Gradients[i]);

        using (no_grad())
        {
            using FlashKvCache flashCache = new(config, 8, 600, gpu);
            using KvCache plainCache = new(config, 8, 600, gpu, ScalarType.BFloat16), exactCache = new(config, 8, 600, CPU);
            foreach ((int p, int count) in new[] { (0, 3), (1, 1), (2, 2) })
            {
                flashCache.Add(Prompt(model, prompts[p], gpu));
                plainCache.Add(Prompt(model, prompts[p], gpu));
                exactCache.Add(Prompt(exact, prompts[p], CPU));
                foreach (IKvCache cache in new IKvCache[] { flashCache, plainCache, exactCache }) if (count > 1) cache.Fork([.. Enumerable.Repeat(plainCache.Rows - 1, count - 1)]);
            }
            for (int step = 0; step < 300; step++)
            {
                if (step == 100) foreach (IKvCache cache in new IKvCache[] { flashCache, plainCache, exactCache }) cache.Remove(1);
                long[] tokens = [.. Enumerable.Range(0, step < 100 ? 6 : 5).Select(i => (long)((step * 31) + (i * 17)) % config.VocabularySize)];
                int[] counts = [.. tokens.Select(_ => 1)];
                using DisposeScope inner = NewDisposeScope();
                Tensor a = flashCache.Decode(model, tokens, counts), b = plainCache.Decode(model, tokens, counts), c = exactCache.Decode(exact, tokens, counts);
                if (step is 0 or 99 or 100 or 299) right &= Report($"decoding step {step}", a, b, c);
            }
        }
        Console.WriteLine(right ? "the GPU's ways agree with the definition" : "THE GPU'S WAYS DIFFER");
        return right;

        static int[] Tokens(int count, ulong seed) => [.. Enumerable.Range(0, count).Select(i => (int)(CounterRandom.Uniform(seed, 7, 7, (ulong)i) * 1000))];
    }

    private static (Tensor, Tensor[]) Pass(Transformer model, SharedPrefixBatch batch, IAttention attention)
    {
        model.RequireGradients(true);
        foreach (Tensor parameter in model.Parameters.Values) parameter.grad = null;
        TokenLogProbs tokens = new(model, model.Hidden(batch.Tokens, batch.Positions, batch.MaxPosition, attention), batch, 1, withEntropy: true, keepForBackward: true);
        tokens.Backward(linspace(-0.3, 0.4, tokens.LogProbs.numel(), device: tokens.LogProbs.device));
        Tensor[] gradients = [.. model.Parameters.Values.Select(p => p.grad!.cpu())];
        model.RequireGradients(false);
        return (tokens.LogProbs.cpu(), gradients);
    }

    private static List<(Tensor, Tensor)> Prompt(Transformer model, int[] prompt, Device device)
    {
        SharedPrefixBatch batch = new([prompt], [], device);
        CapturingAttention attention = new(model.Attention(batch));
        model.Hidden(batch.Tokens, batch.Positions, batch.MaxPosition, attention);
        return attention.Captured;
    }

    /// <summary>What is new must be about as near to float32 as what is not.</summary>
    private static bool Report(string what, Tensor flash, Tensor plain, Tensor exact)
    {
        double own = Difference(flash, exact), others = Difference(plain, exact);
        bool right = own <= 1e-4 + (2 * others);
        Console.WriteLine($"{(right ? "ok " : "BAD")} {what}: {own:E1} from float32, the padded way {others:E1}");
        return right;
    }

    private static double Difference(Tensor a, Tensor b) =>
        (a.cpu().to(ScalarType.Float64) - b.cpu().to(ScalarType.Float64)).norm().item<double>() / b.cpu().to(ScalarType.Float64).norm().item<double>();
}

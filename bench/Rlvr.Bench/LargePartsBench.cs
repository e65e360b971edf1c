using System.Diagnostics;
using Rlvr.Models;
using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Bench;

/// <summary>Where the update of a real model's shape spends its time: its parts alone, forward and backward, at the size of a chunk.</summary>
internal static class LargePartsBench
{
    public static void Run(string shape, string device, string precision, int rows, int prompt, int length)
    {
        ModelConfig config = ModelShapes.Of(shape) with { Layers = 2 };
        Device on = ComputeDevice.Choose(device);
        ScalarType type = precision == "bf16" ? ScalarType.BFloat16 : ScalarType.Float32;
        int layers = ModelShapes.Of(shape).Layers;
        using Transformer model = Transformer.CreateRandom(config, 1, on, type);
        model.RequireGradients(true);
        using FusedAdamW optimizer = new(model.Parameters.Select(p => (p.Key, p.Value)));
        int[] Tokens(int count, ulong seed) => [.. Enumerable.Range(0, count).Select(i => (int)(CounterRandom.Uniform(seed, 7, 7, (ulong)i) * config.VocabularySize))];
        using DisposeScope scope = NewDisposeScope();
        SharedPrefixBatch batch = new([Tokens(prompt, 0)], [.. Enumerable.Range(0, rows).Select(i => (0, Tokens(length, (ulong)i + 1)))], on);
        long n = batch.Tokens.size(0);
        IAttention attention = model.Attention(batch);
        Console.WriteLine($"{shape}, {precision} on {on}: {n:N0} tokens, {rows} rows of {length}; {layers} layers");
        Tensor x = randn(n, config.HiddenSize, device: on).requires_grad_(), h = randn(n, config.HiddenSize, device: on).to(type).detach().requires_grad_();
        Tensor wide = randn(n, config.IntermediateSize, device: on).to(type).detach().requires_grad_(), weight = ones(config.HiddenSize, device: on).requires_grad_();
        Tensor q = randn(n, config.Heads, config.HeadDim, device: on).to(type).detach().requires_grad_(), k = randn(n, config.KeyValueHeads, config.HeadDim, device: on).to(type).detach().requires_grad_();
        using Rope rope = new(config, on);
        (Tensor, Tensor) rotation = rope.At(batch.Positions, batch.MaxPosition, type);
        string First(string name) => "model.layers.0." + name + ".weight";

        void Time(string name, double times, Func<Tensor> forward, bool backward = true)
        {
            double one = Least(() => forward(), on), both = backward ? Least(() =>
            {
                Tensor y = forward();
                y.backward([y.detach()]);
            }, on) : one;
            Console.WriteLine($"{name,-24} {1e3 * one,8:F2} ms forward, {1e3 * both,8:F2} ms with backward; all layers {1e3 * one * times,8:F1} and {1e3 * both * times,8:F1} ms");
        }

        foreach ((string name, Tensor input) in new[] { ("self_attn.q_proj", h), ("self_attn.k_proj", h), ("self_attn.o_proj", h), ("mlp.gate_proj", h), ("mlp.down_proj", wide) })
            Time(name, layers * (name.Contains("k_", StringComparison.Ordinal) || name.Contains("gate", StringComparison.Ordinal) ? 2 : 1), () => nn.functional.linear(input, model.Parameters[First(name)].to(type)));
        Time("attention", layers, () => attention.Attend(0, q, k, k));
        Time("norm", 2 * layers, () => RmsNorm.Apply(x, weight, 1e-6).to(type));
        Time("gate", layers, () => SwiGlu.Apply(wide, wide));
        Time("rotation, queries", layers, () => rope.Apply(q, rotation));
        Time("rotation, keys", layers, () => rope.Apply(k, rotation));
        Time("residual", 2 * layers, () => x.add(h));
        Time("whole, two layers", 1, () => model.Hidden(batch.Tokens, batch.Positions, batch.MaxPosition, attention));
        Tensor hidden = randn(n, config.HiddenSize, device: on).requires_grad_();
        Console.WriteLine($"vocabulary, forward      {1e3 * Least(() => new TokenLogProbs(model, hidden, batch, 1).LogProbs.Dispose(), on),8:F2} ms; with entropies and backward {1e3 * Least(() =>
        {
            TokenLogProbs words = new(model, hidden, batch, 1, withEntropy: true, keepForBackward: true);
            words.Backward(words.LogProbs, words.Entropies);
        }, on),8:F2} ms");
        foreach (Tensor parameter in model.Parameters.Values) parameter.grad ??= zeros_like(parameter).DetachFromDisposeScope();
        Console.WriteLine($"optimiser                {1e3 * Least(() => optimizer.Step(0), on),8:F2} ms for {config.ParameterCount:N0} parameters; norm of the gradient {1e3 * Least(() => GradientNorm.Clip(optimizer.Parameters, 1), on):F2} ms");
    }

    private static double Least(Action action, Device on)
    {
        double least = double.PositiveInfinity;
        for (int i = 0; i < 4; i++)
        {
            using DisposeScope scope = NewDisposeScope();
            if (on.type == DeviceType.CUDA) cuda.synchronize();
            long start = Stopwatch.GetTimestamp();
            action();
            if (on.type == DeviceType.CUDA) cuda.synchronize();
            if (i > 0) least = double.Min(least, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return least;
    }
}

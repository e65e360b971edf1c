using System.Diagnostics;
using Rlvr.Models;
using Rlvr.Rollouts;
using Rlvr.Tensors;
using Rlvr.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Bench;

/// <summary>
/// Where the time of the micro step goes: its phases as they run, and beside them their matrix products, attention and sampling alone, at the same sizes and as
/// often. What is left are norms, gates, rotations, copies, calls, and in the rollouts attention, which is one kernel with the write into the cache.
/// </summary>
internal static class PartsBench
{
    private const int Layers = 6, Chunks = 2;

    public static void Run(int threads, int repeats, string precision)
    {
        ThreadChoice.Apply(threads, StepSetup.Config.HiddenSize);
        ScalarType type = ComputePrecision.Choose(precision, CPU, StepSetup.Config.HiddenSize);
        using StepSetup setup = new(type);
        setup.Policy.RequireGradients(true);
        using FusedAdamW optimizer = new(setup.Policy.Parameters.Select(p => (p.Key, p.Value)));
        PolicyUpdate update = new(setup.Policy, setup.Reference, optimizer, StepSetup.Recipe);
        GenerationRequest[] requests = [.. Enumerable.Range(0, StepSetup.Rollouts).Select(i => new GenerationRequest(setup.Prompt, (ulong)i))];
        IReadOnlyList<Rollout> rollouts = [];
        double rollout = Least(repeats, () => rollouts = new Rollouts.Generator(setup.Policy).Generate(requests, setup.Sampling));
        UpdateSample[] samples = [.. rollouts.Select((r, i) => new UpdateSample(setup.Prompt, r.Tokens, r.LogProbs, StepSetup.Advantage(i)))];
        double whole = Least(repeats, () => update.Run(samples, 1e-5)), reference = Least(repeats, () => update.ReferenceLogProbs(samples));
        Console.WriteLine($"{precision}, {get_num_threads()} thread(s): rollouts {rollout:F3} s, update {whole:F3} s, of it the reference's pass {reference:F3} s");

        int steps = StepSetup.NewTokens - 1, rows = StepSetup.Rollouts, tokens = (StepSetup.PromptTokens + (rows * steps)) / Chunks;
        double products = Least(repeats, () => Products(rows, type, false)) * Layers * steps;
        double sampling = Least(repeats, () => Sampling(setup)) * StepSetup.NewTokens;
        Report("rollouts", rollout, ("products", products), ("sampling", sampling));
        double forward = Least(repeats, () => Products(tokens, type, false)) * Layers * Chunks;
        double attentionForward = Least(repeats, () => Attention(setup, type, false)) * Layers * Chunks;
        Report("reference", reference, ("products", forward), ("attention", attentionForward));
        double both = Least(repeats, () => Products(tokens, type, true)) * Layers * Chunks;
        double attentionBoth = Least(repeats, () => Attention(setup, type, true)) * Layers * Chunks;
        double words = Least(repeats, () => Words(setup, tokens)) * Chunks, step = Least(repeats, () => optimizer.Step(0));
        Report("policy", whole - reference, ("products", both), ("attention", attentionBoth), ("vocabulary", words), ("optimiser", step),
            ("norms", Least(repeats, () => Norms(tokens, type)) * 2 * Layers * Chunks), ("gates", Least(repeats, () => Gates(tokens, type)) * Layers * Chunks), ("rotations", Least(repeats, () => Rotations(setup, tokens, type)) * Layers * Chunks));
    }

    /// <summary>The rollouts alone, with and without guesses in turn.</summary>
    public static void Rollouts(int repeats, string precision)
    {
        ThreadChoice.Apply(1, StepSetup.Config.HiddenSize);
        using StepSetup setup = new(ComputePrecision.Choose(precision, CPU, StepSetup.Config.HiddenSize));
        GenerationRequest[] requests = [.. Enumerable.Range(0, StepSetup.Rollouts).Select(i => new GenerationRequest(setup.Prompt, (ulong)i))];
        foreach (bool guesses in new[] { true, false, true, false })
            Console.WriteLine($"{(guesses ? "with" : "without")} guesses {Least(repeats, () => new Rollouts.Generator(setup.Policy).Generate(requests, setup.Sampling with { Speculate = guesses })):F3} s");
    }

    private static void Report(string phase, double seconds, params (string Name, double Seconds)[] parts) => Console.WriteLine(
        $"{phase,-10} {seconds,7:F3} s: {string.Join(", ", parts.Select(p => $"{p.Name} {p.Seconds:F3} ({100 * p.Seconds / seconds:F0}%)"))}, rest {seconds - parts.Sum(p => p.Seconds):F3} ({100 - (100 * parts.Sum(p => p.Seconds) / seconds):F0}%)");

    private static double Least(int repeats, Action action)
    {
        double least = double.PositiveInfinity;
        for (int i = 0; i <= repeats; i++)
        {
            using DisposeScope scope = NewDisposeScope();
            long start = Stopwatch.GetTimestamp();
            action();
            if (i > 0) least = double.Min(least, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return least;
    }

    /// <summary>The products of a layer, forward, or forward and backward from float32 weights.</summary>
    private static void Products(int rows, ScalarType type, bool gradients)
    {
        ModelConfig c = StepSetup.Config;
        using IDisposable? noGrad = gradients ? null : no_grad();
        (int In, int Out)[] shapes = [(c.HiddenSize, c.Heads * c.HeadDim), (c.HiddenSize, c.KeyValueHeads * c.HeadDim), (c.HiddenSize, c.KeyValueHeads * c.HeadDim), (c.Heads * c.HeadDim, c.HiddenSize),
            (c.HiddenSize, c.IntermediateSize), (c.HiddenSize, c.IntermediateSize), (c.IntermediateSize, c.HiddenSize)];
        foreach ((int into, int outOf) in shapes)
        {
            Tensor x = Made(rows, into, type), weight = Made(outOf, into, gradients ? ScalarType.Float32 : type);
            if (!gradients)
            {
                nn.functional.linear(x, weight);
                continue;
            }
            x.requires_grad = weight.requires_grad = true;
            nn.functional.linear(x, type == ScalarType.Float32 ? weight : weight.to(type)).backward([Made(rows, outOf, type)]);
            (x.requires_grad, weight.requires_grad) = (false, false);
            x.grad = null;
            weight.grad = null;
        }
    }

    private static readonly Dictionary<(int, int, ScalarType), Tensor> made = [];

    /// <summary>A matrix that is made once.</summary>
    private static Tensor Made(int rows, int columns, ScalarType type)
    {
        if (made.TryGetValue((rows, columns, type), out Tensor? tensor)) return tensor;
        return made[(rows, columns, type)] = randn(rows, columns).to(type).DetachFromDisposeScope();
    }

    private static void Sampling(StepSetup setup)
    {
        using IDisposable noGrad = no_grad();
        Sampler.Draw(randn(StepSetup.Rollouts, StepSetup.Config.VocabularySize), [.. Enumerable.Range(0, StepSetup.Rollouts).Select(i => i / 200.0)], setup.Sampling);
    }

    private static SharedPrefixBatch Batch(StepSetup setup) => new([setup.Prompt], [.. Enumerable.Range(0, StepSetup.Rollouts / Chunks).Select(_ => (0, setup.Prompt[..StepSetup.NewTokens]))], CPU);

    private static void Attention(StepSetup setup, ScalarType type, bool gradients)
    {
        ModelConfig c = StepSetup.Config;
        using IDisposable? noGrad = gradients ? null : no_grad();
        SharedPrefixBatch batch = Batch(setup);
        int n = (int)batch.Tokens.size(0);
        Tensor query = Made(n, c.Heads * c.HeadDim, type).detach(), key = Made(n, c.KeyValueHeads * c.HeadDim, type).detach(), value = key.detach();
        query.requires_grad = key.requires_grad = value.requires_grad = gradients;
        Tensor result = new SharedPrefixAttention(batch, c).Attend(0, query.view(n, c.Heads, -1), key.view(n, c.KeyValueHeads, -1), value.view(n, c.KeyValueHeads, -1));
        if (gradients) result.backward([result.detach()]);
    }

    private static void Words(StepSetup setup, int tokens)
    {
        SharedPrefixBatch batch = Batch(setup);
        Tensor hidden = Made((int)batch.Tokens.size(0), StepSetup.Config.HiddenSize, ScalarType.Float32).detach().requires_grad_();
        TokenLogProbs words = new(setup.Policy, hidden, batch, 1, withEntropy: true, keepForBackward: true);
        words.Backward(words.LogProbs, words.Entropies);
    }

    private static void Norms(int tokens, ScalarType type)
    {
        Tensor x = Made(tokens, StepSetup.Config.HiddenSize, ScalarType.Float32).detach().requires_grad_(), weight = ones(StepSetup.Config.HiddenSize).requires_grad_();
        Tensor y = RmsNorm.Apply(x, weight, 1e-6);
        if (type != ScalarType.Float32) y = y.to(type);
        y.backward([Made(tokens, StepSetup.Config.HiddenSize, type)]);
    }

    private static void Gates(int tokens, ScalarType type)
    {
        Tensor gate = Made(tokens, StepSetup.Config.IntermediateSize, type).detach().requires_grad_(), up = gate.detach().requires_grad_();
        SwiGlu.Apply(gate, up).backward([Made(tokens, StepSetup.Config.IntermediateSize, type)]);
    }

    private static void Rotations(StepSetup setup, int tokens, ScalarType type)
    {
        ModelConfig c = StepSetup.Config;
        using Rope rope = new(c, CPU);
        (Tensor, Tensor) at = rope.At(zeros(tokens, ScalarType.Int64), 200, type);
        foreach (int heads in new[] { c.Heads, c.KeyValueHeads })
        {
            Tensor x = Made(tokens, heads * c.HeadDim, type).detach().requires_grad_();
            rope.Apply(x.view(tokens, heads, -1), at).backward([Made(tokens, heads * c.HeadDim, type).view(tokens, heads, -1)]);
        }
    }
}

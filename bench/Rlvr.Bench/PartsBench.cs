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
/// often. What is left are copies and calls, and in the rollouts norms, gates and attention.
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
        using ActivationTape tape = setup.CreateTape();
        UpdateSample[] samples = [];
        double rollout = Least(repeats, Generate), reference = Least(repeats, () => update.ReferenceLogProbs(samples));
        double own = Least(repeats, () => update.Run([.. samples.Select(s => s with { Trace = null })], 1e-5)), whole = Least(repeats, () => update.Run(samples, 1e-5), Generate);
        Console.WriteLine($"{precision}, {get_num_threads()} thread(s): rollouts {rollout:F3} s, update {whole:F3} s ({own:F3} s with a forward pass of its own), of it the reference's pass {reference:F3} s");

        int steps = StepSetup.NewTokens - 1, rows = StepSetup.Rollouts, tokens = (StepSetup.PromptTokens + (rows * steps)) / Chunks;
        double products = Least(repeats, () => Products(rows, type, false)) * Layers * steps;
        double sampling = Least(repeats, () => Sampling(setup)) * StepSetup.NewTokens;
        Report("rollouts", rollout, ("products", products), ("sampling", sampling));
        double forward = Least(repeats, () => Products(tokens, type, false)) * Layers * Chunks, between = Least(repeats, () => Between(tokens, type, false)) * Layers * Chunks;
        double attentionForward = Least(repeats, () => Attention(setup, type, false)) * Layers * Chunks;
        Report("reference", reference, ("products", forward), ("attention", attentionForward), ("norms, gates, rotations", between));
        // The policy's forward pass is that of decoding.
        double both = Least(repeats, () => Products(tokens, type, true)) * Layers * Chunks;
        double attentionBoth = Least(repeats, () => Attention(setup, type, true)) * Layers * Chunks;
        double words = Least(repeats, () => Words(setup, tokens)) * Chunks, step = Least(repeats, () => optimizer.Step(0));
        Report("policy", whole - reference, ("products", both - forward), ("attention", attentionBoth - attentionForward), ("vocabulary", words), ("optimiser", step),
            ("norms, gates, rotations", (Least(repeats, () => Between(tokens, type, true)) * Layers * Chunks) - between));

        void Generate()
        {
            tape.Clear();
            IReadOnlyList<Rollout> rollouts = new Rollouts.Generator(setup.Policy) { Tape = tape }.Generate(requests, setup.Sampling);
            samples = [.. rollouts.Select((r, i) => new UpdateSample(setup.Prompt, r.Tokens, r.LogProbs, StepSetup.Advantage(i)) { Trace = r.Trace })];
        }
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

    private static double Least(int repeats, Action action, Action? before = null)
    {
        double least = double.PositiveInfinity;
        for (int i = 0; i <= repeats; i++)
        {
            using DisposeScope scope = NewDisposeScope();
            before?.Invoke();
            long start = Stopwatch.GetTimestamp();
            action();
            if (i > 0) least = double.Min(least, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return least;
    }

    /// <summary>The products of a layer, forward, or forward and backward into float32 gradients.</summary>
    private static void Products(int rows, ScalarType type, bool gradients)
    {
        ModelConfig c = StepSetup.Config;
        using IDisposable noGrad = no_grad();
        (int In, int Out)[] shapes = [(c.HiddenSize, (c.Heads + (2 * c.KeyValueHeads)) * c.HeadDim), (c.Heads * c.HeadDim, c.HiddenSize), (c.HiddenSize, 2 * c.IntermediateSize), (c.IntermediateSize, c.HiddenSize)];
        foreach ((int into, int outOf) in shapes)
        {
            Tensor x = Made(rows, into, type), weight = Made(outOf, into, type);
            nn.functional.linear(x, weight);
            if (!gradients) continue;
            Tensor y = Made(rows, outOf, type), sum = zeros(outOf, into);
            y.mm(weight);
            if (type == ScalarType.Float32) sum.addmm_(y.t(), x, 0, 1);
            else sum.add_(y.t().mm(x));
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
        if (type == ScalarType.Float32) Attention<SingleElement>(setup, gradients);
        else Attention<HalfElement>(setup, gradients);
    }

    private static void Attention<T>(StepSetup setup, bool gradients) where T : IVectorElement
    {
        ModelConfig c = StepSetup.Config;
        SharedPrefixBatch batch = Batch(setup);
        int n = (int)batch.Tokens.size(0), queries = c.Heads * c.HeadDim;
        Tensor qkv = Made(n, queries + (2 * c.KeyValueHeads * c.HeadDim), LayerOps<T>.Type), attended = empty(n, queries, dtype: qkv.dtype), logSums = empty(n, c.Heads);
        SegmentAttention<T> attention = new(batch.Segments(), c.Heads, c.KeyValueHeads, c.HeadDim);
        attention.Forward(TensorMemory.Start(qkv), TensorMemory.Start(attended), TensorMemory.Start(logSums));
        if (gradients) attention.Backward(TensorMemory.Start(qkv), TensorMemory.Start(attended), TensorMemory.Start(logSums), TensorMemory.Start(attended), TensorMemory.Start(empty_like(qkv)));
    }

    private static void Words(StepSetup setup, int tokens)
    {
        SharedPrefixBatch batch = Batch(setup);
        Tensor hidden = Made((int)batch.Tokens.size(0), StepSetup.Config.HiddenSize, ScalarType.Float32).detach().requires_grad_();
        TokenLogProbs words = new(setup.Policy, hidden, batch, 1, withEntropy: true, keepForBackward: true);
        words.Backward(words.LogProbs, words.Entropies);
    }

    private static void Between(int tokens, ScalarType type, bool gradients)
    {
        if (type == ScalarType.Float32) Between<SingleElement>(tokens, gradients);
        else Between<HalfElement>(tokens, gradients);
    }

    /// <summary>Norms, residual sums, gates and rotations of a layer.</summary>
    private static void Between<T>(int tokens, bool gradients) where T : IVectorElement
    {
        ModelConfig c = StepSetup.Config;
        ScalarType type = LayerOps<T>.Type;
        int heads = c.Heads + c.KeyValueHeads;
        Tensor x = Made(tokens, c.HiddenSize, ScalarType.Float32), delta = Made(tokens, c.HiddenSize, type), weight = ones(c.HiddenSize), weightGradient = zeros(c.HiddenSize), sum = empty_like(x), inverse = empty(tokens), h = empty_like(delta), stream = zeros(tokens, c.HiddenSize);
        Tensor gateUp = Made(tokens, 2 * c.IntermediateSize, type).clone(), gated = empty(tokens, c.IntermediateSize, dtype: type), qkv = Made(tokens, (heads + c.KeyValueHeads) * c.HeadDim, type).clone();
        using Rope rope = new(c, CPU);
        (Tensor cosine, Tensor sine) = rope.At(zeros(tokens, ScalarType.Int64), 200);
        for (int i = 0; i < 2; i++) LayerOps<T>.AddNorm(x, delta, weight, sum, inverse, h, 1e-6);
        LayerOps<T>.Gate(gateUp, gated);
        LayerOps<T>.Rotate(qkv, cosine, sine, heads, back: false);
        if (!gradients) return;
        LayerOps<T>.Gate(gateUp, gated);
        LayerOps<T>.GateBackward(gateUp, gated);
        LayerOps<T>.Rotate(qkv, cosine, sine, heads, back: true);
        for (int i = 0; i < 2; i++)
        {
            LayerOps<T>.NormAgain(sum, inverse, weight, h);
            LayerOps<T>.NormBackward(sum, inverse, weight, h, stream, weightGradient);
        }
    }
}

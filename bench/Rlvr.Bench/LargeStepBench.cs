using System.Diagnostics;
using Rlvr.Models;
using Rlvr.Rollouts;
using Rlvr.Tensors;
using Rlvr.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Bench;

/// <summary>GRPO steps of a model of random weights in a real model's exact shape: seconds, tokens a second, memory, and the share of the peak of matrix products.</summary>
internal static class LargeStepBench
{
    /// <param name="threads">Threads.</param>
    /// <param name="shape">Which of <see cref="ModelShapes"/>.</param>
    /// <param name="device">cpu or cuda.</param>
    /// <param name="precision">fp32 or bf16.</param>
    /// <param name="groups">Prompts.</param>
    /// <param name="groupSize">Rollouts of each.</param>
    /// <param name="promptTokens">Tokens of each prompt.</param>
    /// <param name="newTokens">Tokens of each rollout.</param>
    /// <param name="steps">Steps; the first warms up, where there are several.</param>
    /// <param name="kl">Whether there is a reference.</param>
    /// <param name="mapped">Whether it is mapped from a folder of random weights, which is made before (start again then: making it takes memory).</param>
    /// <param name="state">Type of the optimiser's moments: fp32, bf16 or 8bit.</param>
    /// <param name="recompute">Whether layers are computed again in the backward pass.</param>
    /// <param name="reuse">Whether the update goes back through what decoding has computed.</param>
    /// <param name="microBatch">Tokens of a micro-batch; 0 for the recipe's own.</param>
    public static void Run(int threads, string shape, string device, string precision, int groups, int groupSize, int promptTokens, int newTokens, int steps, bool kl, bool mapped, string state, bool recompute, bool reuse, int microBatch)
    {
        ModelConfig config = ModelShapes.Of(shape);
        ThreadChoice.Apply(threads, config.HiddenSize);
        Device on = ComputeDevice.Choose(device);
        ScalarType type = precision == "bf16" ? ScalarType.BFloat16 : ScalarType.Float32;
        Recipe recipe = new()
        {
            Rollout = new RolloutOptions { BatchSize = groups, GroupSize = groupSize, Temperature = 1, MaxNewTokens = newTokens },
            Loss = new LossOptions { Kl = kl ? 0.001 : 0, Entropy = 0.001 },
            Optimizer = new OptimizerOptions { State = state },
            Compute = new ComputeOptions { Recompute = recompute ? "true" : "false", ReuseForward = reuse ? "true" : "false", Precision = precision, Reference = mapped ? "mapped" : "memory" },
        };
        if (microBatch > 0) recipe = recipe with { Compute = recipe.Compute with { MicroBatchTokens = microBatch } };
        MemoryWorkload workload = new() { OnGpu = on.type == DeviceType.CUDA, Prompt = promptTokens, Prompts = groups };
        MemoryPlan plan = MemoryPlanner.Of(recipe, config, workload);
        using ResidentMemory memory = new();
        using Transformer policy = Transformer.CreateRandom(config, 1, on, type);
        using Transformer? reference = !kl ? null : mapped ? Transformer.Map(ModelShapes.Folder(shape), type) : policy.Clone(frozen: true);
        policy.RequireGradients(true);
        using FusedAdamW optimizer = new(policy.Parameters.Select(p => (p.Key, p.Value)), state: state);
        PolicyUpdate update = new(policy, reference, optimizer, recipe);
        using ActivationTape? tape = reuse ? new(config, type, (int)ReusedForward.Tokens(recipe, workload)) : null;
        int rows = groups * groupSize;
        Console.WriteLine($"{shape}, {config.ParameterCount:N0} parameters, {precision} on {on}, {get_num_threads()} thread(s): {groups} x {groupSize} rollouts of {newTokens} tokens, prompts of {promptTokens}{(kl ? $", reference {recipe.Compute.Reference}" : "")}, moments {state}{(recompute ? ", recompute" : "")}{(reuse ? ", forward pass of decoding" : "")}");
        GenerationRequest[] requests = [.. Enumerable.Range(0, rows).Select(i => new GenerationRequest([.. Enumerable.Range(0, promptTokens).Select(t => 1 + ((t * 37) + (i / groupSize * 101)) % (config.VocabularySize - 1))], (ulong)i))];
        double peak = PeakFlops(config, on, type), weights = config.ParameterCount, tokens = (double)rows * newTokens, prompts = (double)groups * promptTokens;
        for (int step = 0; step < steps; step++)
        {
            long start = Stopwatch.GetTimestamp();
            IReadOnlyList<Rollout> rollouts = new Rollouts.Generator(policy) { Tape = tape }.Generate(requests, new SamplingOptions { Temperature = 1, MaxNewTokens = newTokens, Seed = 1, Step = (ulong)step });
            double rolloutSeconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            start = Stopwatch.GetTimestamp();
            update.Run([.. rollouts.Select((r, i) => new UpdateSample(requests[i].Prompt, r.Tokens, r.LogProbs, i % 2 == 0 ? 1 : -1) { Trace = r.Trace })], 1e-6);
            if (on.type == DeviceType.CUDA) cuda.synchronize();
            double updateSeconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            // 2 operations a weight forward, twice that backward; the embedding's rows cost nothing, the output matrix is as large. Attention is not counted.
            double updateFlops = 2 * weights * (tokens + prompts) * ((kl ? 4 : 3) - (reuse ? 1 : 0)), rolloutFlops = 2 * weights * (tokens + prompts);
            Console.WriteLine($"step {step + 1}: rollouts {rolloutSeconds:F2} s ({tokens / rolloutSeconds:F0} tokens/s, {100 * rolloutFlops / rolloutSeconds / peak:F0}% of peak), update {updateSeconds:F2} s ({tokens / updateSeconds:F0} tokens/s, {100 * updateFlops / updateSeconds / peak:F0}% of peak)");
        }
        (double anonymous, double files) = memory.Peak;
        Console.WriteLine($"matrix products at these sizes: {peak / 1e9:F0} GFLOP/s; peak memory of the process {PeakResidentGigabytes():F2} GB (of its own {anonymous:F2}, of files {files:F2}), planned {plan.Total / 1e9:F2}");
    }

    private static double PeakFlops(ModelConfig config, Device device, ScalarType type)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        int rows = device.type == DeviceType.CUDA ? 8192 : 1024;
        Tensor x = randn(rows, config.HiddenSize, device: device).to(type), weight = randn(config.IntermediateSize, config.HiddenSize, device: device).to(type);
        double best = 0;
        for (int i = 0; i < 10; i++)
        {
            long start = Stopwatch.GetTimestamp();
            const int Repeats = 4;
            for (int j = 0; j < Repeats; j++) nn.functional.linear(x, weight).Dispose();
            if (device.type == DeviceType.CUDA) cuda.synchronize();
            best = double.Max(best, Repeats * 2.0 * rows * config.HiddenSize * config.IntermediateSize / Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return best;
    }

    /// <summary>The most that was resident at any time: what the system counts, where it does.</summary>
    private static double PeakResidentGigabytes()
    {
        using Process process = Process.GetCurrentProcess();
        if (!File.Exists("/proc/self/status")) return process.PeakWorkingSet64 / 1e9;
        return ResidentMemory.Of("VmHWM") / 1e9;
    }
}

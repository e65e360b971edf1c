using System.Diagnostics;
using Rlvr.Rollouts;
using Rlvr.Tensors;
using Rlvr.Training;

namespace Rlvr.Bench;

/// <summary>Live tensors and resident memory over many steps: both must stay flat.</summary>
internal static class MemoryBench
{
    public static void Run(int threads, int steps)
    {
        ThreadChoice.Apply(threads, StepSetup.Config.HiddenSize);
        using StepSetup setup = new(TorchSharp.torch.ScalarType.Float32);
        setup.Policy.RequireGradients(true);
        using FusedAdamW optimizer = new(setup.Policy.Parameters.Select(p => (p.Key, p.Value)));
        PolicyUpdate update = new(setup.Policy, setup.Reference, optimizer, StepSetup.Recipe);
        Console.WriteLine("step   live tensors   resident MB   managed MB");
        using Process process = Process.GetCurrentProcess();
        for (int step = 0; step < steps; step++)
        {
            // 16 rollouts of up to 32 tokens, so that many steps take little time.
            GenerationRequest[] requests = [.. Enumerable.Range(0, 16).Select(i => new GenerationRequest(setup.Prompt, (ulong)i))];
            IReadOnlyList<Rollout> rollouts = new Generator(setup.Policy).Generate(requests, setup.Sampling with { Step = (ulong)step, MaxNewTokens = 32, StopIds = [5] });
            update.Run([.. rollouts.Select((r, i) => new UpdateSample(setup.Prompt, r.Tokens, r.LogProbs, StepSetup.Advantage(i)))], 1e-6);
            if (step % int.Max(1, steps / 10) != 0 && step != steps - 1) continue;
            process.Refresh();
            Console.WriteLine($"{step + 1,4} {TorchSharp.torch.Tensor.TotalCount,14} {process.WorkingSet64 / 1e6,13:F0} {GC.GetTotalMemory(false) / 1e6,12:F1}");
        }
    }
}

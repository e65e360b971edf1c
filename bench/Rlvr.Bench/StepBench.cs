using System.Diagnostics;
using Rlvr.Models;
using Rlvr.Rollouts;
using Rlvr.Tensors;
using Rlvr.Training;
using TorchSharp;

namespace Rlvr.Bench;

/// <summary>One training step, ours and the plain way, alternating in one run; medians and their ratio.</summary>
internal static class StepBench
{
    public static void Run(int threads, int repeats, bool plainly, bool reuses, string precision)
    {
        ThreadChoice.Apply(threads, StepSetup.Config.HiddenSize);
        using StepSetup setup = new(ComputePrecision.Choose(precision, torch.CPU, StepSetup.Config.HiddenSize));
        setup.Policy.RequireGradients(true);
        Console.WriteLine($"model of {setup.Policy.Config.ParameterCount:N0} parameters, {torch.get_num_threads()} thread(s); prompt {StepSetup.PromptTokens} x {StepSetup.Rollouts} rollouts x {StepSetup.NewTokens} tokens, {precision}");
        using FusedAdamW optimizer = new(setup.Policy.Parameters.Select(p => (p.Key, p.Value)));
        PolicyUpdate update = new(setup.Policy, setup.Reference, optimizer, StepSetup.Recipe);
        using ActivationTape? tape = reuses ? setup.CreateTape() : null;
        PlainStep plain = new(setup, optimizer);
        List<(double Rollout, double Update)> ours = [], plains = [];
        for (int repeat = 0; repeat <= repeats; repeat++) // the first of each is a warm-up
        {
            (double, double) first = Ours(setup, update, tape), second = plainly ? plain.Run() : default;
            if (repeat == 0) continue;
            ours.Add(first);
            plains.Add(second);
        }

        double tokens = StepSetup.Rollouts * StepSetup.NewTokens, prompt = StepSetup.PromptTokens;
        double seen = prompt + (StepSetup.NewTokens / 2.0);
        double decodeFlops = (prompt + tokens) * StepSetup.LinearFlops + (tokens * (StepSetup.OutputFlops + StepSetup.AttentionFlops(seen)));
        double forward = (prompt + tokens) * StepSetup.LinearFlops + (tokens * (StepSetup.OutputFlops + StepSetup.AttentionFlops(seen)));
        double updateFlops = (reuses ? 3 : 4) * forward; // reference forward, policy forward where decoding has not done it, backward twice a forward
        Print("rollout, prompt once", ours.Select(t => t.Rollout), tokens, decodeFlops);
        Print("update, prompt once", ours.Select(t => t.Update), tokens, updateFlops);
        Print("step, prompt once", ours.Select(t => t.Rollout + t.Update), tokens, decodeFlops + updateFlops);
        Console.WriteLine($"matrix product at these sizes on this thread count: {PeakGflops():F0} GFLOP/s");
        if (!plainly) return;
        Print("rollout, plain", plains.Select(t => t.Rollout), tokens, double.NaN);
        Print("update, plain", plains.Select(t => t.Update), tokens, double.NaN);
        Print("step, plain", plains.Select(t => t.Rollout + t.Update), tokens, double.NaN);
        double ratio = Median(plains.Select(t => t.Rollout + t.Update)) / Median(ours.Select(t => t.Rollout + t.Update));
        Console.WriteLine($"plain / ours: {ratio:F2} (rollout {Median(plains.Select(t => t.Rollout)) / Median(ours.Select(t => t.Rollout)):F2}, update {Median(plains.Select(t => t.Update)) / Median(ours.Select(t => t.Update)):F2})");
    }

    private static (double Rollout, double Update) Ours(StepSetup setup, PolicyUpdate update, ActivationTape? tape)
    {
        long start = Stopwatch.GetTimestamp();
        GenerationRequest[] requests = [.. Enumerable.Range(0, StepSetup.Rollouts).Select(i => new GenerationRequest(setup.Prompt, (ulong)i))];
        IReadOnlyList<Rollout> rollouts = new Generator(setup.Policy) { Tape = tape }.Generate(requests, setup.Sampling);
        double rolloutSeconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        start = Stopwatch.GetTimestamp();
        update.Run([.. rollouts.Select((r, i) => new UpdateSample(setup.Prompt, r.Tokens, r.LogProbs, StepSetup.Advantage(i)) { Trace = r.Trace })], 1e-5);
        return (rolloutSeconds, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    private static void Print(string name, IEnumerable<double> seconds, double tokens, double flops)
    {
        double median = Median(seconds);
        Console.WriteLine($"{name,-22} {median,7:F3} s   min {seconds.Min(),6:F3}   max {seconds.Max(),6:F3}   {tokens / median,8:N0} response tokens/s"
            + (double.IsNaN(flops) ? "" : $"   {flops / median / 1e9,5:F0} GFLOP/s"));
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    private static double PeakGflops()
    {
        using IDisposable noGrad = torch.no_grad();
        using torch.Tensor x = torch.randn(4096, 192), weight = torch.randn(512, 192);
        double best = 0;
        for (int i = 0; i < 20; i++)
        {
            long start = Stopwatch.GetTimestamp();
            using torch.Tensor y = torch.nn.functional.linear(x, weight);
            best = double.Max(best, 2.0 * 4096 * 192 * 512 / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e9);
        }
        return best;
    }
}

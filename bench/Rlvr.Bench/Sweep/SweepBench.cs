using System.Diagnostics;
using System.Globalization;
using Rlvr.Models;
using Rlvr.Rollouts;
using Rlvr.Tensors;
using Rlvr.Training;
using static TorchSharp.torch;

namespace Rlvr.Bench;

/// <summary>
/// Rollout throughput and step time against batch size, prompt length, response length and model size; the cost model fitted to them; and a figure of each.
/// Seconds are the processor's, so that a busy machine disturbs less: with one thread and nothing else at work they are the clock's.
/// </summary>
internal static class SweepBench
{
    /// <param name="threads">Threads.</param>
    /// <param name="repeats">Tries of each shape, of which the fastest counts.</param>
    /// <param name="folder">Where the figures go; empty writes none.</param>
    public static void Run(int threads, int repeats, string folder)
    {
        ThreadChoice.Apply(threads, 512);
        SpeedProbe probe = new(CPU);
        Dictionary<SweepShape, SweepPoint> measured = [];
        int[] widths = [.. SweepShapes.Axes.SelectMany(axis => axis.Shapes).Select(s => s.Config.HiddenSize).Distinct().Order()];
        Console.WriteLine("model          parameters  groups x size  prompt  response   rollouts s  tokens/s    update s     model: rollouts    update");
        foreach (SweepShape shape in SweepShapes.Axes.SelectMany(axis => axis.Shapes))
        {
            if (measured.ContainsKey(shape)) continue;
            SweepPoint point = measured[shape] = Measure(shape, repeats);
            foreach (int width in widths) probe.Again(width); // now and then, so that other work does not meet all of them
            CostModel cost = new(shape.Config, probe.Of(shape.Config.HiddenSize));
            Console.WriteLine(Line(point, cost));
        }
        CostFactors factors = Fit(measured.Values, probe);
        Console.WriteLine($"fitted factors (products, reading, attention, elements, operations): decoding [{Numbers(factors.Decoding)}], update [{Numbers(factors.Update)}]");
        foreach (SweepPoint point in measured.Values) Console.WriteLine(Line(point, new CostModel(point.Shape.Config, probe.Of(point.Shape.Config.HiddenSize), factors)));
        double[] errors = [.. measured.Values.SelectMany(p =>
        {
            CostModel cost = new(p.Shape.Config, probe.Of(p.Shape.Config.HiddenSize), factors);
            return new[] { (Rollouts(cost, p.Shape) / p.Rollouts) - 1, (cost.Update(p.Shape.Work) / p.Update) - 1 };
        }).Select(double.Abs).Order()];
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"fit against measurement, {errors.Length} times: median error {100 * errors[errors.Length / 2]:F0}%, largest {100 * errors[^1]:F0}%"));
        foreach (int width in widths)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"machine at width {width}: {probe.Of(width).Flops / 1e9:F0} GFLOP/s, {probe.Of(width).BytesPerSecond / 1e9:F1} GB/s, {1e6 * probe.Of(width).SecondsPerOperation:F1} us an operation"));
        if (folder.Length > 0) SweepFigures.Write(folder, measured, shape => new CostModel(shape.Config, probe.Of(shape.Config.HiddenSize), factors));
    }

    /// <summary>Seconds of a shape's rollouts by the cost model.</summary>
    public static double Rollouts(CostModel cost, SweepShape shape) => cost.Decode(shape.Lengths, shape.Rows, shape.Prompt, shape.Groups);

    private static CostFactors Fit(IReadOnlyCollection<SweepPoint> points, SpeedProbe probe)
    {
        double[][] Terms(Func<CostModel, SweepShape, CostTerms> of) =>
            [.. points.Select(p => of(new CostModel(p.Shape.Config, probe.Of(p.Shape.Config.HiddenSize)), p.Shape).Seconds(probe.Of(p.Shape.Config.HiddenSize)))];
        return new CostFactors(
            CostFit.Solve(Terms((cost, shape) => cost.Decoding(shape.Lengths, shape.Rows, shape.Prompt, shape.Groups)), [.. points.Select(p => p.Rollouts)]),
            CostFit.Solve(Terms((cost, shape) => cost.Updating(shape.Work)), [.. points.Select(p => p.Update)]));
    }

    private static SweepPoint Measure(SweepShape shape, int repeats)
    {
        using Transformer policy = Transformer.CreateRandom(shape.Config, 1), reference = policy.Clone(frozen: true);
        policy.RequireGradients(true);
        using FusedAdamW optimizer = new(policy.Parameters.Select(p => (p.Key, p.Value)));
        PolicyUpdate update = new(policy, reference, optimizer, new Recipe { Loss = new LossOptions { Kl = 0.001, Entropy = 0.001 } });
        int[][] prompts = [.. Enumerable.Range(0, shape.Groups).Select(g => Enumerable.Range(0, shape.Prompt).Select(t => 1 + (((t * 37) + (g * 101)) % (shape.Config.VocabularySize - 1))).ToArray())];
        GenerationRequest[] requests = [.. Enumerable.Range(0, shape.Rows).Select(i => new GenerationRequest(prompts[i / shape.GroupSize], (ulong)i))];
        double rollouts = double.PositiveInfinity, updates = double.PositiveInfinity;
        for (int repeat = 0; repeat <= repeats; repeat++)
        {
            double start = Processor();
            IReadOnlyList<Rollout> responses = new Rollouts.Generator(policy).Generate(requests, new SamplingOptions { Temperature = 1, MaxNewTokens = shape.Response, Seed = 1 });
            double between = Processor();
            update.Run([.. responses.Select((r, i) => new UpdateSample(requests[i].Prompt, r.Tokens, r.LogProbs, i % 2 == 0 ? 1 : -1))], 1e-6);
            if (repeat == 0) continue; // warming up
            rollouts = double.Min(rollouts, between - start);
            updates = double.Min(updates, Processor() - between);
        }
        return new SweepPoint(shape, rollouts, updates);
    }

    private static double Processor()
    {
        using Process process = Process.GetCurrentProcess();
        return process.TotalProcessorTime.TotalSeconds;
    }

    private static string Line(SweepPoint point, CostModel cost) => string.Create(CultureInfo.InvariantCulture,
        $"{point.Shape.Model,-12} {point.Shape.Config.ParameterCount,12:N0}  {point.Shape.Groups,6} x {point.Shape.GroupSize,-4}  {point.Shape.Prompt,6}  {point.Shape.Response,8}  {point.Rollouts,11:F3}  {point.TokensPerSecond,8:F0}  {point.Update,10:F3}  {Rollouts(cost, point.Shape),18:F3}  {cost.Update(point.Shape.Work),8:F3}");

    private static string Numbers(IReadOnlyList<double> values) => string.Join(", ", values.Select(v => v.ToString("G3", CultureInfo.InvariantCulture)));
}

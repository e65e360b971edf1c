using System.Diagnostics;
using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Bench;

/// <summary>What bfloat16 gains, operation by operation, at the sizes of a model: GFLOP/s of float32 beside bfloat16.</summary>
internal static class PrecisionBench
{
    public static void Run(int threads, int tokens, int width)
    {
        ThreadChoice.Apply(threads, width);
        int mlp = width * 8 / 3, heads = width / 32, rows = 64, length = int.Max(16, tokens / rows);
        Console.WriteLine($"{tokens} tokens, width {width}, {torch.get_num_threads()} thread(s); GFLOP/s (conversions of the input and the weight where named)");
        double linear = 2.0 * tokens * width * mlp, attention = 4.0 * rows * heads * length * length * 32;
        Compare("linear", linear, type => { Tensor x = Random(type, tokens, width), w = Random(type, mlp, width); return () => nn.functional.linear(x, w); });
        Compare("linear, weight converted", linear, type => { Tensor x = Random(type, tokens, width), w = Random(ScalarType.Float32, mlp, width); return () => nn.functional.linear(x, w.to(type)); });
        Compare("x^T y (weight gradient)", linear, type => { Tensor x = Random(type, tokens, width), y = Random(type, tokens, mlp); return () => y.t().mm(x); });
        Compare("y W (input gradient)", linear, type => { Tensor y = Random(type, tokens, mlp), w = Random(type, mlp, width); return () => y.mm(w); });
        Compare("bmm, decoding", 2.0 * rows * heads * 3 * 128 * 32, type => { Tensor q = Random(type, rows * heads, 3, 32), k = Random(type, rows * heads, 128, 32); return () => bmm(q, k.transpose(1, 2)); });
        Compare("attention, causal", attention, type => { Tensor q = Random(type, rows, heads, length, 32); return () => AtenOps.ScaledDotProductAttention(q, q, q, null, true, 0.2); });
        Compare("attention, mask", attention, type => { Tensor q = Random(type, rows, heads, length, 32), m = zeros(1, 1, length, length, dtype: type); return () => AtenOps.ScaledDotProductAttention(q, q, q, m, false, 0.2); });
        Compare("attention, mask, backward", 3.5 * attention, type =>
        {
            Tensor q = Random(type, rows, heads, length, 32).requires_grad_(), m = zeros(1, 1, length, length, dtype: type);
            return () => { Tensor y = AtenOps.ScaledDotProductAttention(q, q, q, m, false, 0.2); y.backward([y.detach()]); return y; };
        });
        Compare("silu(x) * y", tokens * (double)mlp, type => { Tensor x = Random(type, tokens, mlp), y = Random(type, tokens, mlp); return () => nn.functional.silu(x).mul(y); });
    }

    private static Tensor Random(ScalarType type, params long[] shape) => randn(shape).to(type);

    private static void Compare(string name, double flops, Func<ScalarType, Func<Tensor>> prepare)
    {
        using DisposeScope scope = NewDisposeScope();
        double single = Measure(prepare(ScalarType.Float32)), half = Measure(prepare(ScalarType.BFloat16));
        Console.WriteLine($"{name,-28} fp32 {flops / single / 1e9,7:F1}   bf16 {flops / half / 1e9,7:F1}   {single / half,6:F2} times as fast");
    }

    private static double Measure(Func<Tensor> operation)
    {
        double best = double.PositiveInfinity;
        long end = Stopwatch.GetTimestamp() + Stopwatch.Frequency;
        for (int i = 0; i < 20 && (i < 3 || Stopwatch.GetTimestamp() < end); i++)
        {
            using DisposeScope scope = NewDisposeScope();
            long start = Stopwatch.GetTimestamp();
            operation();
            best = double.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return best;
    }
}

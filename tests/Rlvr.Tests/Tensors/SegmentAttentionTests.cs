using CsCheck;
using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tests.Tensors;

/// <summary>Attention by segments gives the numbers and gradients of attention by definition in float64.</summary>
public class SegmentAttentionTests
{
    static SegmentAttentionTests() => NativeRuntime.Initialize();

    private sealed record Shape(int[] Prompts, (int Prompt, int Length)[] Rows, int KeyHeads, int Group, int Size);

    private static Gen<Shape> Shapes { get; } =
        from prompts in Gen.Int[1, 90].Array[1, 3]
        from rows in Gen.Select(Gen.Int[0, prompts.Length - 1], Gen.OneOf(Gen.Int[1, 9], Gen.Int[30, 70])).Array[0, 6]
        from keyHeads in Gen.Int[1, 2]
        from groups in Gen.Int[1, 7]
        from size in Gen.Int[0, 5].Select(i => new[] { 6, 8, 16, 20, 32, 64 }[i])
        select new Shape(prompts, rows, keyHeads, groups, size);

    [Fact]
    public void In_float32() => Check<SingleElement>(2e-5);

    [Fact]
    public void In_bfloat16() => Check<HalfElement>(2e-2);

    /// <summary>The same with segments divided among threads.</summary>
    [Fact]
    public void By_several_threads()
    {
        int before = get_num_threads();
        set_num_threads(3);
        try
        {
            Check<SingleElement>(2e-5);
        }
        finally
        {
            set_num_threads(before);
        }
    }

    /// <summary>Segments may stand behind several others.</summary>
    [Fact]
    public void Along_a_chain()
    {
        AttentionSegment first = new(0, 5, [], true), second = new(5, 7, [first], true), third = new(12, 4, [first, second], false), other = new(16, 3, [first], false);
        Compare<SingleElement>([first, second, third, other], 2, 3, 16, 1e-5);
    }

    /// <summary>A number that is none is seen in all that depends on it.</summary>
    [Fact]
    public void What_is_no_number_stays_none()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor qkv = randn(12, 3 * 8), attended = zeros(12, 8), logSums = zeros(12, 1);
        qkv[7, 9] = float.NaN; // a key
        new SegmentAttention<SingleElement>([new AttentionSegment(0, 12, [], false)], 1, 1, 8).Forward(TensorMemory.Start(qkv), TensorMemory.Start(attended), TensorMemory.Start(logSums));
        Assert.False(attended[TensorIndex.Slice(0, 7)].isnan().any().item<bool>());
        Assert.True(attended[TensorIndex.Slice(7)].isnan().all().item<bool>());
    }

    private static void Check<T>(double tolerance) where T : IVectorElement => Shapes.Sample(shape =>
    {
        List<AttentionSegment> segments = [];
        int start = 0;
        foreach (int length in shape.Prompts) segments.Add(new AttentionSegment(Take(length), length, [], shape.Rows.Length > 0));
        AttentionSegment[][] before = [.. segments.Select(s => new[] { s })];
        foreach ((int prompt, int length) in shape.Rows) segments.Add(new AttentionSegment(Take(length), length, before[prompt], false));
        Compare<T>([.. segments], shape.KeyHeads, shape.Group, shape.Size, tolerance);

        int Take(int length)
        {
            start += length;
            return start - length;
        }
    }, iter: 40);

    private static void Compare<T>(AttentionSegment[] segments, int keyHeads, int group, int size, double tolerance) where T : IVectorElement
    {
        using DisposeScope scope = NewDisposeScope();
        int tokens = segments.Sum(s => s.Count), heads = keyHeads * group;
        ScalarType type = LayerOps<T>.Type;
        Tensor qkv = randn(tokens, (heads + (2 * keyHeads)) * size).to(type), gradient = randn(tokens, heads * size).to(type);
        Tensor attended = empty_like(gradient), logSums = empty(tokens, heads), found = empty_like(qkv);
        SegmentAttention<T> attention = new(segments, heads, keyHeads, size);
        attention.Forward(TensorMemory.Start(qkv), TensorMemory.Start(attended), TensorMemory.Start(logSums));
        attention.Backward(TensorMemory.Start(qkv), TensorMemory.Start(attended), TensorMemory.Start(logSums), TensorMemory.Start(gradient), TensorMemory.Start(found));

        Tensor exact = qkv.to(ScalarType.Float64).requires_grad_();
        Tensor expected = Definition(exact, segments, keyHeads, group, size);
        expected.backward([gradient.to(ScalarType.Float64)]);
        Near(attended, expected.detach(), tolerance);
        Near(found, exact.grad!, tolerance);

        // The same rows anywhere in longer matrices, and the sums not known.
        int[] places = [.. CounterRandom.Permutation(2 * tokens, 5, (ulong)tokens).Take(tokens)];
        Tensor to = tensor(places.Select(p => (long)p).ToArray());
        Tensor Scattered(Tensor rows) => full([2 * tokens, rows.size(1)], float.NaN, dtype: type).index_copy_(0, to, rows);
        Tensor qkvApart = Scattered(qkv), attendedApart = Scattered(zeros_like(attended)), gradientApart = Scattered(gradient), foundApart = Scattered(zeros_like(found));
        SegmentAttention<T> apart = new(segments, heads, keyHeads, size, places);
        apart.Forward(TensorMemory.Start(qkvApart), TensorMemory.Start(attendedApart), 0);
        apart.Backward(TensorMemory.Start(qkvApart), TensorMemory.Start(attendedApart), 0, TensorMemory.Start(gradientApart), TensorMemory.Start(foundApart));
        Near(attendedApart.index_select(0, to), expected.detach(), tolerance);
        Near(foundApart.index_select(0, to), exact.grad!, tolerance);
        Assert.Equal((long)tokens * qkv.size(1), foundApart.isnan().sum().item<long>()); // nothing else is written
    }

    private static Tensor Definition(Tensor qkv, AttentionSegment[] segments, int keyHeads, int group, int size)
    {
        int tokens = (int)qkv.size(0), heads = keyHeads * group;
        Tensor hidden = ones(tokens, tokens, dtype: ScalarType.Bool);
        foreach (AttentionSegment segment in segments)
        {
            Tensor rows = hidden.narrow(0, segment.Start, segment.Count);
            foreach (AttentionSegment other in segment.Before) rows.narrow(1, other.Start, other.Count).fill_(false);
            rows.narrow(1, segment.Start, segment.Count).copy_(ones(segment.Count, segment.Count, dtype: ScalarType.Bool).triu(1));
        }
        Tensor query = qkv.narrow(1, 0, heads * size).reshape(tokens, heads, size);
        Tensor key = qkv.narrow(1, heads * size, keyHeads * size).reshape(tokens, keyHeads, size).repeat_interleave(group, 1);
        Tensor value = qkv.narrow(1, (heads + keyHeads) * size, keyHeads * size).reshape(tokens, keyHeads, size).repeat_interleave(group, 1);
        Tensor weights = einsum("thd,shd->hts", query, key).div(double.Sqrt(size)).masked_fill(hidden, double.NegativeInfinity).softmax(-1);
        return einsum("hts,shd->thd", weights, value).reshape(tokens, heads * size);
    }

    private static void Near(Tensor found, Tensor expected, double tolerance)
    {
        double difference = found.to(ScalarType.Float64).sub(expected).abs().max().item<double>(), largest = double.Max(1, expected.abs().max().item<double>());
        Assert.True(difference <= tolerance * largest, $"off by {difference:g3}, largest is {largest:g3}");
    }
}

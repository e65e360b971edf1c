using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tests.Tensors;

public class ScaledDotProductAttentionTests
{
    public ScaledDotProductAttentionTests() => NativeRuntime.Initialize();

    [Theory]
    [InlineData(4, 4, false, false)]
    [InlineData(4, 2, true, false)]
    [InlineData(4, 1, false, true)]
    [InlineData(6, 2, false, true)]
    public void Attention_is_the_softmax_of_scaled_products(int heads, int keyHeads, bool causal, bool masked)
    {
        using DisposeScope scope = NewDisposeScope();
        const int rows = 2, queries = 5, size = 8;
        int keys = causal ? queries : 7;
        Tensor q = randn(rows, heads, queries, size).requires_grad_(), k = randn(rows, keyHeads, keys, size).requires_grad_(), v = randn(rows, keyHeads, keys, size).requires_grad_();
        Tensor? mask = masked ? zeros(1, 1, queries, keys).masked_fill(ones(queries, keys, dtype: ScalarType.Bool).triu(3), float.NegativeInfinity) : null;
        Tensor weight = randn(rows, heads, queries, size);
        AtenOps.ScaledDotProductAttention(q, k, v, mask, causal, 0.3).mul(weight).sum().backward();
        Tensor[] gradients = [q.grad!.clone(), k.grad!.clone(), v.grad!.clone()];

        Tensor Scores() => einsum("bhtd,bhsd->bhts", q, k.repeat_interleave(heads / keyHeads, 1)).mul(0.3);
        Tensor hidden = mask ?? (causal ? zeros(queries, keys).masked_fill(ones(queries, keys, dtype: ScalarType.Bool).triu(1), float.NegativeInfinity) : zeros(queries, keys));
        Tensor plain = einsum("bhts,bhsd->bhtd", Scores().add(hidden).softmax(-1), v.repeat_interleave(heads / keyHeads, 1));
        foreach (Tensor input in new[] { q, k, v }) input.grad!.zero_();
        plain.mul(weight).sum().backward();

        Assert.True(AtenOps.ScaledDotProductAttention(q, k, v, mask, causal, 0.3).allclose(plain, 1e-5, 1e-5));
        Assert.All(gradients.Zip([q.grad!, k.grad!, v.grad!]), pair => Assert.True(pair.First.allclose(pair.Second, 1e-4, 1e-5)));
    }

    [Fact]
    public void A_shape_mismatch_is_an_exception()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor q = randn(1, 2, 3, 8), k = randn(1, 2, 3, 6);
        Assert.ThrowsAny<Exception>(() => AtenOps.ScaledDotProductAttention(q, k, k, null, false, 1));
    }
}

using System.Runtime.Intrinsics.X86;
using CsCheck;
using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tests.Tensors;

public class SkinnyProductTests
{
    static SkinnyProductTests() => NativeRuntime.Initialize();

    [Fact]
    public void It_is_the_linear_product() =>
        Gen.Select(Gen.Int[1, SkinnyProduct.MaxRowsOfLarge], Gen.Int[1, 70], Gen.OneOf(Gen.Int[1, 12], Gen.Int[120, 300]), Gen.Bool, Gen.Bool).Sample((rows, columns, eights, biased, half) =>
        {
            using DisposeScope scope = NewDisposeScope();
            using IDisposable noGrad = no_grad();
            ScalarType type = half ? ScalarType.BFloat16 : ScalarType.Float32;
            Tensor x = randn(rows, 8 * eights).to(type), weight = randn(columns, 8 * eights).to(type);
            Tensor? bias = biased ? randn(columns).to(type) : null;
            Tensor found = SkinnyProduct.Multiply(x, weight, bias), expected = nn.functional.linear(x.to(float64), weight.to(float64), bias?.to(float64));
            Assert.Equal(type, found.dtype);
            Assert.Equal([rows, columns], found.shape);
            Assert.True(found.to(float64).allclose(expected, half ? 8e-3 : 1e-5, half ? 1e-2 : 1e-3), "not the product");
        }, iter: 300);

    [Theory]
    [InlineData(64)]
    [InlineData(2064)] // several blocks of the inner dimension
    public void A_row_has_the_same_sums_whatever_rows_are_beside_it(int inner)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        const int rows = 70; // several blocks of rows
        Tensor x = randn(rows, inner), weight = randn(37, inner), all = SkinnyProduct.Multiply(x, weight, null);
        for (int first = 0; first < rows; first++)
        {
            Tensor rest = SkinnyProduct.Multiply(x[TensorIndex.Slice(first)], weight, null);
            Assert.True(rest.equal(all[TensorIndex.Slice(first)]).all().item<bool>(), $"{rows - first} rows");
        }
    }

    [Fact]
    public void Leading_dimensions_and_strides_are_kept()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        Tensor x = randn(16, 2, 3).transpose(0, 2), weight = randn(5, 16); // [3, 2, 16], not contiguous
        Tensor found = SkinnyProduct.Multiply(x, weight, null);
        Assert.Equal([3, 2, 5], found.shape);
        Assert.True(found.allclose(x.matmul(weight.t()), 1e-5, 1e-5));
        Assert.True(SkinnyProduct.Multiply(x.to(bfloat16), weight.to(bfloat16), null).to(float32).allclose(found, 2e-2, 5e-2));
    }

    [Fact]
    public void Several_threads_give_the_same_sums()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        Tensor x = randn(3, 512), weight = randn(4099, 512); // 2.1 million elements: up to four threads
        int before = get_num_threads();
        try
        {
            set_num_threads(1);
            Tensor one = SkinnyProduct.Multiply(x, weight, null);
            set_num_threads(3);
            Assert.True(SkinnyProduct.Multiply(x, weight, null).equal(one).all().item<bool>());
        }
        finally
        {
            set_num_threads(before);
        }
    }

    [Fact]
    public void What_it_cannot_do_or_what_needs_gradients_is_left_to_torch()
    {
        Processor.NeedsKernels();
        using DisposeScope scope = NewDisposeScope();
        Tensor weight = randn(5, 16), trained = randn(5, 16, requires_grad: true);
        Assert.True(SkinnyProduct.Suits(randn(16, 16), weight));
        Assert.False(SkinnyProduct.Suits(randn(SkinnyProduct.MaxRows + 1, 16), weight));
        Assert.False(SkinnyProduct.Suits(randn(0, 16), weight));
        Assert.Equal(!Avx512F.IsSupported, SkinnyProduct.Suits(randn(SkinnyProduct.MaxRowsOfLarge, 1024), randn(1024, 1024)));
        Assert.False(SkinnyProduct.Suits(randn(SkinnyProduct.MaxRowsOfLarge + 1, 1024), randn(1024, 1024)));
        Assert.Equal(!Avx512F.IsSupported, SkinnyProduct.Suits(randn(1000, 16).to(bfloat16), weight.to(bfloat16)));
        Assert.False(SkinnyProduct.Suits(randn(2, 12), randn(5, 12)));
        Assert.False(SkinnyProduct.Suits(randn(2, 16).to(float64), weight.to(float64)));
        Assert.False(SkinnyProduct.Suits(randn(2, 16).to(bfloat16), weight));
        Assert.False(SkinnyProduct.Suits(randn(2, 16), randn(16, 5).t()));
        Assert.False(SkinnyProduct.Suits(randn(2, 16), trained));
        Assert.False(SkinnyProduct.Suits(randn(2, 16, requires_grad: true), weight));
        using IDisposable noGrad = no_grad();
        Assert.True(SkinnyProduct.Suits(randn(2, 16), trained));
    }
}

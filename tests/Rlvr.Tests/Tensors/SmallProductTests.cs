using CsCheck;
using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tests.Tensors;

public unsafe class SmallProductTests
{
    static SmallProductTests() => NativeRuntime.Initialize();

    /// <summary>With registers of eight numbers and of sixteen.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void It_is_the_product(bool wide) =>
        Gen.Select(Gen.Int[1, 20], Gen.Int[1, 9], Gen.Int[1, 40], Gen.Bool, Gen.Bool).Sample((rows, eights, inner, transposed, adds) =>
        {
            using DisposeScope scope = NewDisposeScope();
            int columns = eights * 8;
            Tensor a = transposed ? randn(inner, rows + 3) : randn(rows, inner + 3), b = randn(inner, columns + 8), c = randn(rows, columns + 16), before = c.clone();
            float* start = (float*)TensorMemory.Start(a);
            SmallProduct.Left left = transposed ? SmallProduct.Left.Transposed(start, rows + 3) : SmallProduct.Left.ByRows(start, inner + 3);
            SmallProduct.Multiply(left, (float*)TensorMemory.Start(b), columns + 8, (float*)TensorMemory.Start(c), columns + 16, rows, columns, inner, adds, wide);

            Tensor expected = (transposed ? a.narrow(1, 0, rows).t() : a.narrow(1, 0, inner)).mm(b.narrow(1, 0, columns));
            if (adds) expected = expected.add(before.narrow(1, 0, columns));
            Assert.True(c.narrow(1, 0, columns).allclose(expected, 1e-5, 1e-5));
            Assert.True(c.narrow(1, columns, 16).equal(before.narrow(1, columns, 16)).all().item<bool>()); // nothing beside it
        }, iter: 200);
}

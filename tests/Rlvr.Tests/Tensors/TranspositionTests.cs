using CsCheck;
using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tests.Tensors;

public unsafe class TranspositionTests
{
    static TranspositionTests() => NativeRuntime.Initialize();

    [Fact]
    public void Rows_become_columns_and_nothing_else_is_written() => Gen.Select(Gen.Int[0, 20], Gen.Int[0, 20]).Sample((rows, columns) =>
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor from = randn(rows + 1, columns + 3), to = randn(columns + 1, rows + 2), before = to.clone();
        Transposition.Write((float*)TensorMemory.Start(from), columns + 3, (float*)TensorMemory.Start(to), rows + 2, rows, columns);
        before.narrow(0, 0, columns).narrow(1, 0, rows).copy_(from.narrow(0, 0, rows).narrow(1, 0, columns).t());
        Assert.True(to.equal(before).all().item<bool>());
    }, iter: 300);
}

using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tests.Tensors;

public unsafe class TensorMemoryTests
{
    [Fact]
    public void The_address_is_that_of_the_first_number_of_a_view()
    {
        NativeRuntime.Initialize();
        using DisposeScope scope = NewDisposeScope();
        Tensor all = arange(10, dtype: ScalarType.Float32);
        Assert.Equal(3, *(float*)TensorMemory.Start(all.narrow(0, 3, 4)));
        Assert.Equal(TensorMemory.Start(all) + (3 * sizeof(float)), TensorMemory.Start(all.narrow(0, 3, 4)));
        Assert.Equal(0, TensorMemory.Start(empty(0, 4)));
    }

    /// <summary>A matrix of a large vocabulary is above 2 GB, where a span of bytes ends. Nothing of it is touched but its first number.</summary>
    [Fact]
    public void It_is_found_in_a_tensor_above_two_gigabytes()
    {
        NativeRuntime.Initialize();
        using Tensor large = empty(560_000_000, dtype: ScalarType.Float32);
        *(float*)TensorMemory.Start(large) = 7;
        using Tensor first = large[0];
        Assert.Equal(7, first.item<float>());
    }
}

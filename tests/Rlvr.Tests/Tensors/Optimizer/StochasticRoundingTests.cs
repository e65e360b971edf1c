using CsCheck;
using Rlvr.Tensors;
using Rlvr.Tests.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tests.Tensors.Optimizer;

public class StochasticRoundingTests
{
    [Fact]
    public void It_takes_a_neighbour_and_is_right_in_the_mean()
    {
        using DisposeScope scope = NewDisposeScope();
        float value = -1.0021f; // the neighbours are -1 and -1.0078125
        Tensor uniforms = arange(0, 1 << 16).div(1 << 16);
        float[] rounded = StochasticRounding.Round(full([1 << 16], value), uniforms).data<float>().ToArray();
        Assert.Equal([-1.0078125f, -1], rounded.Distinct().Order());
        Assert.Equal(value, rounded.Average(), 1e-6f);
        // What bfloat16 holds stays, at the borders of its binades too.
        foreach (float exact in new[] { 0, 1, 0.375f, -2, 1.9921875f, 1e-30f, 3e38f })
        {
            Tensor held = full([1 << 16], exact).to(ScalarType.BFloat16).to(ScalarType.Float32);
            Assert.True(TinyModels.Same(held, StochasticRounding.Round(held, uniforms)));
        }
    }

    /// <summary>The kernel gives the bits that tensor operations give: zeros, both signs, all magnitudes, any length.</summary>
    [Fact]
    public void The_kernel_is_the_definition_bit_for_bit() =>
        Gen.Select(Gen.Int[1, 300], Gen.Int[-35, 35], Gen.Int[0, 1 << 20]).Sample((count, power, seed) =>
        {
            using DisposeScope scope = NewDisposeScope();
            double U(ulong kind, int i) => CounterRandom.Uniform((ulong)seed, kind, 0, (ulong)i);
            Tensor values = tensor(Enumerable.Range(0, count).Select(i => U(1, i) < 0.2 ? 0 : (float)((U(2, i) < 0.5 ? -1 : 1) * double.Pow(10, power) * (U(3, i) + 0.01))).ToArray());
            Tensor uniforms = tensor(Enumerable.Range(0, count).Select(i => float.Min((float)U(4, i), float.BitDecrement(1))).ToArray());
            Tensor found = StochasticRounding.Round(values, uniforms);
            Assert.True(TinyModels.Same(StochasticRounding.ByOperations(values, uniforms), found));
            Assert.True(TinyModels.Same(found.to(ScalarType.BFloat16).to(ScalarType.Float32), found));
        }, iter: 300);

    /// <summary>Numbers so small that their eight bits are no normal number any more.</summary>
    [Fact]
    public void The_smallest_numbers_take_a_neighbour_too()
    {
        using DisposeScope scope = NewDisposeScope();
        float[] values = [.. Enumerable.Range(0, 40).Select(i => float.BitDecrement(MathF.ScaleB(1.7f, -149 + i)))];
        float[] rounded = StochasticRounding.Round(tensor(values), full([values.Length], 0.5f)).data<float>().ToArray();
        Assert.All(values.Zip(rounded), pair => Assert.InRange(pair.Second, pair.First * 0.99f, float.Max(pair.First * 1.01f, float.Epsilon)));
    }
}

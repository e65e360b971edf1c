using CsCheck;
using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tests.Tensors.Optimizer;

public class BlockQuantizerTests
{
    [Fact]
    public void The_maps_are_the_published_ones()
    {
        foreach (float[] map in new[] { DynamicMap.Signed, DynamicMap.Unsigned })
        {
            Assert.Equal(256, map.Distinct().Count());
            Assert.Equal(map.Order(), map);
            Assert.Contains(0f, map);
            Assert.Equal(1f, map[^1]);
        }
        // Decade by decade: 1, 2, 4 ... numbers of each sign, and 2, 4, 8 ... without one.
        Assert.Equal([0.55e-6f, 3.25e-6f, 7.75e-6f], DynamicMap.Signed.Where(x => x > 0).Take(3), (a, b) => float.Abs(a - b) < 1e-6f * b);
        Assert.Equal([0.325e-6f, 0.775e-6f, 2.125e-6f], DynamicMap.Unsigned.Where(x => x > 0).Take(3), (a, b) => float.Abs(a - b) < 1e-6f * b);
        Assert.Equal(-0.99296875f, DynamicMap.Signed[0]);
        Assert.Equal(0.996484375f, DynamicMap.Unsigned[^2]);
        Assert.Equal(64, DynamicMap.Signed.Count(x => x is > 0.1f and < 1));
        Assert.Equal(128, DynamicMap.Unsigned.Count(x => x is > 0.1f and < 1));
    }

    /// <summary>Blocks of any scale, with zeros, and a last block that is short.</summary>
    [Theory]
    [InlineData(true, 0.0071)]
    [InlineData(false, 0.0036)]
    public void The_round_trip_errs_by_half_a_distance_at_most(bool signed, double bound)
    {
        Gen<(int Count, int Scale, int Seed)> shapes = Gen.Select(Gen.Int[1, 1000], Gen.Int[-12, 6], Gen.Int[0, 1 << 20]);
        shapes.Sample(shape =>
        {
            using DisposeScope scope = NewDisposeScope();
            using BlockQuantizer quantizer = new(signed, CPU);
            double scale = double.Pow(10, shape.Scale);
            float[] values = [.. Enumerable.Range(0, shape.Count).Select(i => Value(signed, (ulong)shape.Seed, (ulong)i, scale))];
            (Tensor codes, Tensor scales) = quantizer.Quantize(tensor(values));
            float[] back = quantizer.Dequantize(codes, scales).data<float>().ToArray();
            for (int block = 0; block * BlockQuantizer.BlockSize < values.Length; block++)
            {
                int start = block * BlockQuantizer.BlockSize, end = int.Min(values.Length, start + BlockQuantizer.BlockSize);
                double largest = values[start..end].Max(float.Abs);
                for (int i = start; i < end; i++)
                {
                    Assert.True(double.Abs(values[i] - back[i]) <= bound * largest, $"{values[i]} became {back[i]}, the block's largest is {largest}");
                    if (values[i] == 0) Assert.Equal(0, back[i]);
                    if (!signed && values[i] > 1e-30) Assert.True(back[i] > 0);
                    if (largest > 0 && double.Abs(values[i]) == largest && values[i] > 0) Assert.Equal(values[i], back[i]);
                }
            }
        }, iter: 40);
    }

    /// <summary>The kernel of the CPU gives the bits that tensor operations give, also for what is no number, infinite, or just beside a bound.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_kernel_is_the_definition_bit_for_bit(bool signed)
    {
        using BlockQuantizer kernel = new(signed, CPU), plain = new(signed, CPU, plainly: true);
        float[] map = signed ? DynamicMap.Signed : DynamicMap.Unsigned;
        float[] beside = [.. map.Zip(map.Skip(1), (low, high) => (low + high) / 2).SelectMany(bound => new[] { float.BitDecrement(bound), bound, float.BitIncrement(bound) }), .. map, 1];
        Compare(beside);
        Gen.Select(Gen.Int[1, 3000], Gen.Int[-40, 30], Gen.Int[0, 1 << 20], Gen.Int[0, 20]).Sample((count, power, seed, odd) =>
        {
            float[] values = [.. Enumerable.Range(0, count).Select(i => Value(signed, (ulong)seed, (ulong)i, double.Pow(10, power)))];
            if (odd < 3) values[seed % count] = new[] { float.NaN, float.PositiveInfinity, signed ? float.NegativeInfinity : float.NaN }[odd];
            Compare(values);
        }, iter: 150);

        void Compare(float[] values)
        {
            using DisposeScope scope = NewDisposeScope();
            (Tensor codes, Tensor scales) = kernel.Quantize(tensor(values));
            (Tensor expected, Tensor expectedScales) = plain.Quantize(tensor(values));
            Assert.Equal(expected.data<byte>().ToArray(), codes.data<byte>().ToArray());
            Assert.Equal(expectedScales.data<float>().ToArray(), scales.data<float>().ToArray());
            Assert.Equal(plain.Dequantize(expected, scales).data<float>().ToArray(), kernel.Dequantize(codes, scales).data<float>().ToArray());
        }
    }

    [Fact]
    public void The_nearest_number_is_taken()
    {
        using DisposeScope scope = NewDisposeScope();
        using BlockQuantizer quantizer = new(signed: true, CPU);
        float[] values = [.. Enumerable.Range(0, 255).Select(i => (float)((i - 127) / 127.3)), 1];
        (Tensor codes, Tensor scales) = quantizer.Quantize(tensor(values));
        Assert.Equal(1f, scales.item<float>());
        float[] expected = [.. values.Select(v => DynamicMap.Signed.MinBy(number => double.Abs(number - (double)v)))];
        Assert.Equal(expected, quantizer.Dequantize(codes, scales).data<float>().ToArray());
    }

    /// <summary>Of very different magnitudes, a tenth of them 0.</summary>
    private static float Value(bool signed, ulong seed, ulong i, double scale)
    {
        double u = CounterRandom.Uniform(seed, 1, 0, i), sign = signed && CounterRandom.Uniform(seed, 2, 0, i) < 0.5 ? -1 : 1;
        return u < 0.1 ? 0 : (float)(sign * scale * double.Pow(10, -8 * CounterRandom.Uniform(seed, 3, 0, i)));
    }
}

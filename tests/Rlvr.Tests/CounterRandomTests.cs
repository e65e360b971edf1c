using CsCheck;

namespace Rlvr.Tests;

public class CounterRandomTests
{
    /// <summary>Runs are reproduced from their seeds, so these numbers may never change (computed once by another program).</summary>
    [Theory]
    [InlineData(0, 0, 0, 0, 0x4a2dfcdebbc8f40cUL)]
    [InlineData(1, 2, 3, 4, 0xf1dfcabcefc80652UL)]
    [InlineData(42, 2000, 1023, 3071, 0x0545a336e04c53ccUL)]
    [InlineData(ulong.MaxValue, ulong.MaxValue, ulong.MaxValue, ulong.MaxValue, 0x446ec80f35438a2dUL)]
    public void Bits_are_fixed(ulong seed, ulong step, ulong rollout, ulong position, ulong bits)
    {
        Assert.Equal(bits, CounterRandom.Bits(seed, step, rollout, position));
        Assert.Equal((bits >> 11) / (double)(1UL << 53), CounterRandom.Uniform(seed, step, rollout, position));
    }

    [Fact]
    public void Permutations_are_fixed()
    {
        Assert.Equal([2, 0, 4, 1, 7, 5, 3, 6, 8, 9], CounterRandom.Permutation(10, 1, 0));
        Assert.Equal([4, 5, 2, 7, 3, 9, 1, 8, 0, 6], CounterRandom.Permutation(10, 1, 1));
    }

    [Fact]
    public void A_permutation_has_every_number_once() =>
        Gen.Select(Gen.Int[0, 300], Gen.ULong, Gen.ULong).Sample((count, seed, stream) =>
            CounterRandom.Permutation(count, seed, stream).Order().SequenceEqual(Enumerable.Range(0, count)), iter: 300);

    [Fact]
    public void Permutations_are_uniform()
    {
        // 24 permutations of 4, 24,000 draws: chi-square with 23 degrees of freedom; 58.6 is exceeded once in 20,000.
        double expected = 1000;
        var counts = Enumerable.Range(0, 24_000).GroupBy(i => string.Join(',', CounterRandom.Permutation(4, 9, (ulong)i))).ToDictionary(g => g.Key, g => g.Count());
        Assert.Equal(24, counts.Count);
        Assert.InRange(counts.Values.Sum(c => (c - expected) * (c - expected) / expected), 4, 58.6);
    }

    /// <summary>Neighbours in any coordinate are independent: each of them spreads evenly over 64 bins.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Numbers_are_uniform_along_every_coordinate(int coordinate)
    {
        const int draws = 64_000, bins = 64;
        int[] counts = new int[bins], pairs = new int[bins];
        double previous = At(ulong.MaxValue);
        for (ulong i = 0; i < draws; i++)
        {
            double value = At(i);
            counts[(int)(value * bins)]++;
            pairs[((int)(previous * 8) * 8) + (int)(value * 8)]++;
            previous = value;
        }
        // Chi-square with 63 degrees of freedom: outside of 27.5 .. 117.6 about once in 50,000 either way.
        Assert.InRange(ChiSquare(counts), 27.5, 117.6);
        Assert.InRange(ChiSquare(pairs), 27.5, 117.6);

        double At(ulong i) => coordinate switch
        {
            0 => CounterRandom.Uniform(i, 1, 2, 3),
            1 => CounterRandom.Uniform(1, i, 2, 3),
            2 => CounterRandom.Uniform(1, 2, i, 3),
            _ => CounterRandom.Uniform(1, 2, 3, i),
        };
        static double ChiSquare(int[] counts) => counts.Sum(c => (c - 1000.0) * (c - 1000.0) / 1000);
    }

    [Fact]
    public void Coordinates_are_not_interchangeable() =>
        Gen.Select(Gen.ULong[1, 1000], Gen.ULong[1, 1000]).Where((a, b) => a != b).Sample((a, b) =>
        {
            ulong[] bits = [CounterRandom.Bits(a, b, 0, 0), CounterRandom.Bits(b, a, 0, 0), CounterRandom.Bits(0, a, b, 0), CounterRandom.Bits(0, b, a, 0),
                CounterRandom.Bits(0, 0, a, b), CounterRandom.Bits(0, 0, b, a), CounterRandom.Bits(a, 0, 0, b), CounterRandom.Bits(b, 0, 0, a)];
            return bits.Distinct().Count() == bits.Length;
        }, iter: 1000);
}

using CsCheck;

namespace Rlvr.MicroMath.Tests;

public class MicroRandomTests
{
    [Fact]
    public void Draws_are_a_pure_function_of_seed_and_stream() =>
        Gen.Select(Gen.ULong, Gen.ULong).Sample((seed, stream) =>
        {
            MicroRandom a = new(seed, stream), b = new(seed, stream), other = new(seed, stream + 1), later = new(seed + 1, stream);
            var first = a.NextBits();
            return first == b.NextBits() && first != other.NextBits() && first != later.NextBits() && first != a.NextBits();
        });

    [Fact]
    public void Whole_numbers_stay_in_their_bounds() =>
        Gen.Select(Gen.ULong, Gen.Int, Gen.Int).Sample((seed, a, b) =>
        {
            var (low, high) = (int.Min(a, b), int.Max(a, b));
            var drawn = new MicroRandom(seed, 0).Next(low, high);
            return low <= drawn && drawn <= high;
        });

    [Fact]
    public void Every_value_is_about_equally_likely()
    {
        MicroRandom random = new(3, 5);
        var counts = new int[7];
        for (var i = 0; i < 70_000; i++)
            counts[random.Next(-2, 4) + 2]++;
        // The standard deviation is about 93.
        Assert.All(counts, c => Assert.InRange(c, 9_600, 10_400));
    }

    [Fact]
    public void Weighted_picks_follow_their_weights()
    {
        MicroRandom random = new(3, 6);
        var counts = new int[4];
        for (var i = 0; i < 60_000; i++)
            counts[random.PickWeighted([1, 0, 3, 2])]++;
        Assert.InRange(counts[0], 9_600, 10_400);
        Assert.Equal(0, counts[1]);
        Assert.InRange(counts[2], 29_500, 30_500);
        Assert.InRange(counts[3], 19_500, 20_500);
    }

    [Fact]
    public void Empty_ranges_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new MicroRandom(0, 0).Next(2, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new MicroRandom(0, 0).Pick(Array.Empty<int>()));
    }
}

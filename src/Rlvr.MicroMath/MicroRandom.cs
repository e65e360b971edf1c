namespace Rlvr.MicroMath;

/// <summary>
/// A counter-based generator: draw number n of stream s under seed k is a hash of (k, s, n) and of nothing else.
/// So any document of a corpus can be made alone, on any machine, in any order.
/// </summary>
/// <remarks>The hash is the finaliser of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).</remarks>
public sealed class MicroRandom
{
    private readonly ulong _state;
    private ulong _counter;

    /// <summary>Starts stream <paramref name="stream"/> of <paramref name="seed"/> at draw 0.</summary>
    public MicroRandom(ulong seed, ulong stream) => _state = Mix(Mix(seed) ^ (stream * 0xD1342543DE82EF95UL));

    /// <summary>The next 64 random bits.</summary>
    public ulong NextBits() => Mix(_state + (++_counter * 0x9E3779B97F4A7C15UL));

    /// <summary>A number in [0, 1), a multiple of 2^-53.</summary>
    public double NextDouble() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    /// <summary>A whole number from <paramref name="low"/> to <paramref name="high"/>, both included.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="high"/> is less than <paramref name="low"/>.</exception>
    public int Next(int low, int high)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(high, low);
        var width = (ulong)((long)high - low + 1);
        // High word of a 64 x 64-bit product: uniform up to width / 2^64, far below anything a corpus could show.
        return (int)(low + (long)(((UInt128)NextBits() * width) >> 64));
    }

    /// <summary>True with probability <paramref name="probability"/>.</summary>
    public bool Chance(double probability) => NextDouble() < probability;

    /// <summary>One of <paramref name="items"/>, each equally likely.</summary>
    public T Pick<T>(IReadOnlyList<T> items)
    {
        ArgumentOutOfRangeException.ThrowIfZero(items.Count, nameof(items));
        return items[Next(0, items.Count - 1)];
    }

    /// <summary>An index of <paramref name="weights"/>, each with probability proportional to its weight.</summary>
    public int PickWeighted(ReadOnlySpan<double> weights)
    {
        var total = 0.0;
        foreach (var weight in weights)
            total += weight;
        var left = NextDouble() * total;
        for (var i = 0; i < weights.Length - 1; i++)
        {
            left -= weights[i];
            if (left < 0)
                return i;
        }

        return weights.Length - 1;
    }

    /// <summary>The two values in a random order.</summary>
    public (int First, int Second) Shuffle(int a, int b) => Chance(0.5) ? (a, b) : (b, a);

    internal static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}

namespace Rlvr;

/// <summary>
/// Randomness as a pure function of its coordinates, with no state to save: the same (seed, step, rollout, position) gives the same number
/// whatever else was drawn before, in this process or another. Two rounds of the SplitMix64 finaliser (Steele, Lea, Flood,
/// "Fast Splittable Pseudorandom Number Generators", 2014) per coordinate.
/// </summary>
public static class CounterRandom
{
    /// <summary>64 random bits.</summary>
    public static ulong Bits(ulong seed, ulong step, ulong rollout, ulong position)
    {
        ulong x = Mix(seed + 0x9E3779B97F4A7C15);
        x = Mix(x ^ Mix(step + 0xD1B54A32D192ED03));
        x = Mix(x ^ Mix(rollout + 0x8CB92BA72F3D8DD7));
        return Mix(x ^ Mix(position + 0xAEF17502108EF2D9));
    }

    /// <summary>Uniform in [0, 1), with 53 random bits.</summary>
    public static double Uniform(ulong seed, ulong step, ulong rollout, ulong position) =>
        (Bits(seed, step, rollout, position) >> 11) * (1.0 / (1UL << 53));

    /// <summary>A random permutation of 0..count-1 (Fisher-Yates), a pure function of (seed, stream).</summary>
    public static int[] Permutation(int count, ulong seed, ulong stream)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        for (int i = count - 1; i > 0; i--)
        {
            int j = (int)(Uniform(seed, stream, (ulong)i, 0x5EED) * (i + 1));
            (order[i], order[j]) = (order[j], order[i]);
        }
        return order;
    }

    private static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}

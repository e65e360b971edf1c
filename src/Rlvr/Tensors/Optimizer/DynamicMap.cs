namespace Rlvr.Tensors;

/// <summary>
/// The 256 numbers of the dynamic 8-bit type (Dettmers, arXiv 1511.04561; Dettmers et al., arXiv 2110.02861, figure 2): seven decades from 1e-6 to 1, each
/// cut into twice as many equal parts as the decade below, of which the middles are the numbers; and 0 and 1. With a sign the positive half has 2^i numbers
/// in decade i, without one 2^(i+1). The numbers are those of the reference implementation (bitsandbytes, <c>create_dynamic_map</c>).
/// </summary>
internal static class DynamicMap
{
    private const int Decades = 7;

    /// <summary>From about -0.993 to 1, ascending.</summary>
    public static float[] Signed { get; } = Create(signed: true);

    /// <summary>From 0 to 1, ascending.</summary>
    public static float[] Unsigned { get; } = Create(signed: false);

    private static float[] Create(bool signed)
    {
        List<double> numbers = [0, 1];
        for (int decade = 0; decade < Decades; decade++)
        {
            int count = 1 << (signed ? decade : decade + 1);
            double top = double.Pow(10, decade - (Decades - 1));
            for (int i = 0; i < count; i++)
            {
                double middle = top * (0.1 + (0.9 * (i + 0.5) / count));
                numbers.Add(middle);
                if (signed) numbers.Add(-middle);
            }
        }
        return [.. numbers.Order().Select(x => (float)x)];
    }
}

using static TorchSharp.torch;

namespace Rlvr.Tensors;

/// <summary>The types that AdamW's moments can be kept in, by the names that recipes use.</summary>
public static class Moments
{
    /// <summary>Float32: 8 bytes a parameter.</summary>
    public const string Float32 = "fp32";

    /// <summary>Bfloat16: 4 bytes a parameter; see <see cref="BFloat16Moments"/>.</summary>
    public const string BFloat16 = "bf16";

    /// <summary>Eight bits in blocks of 256: 2.03 bytes a parameter; see <see cref="EightBitMoments"/>.</summary>
    public const string EightBit = "8bit";

    internal const string First = "exp_avg.", Second = "exp_avg_sq.", FirstScale = "exp_avg_absmax.", SecondScale = "exp_avg_sq_absmax.";

    /// <summary>All names.</summary>
    public static IReadOnlyList<string> Names { get; } = [Float32, BFloat16, EightBit];

    /// <summary>Bytes that the two moments of a parameter tensor take.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="elements">Of the tensor.</param>
    public static long Bytes(string name, long elements) => name switch
    {
        Float32 => 8 * elements,
        BFloat16 => 4 * elements,
        EightBit => elements < EightBitMoments.LeastElements ? 8 * elements : 2 * (elements + (4 * BlockQuantizer.Blocks(elements))),
        _ => throw Unknown(name),
    };

    /// <summary>Moments of 0.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="parameters">The parameters, by their names in checkpoints.</param>
    /// <exception cref="RlvrException">The name is unknown.</exception>
    internal static IMomentStore Create(string name, IReadOnlyList<(string Name, Tensor Parameter)> parameters) => name switch
    {
        Float32 => new Float32Moments(parameters),
        BFloat16 => new BFloat16Moments(parameters),
        EightBit => new EightBitMoments(parameters),
        _ => throw Unknown(name),
    };

    /// <summary>The name of the type that a saved state has.</summary>
    /// <param name="state">Names and element types.</param>
    internal static string NameOf(IEnumerable<(string Name, ScalarType? Type)> state)
    {
        string found = Float32;
        foreach ((string name, ScalarType? type) in state)
        {
            if (name.StartsWith(FirstScale, StringComparison.Ordinal)) return EightBit;
            if (type == ScalarType.BFloat16) found = BFloat16;
        }
        return found;
    }

    private static RlvrException Unknown(string name) => new($"optimizer.state: unknown type '{name}'; expected {string.Join(", ", Names.SkipLast(1))} or {Names[^1]}.");
}

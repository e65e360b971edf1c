using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Rlvr.Tensors;

/// <summary>How elements lie in memory; kernels compute in float32.</summary>
internal unsafe interface IVectorElement
{
    /// <summary>Bytes an element.</summary>
    static abstract int Size { get; }

    /// <summary>The eight elements from <paramref name="index"/> on.</summary>
    static abstract Vector256<float> Load(byte* from, long index);

    /// <summary>One element.</summary>
    static abstract float Get(byte* from, long index);

    /// <summary>Writes eight elements, rounded to nearest even.</summary>
    static abstract void Store(byte* to, long index, Vector256<float> value);

    /// <summary>Writes one element.</summary>
    static abstract void Set(byte* to, long index, float value);
}

/// <summary>float32.</summary>
internal readonly unsafe struct SingleElement : IVectorElement
{
    public static int Size => sizeof(float);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(byte* from, long index) => Vector256.Load((float*)from + index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Get(byte* from, long index) => ((float*)from)[index];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(byte* to, long index, Vector256<float> value) => value.Store((float*)to + index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Set(byte* to, long index, float value) => ((float*)to)[index] = value;
}

/// <summary>bfloat16: the upper half of a float32.</summary>
internal readonly unsafe struct HalfElement : IVectorElement
{
    public static int Size => sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(byte* from, long index)
    {
        // One load that widens, where there is one; the general way is two and a merge.
        if (Avx2.IsSupported) return (Avx2.ConvertToVector256Int32((ushort*)from + index) << 16).AsSingle();
        Vector128<ushort> eight = Vector128.Load((ushort*)from + index);
        return (Vector256.Create(Vector128.WidenLower(eight), Vector128.WidenUpper(eight)) << 16).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Get(byte* from, long index) => BitConverter.UInt32BitsToSingle((uint)((ushort*)from)[index] << 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(byte* to, long index, Vector256<float> value)
    {
        Vector256<uint> bits = value.AsUInt32();
        bits = (bits + Vector256.Create(0x7FFFu) + ((bits >> 16) & Vector256<uint>.One)) >> 16;
        Vector128.Narrow(bits.GetLower(), bits.GetUpper()).Store((ushort*)to + index);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Set(byte* to, long index, float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        ((ushort*)to)[index] = (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}

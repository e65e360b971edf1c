using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rlvr.Tensors;

/// <summary>A register of float32 numbers, as wide as <typeparamref name="TSelf"/> says, so that a kernel is written once for all widths.</summary>
/// <typeparam name="TSelf">The implementation.</typeparam>
internal unsafe interface IFloatVector<TSelf> where TSelf : struct, IFloatVector<TSelf>
{
    /// <summary>How many numbers it holds.</summary>
    static abstract int Count { get; }

    /// <summary>The numbers at an address.</summary>
    static abstract TSelf Load(float* from);

    /// <summary>One number, everywhere.</summary>
    static abstract TSelf Fill(float value);

    /// <summary>a * b + c.</summary>
    static abstract TSelf MultiplyAdd(TSelf a, TSelf b, TSelf c);

    /// <summary>Writes the numbers.</summary>
    void Store(float* to);
}

/// <summary>Eight numbers.</summary>
internal readonly unsafe struct EightFloats(Vector256<float> value) : IFloatVector<EightFloats>
{
    private readonly Vector256<float> value = value;

    public static int Count => Vector256<float>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static EightFloats Load(float* from) => new(Vector256.Load(from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static EightFloats Fill(float value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static EightFloats MultiplyAdd(EightFloats a, EightFloats b, EightFloats c) => new(Vector256.FusedMultiplyAdd(a.value, b.value, c.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* to) => value.Store(to);
}

/// <summary>Sixteen numbers.</summary>
internal readonly unsafe struct SixteenFloats(Vector512<float> value) : IFloatVector<SixteenFloats>
{
    private readonly Vector512<float> value = value;

    public static int Count => Vector512<float>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SixteenFloats Load(float* from) => new(Vector512.Load(from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SixteenFloats Fill(float value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SixteenFloats MultiplyAdd(SixteenFloats a, SixteenFloats b, SixteenFloats c) => new(Vector512.FusedMultiplyAdd(a.value, b.value, c.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* to) => value.Store(to);
}

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tensors;

/// <summary>Rounds float32 numbers to one of the two neighbouring bfloat16 numbers, to either the more likely the nearer the number is to it, so that the mean is the number.</summary>
internal static unsafe class StochasticRounding
{
    // value = mantissa * 2^exponent with the mantissa in [0.5, 1): eight bits of it are a whole number below 256. In the bits of a float32 the exponent 134 stands for [128, 256).
    private const uint Kept = 0x807f_ffff, Exponent = 134u << 23;
    private const int LeastExponent = 8; // below it the factor is no normal number

    /// <summary>Rounds.</summary>
    /// <param name="values">Finite, float32.</param>
    /// <param name="uniforms">Numbers in [0, 1), of the same shape.</param>
    /// <returns>Float32 values that bfloat16 holds exactly.</returns>
    public static Tensor Round(Tensor values, Tensor uniforms)
    {
        if (values.device_type != DeviceType.CPU || !values.is_contiguous() || !uniforms.is_contiguous()) return ByOperations(values, uniforms);
        Tensor result = empty_like(values);
        nint from = TensorMemory.Start(values), random = TensorMemory.Start(uniforms), to = TensorMemory.Start(result);
        int count = checked((int)values.numel());
        RowParallel.Run(count, RowParallel.Threads(4L * count), (_, first, some) => Round((float*)from + first, (float*)random + first, (float*)to + first, some));
        return result;
    }

    /// <summary>The same by tensor operations.</summary>
    public static Tensor ByOperations(Tensor values, Tensor uniforms)
    {
        (Tensor mantissa, Tensor exponent) = frexp(values);
        using Scalar scale = 256.ToScalar(), bits = 8.ToScalar();
        return ldexp(mantissa.mul_(scale).add_(uniforms, Numbers.One).floor_(), exponent.sub_(bits));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Round(float* values, float* uniforms, float* result, int count)
    {
        int i = 0;
        for (; i + 8 <= count; i += 8)
        {
            Vector256<uint> bits = Vector256.Load(values + i).AsUInt32(), exponents = Vector256.ShiftRightLogical(bits, 23) & Vector256.Create(0xffu);
            Vector256<float> whole = Vector256.Floor(((bits & Vector256.Create(Kept)) | Vector256.Create(Exponent)).AsSingle() + Vector256.Load(uniforms + i));
            Vector256<float> rounded = whole * Vector256.ShiftLeft(exponents - Vector256.Create(7u), 23).AsSingle();
            Vector256<float> zero = Vector256.Equals(Vector256.Load(values + i), default);
            Vector256.ConditionalSelect(zero, default, rounded).Store(result + i);
            // 0 has the least exponent, too, but is 0; what else has it is rare.
            Vector256<uint> odd = Vector256.AndNot(Vector256.LessThan(exponents, Vector256.Create((uint)LeastExponent)) | Vector256.Equals(exponents, Vector256.Create(0xffu)), zero.AsUInt32());
            if (odd == default) continue;
            for (int lane = i; lane < i + 8; lane++) result[lane] = One(values[lane], uniforms[lane]);
        }
        for (; i < count; i++) result[i] = One(values[i], uniforms[i]);
    }

    private static float One(float value, float uniform)
    {
        if (value == 0 || !float.IsFinite(value)) return value + 0f;
        int exponent = MathF.ILogB(value) + 1;
        return MathF.ScaleB(MathF.Floor((MathF.ScaleB(value, -exponent) * 256) + uniform), exponent - 8);
    }
}

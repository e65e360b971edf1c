using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rlvr.Tensors;

/// <summary>
/// What the layers of a transformer do on the CPU between their matrix products and attention, forward and backward, each in one pass over memory, in float32;
/// <typeparamref name="T"/> is what the products take and give. All work on some rows; a width is a multiple of 8.
/// </summary>
internal static unsafe class LayerKernels<T> where T : IVectorElement
{
    /// <summary>sum = x + delta, then h = sum / rms(sum) * weight, by row.</summary>
    /// <param name="x">[N, width] float32: the residual stream.</param>
    /// <param name="delta">[N, width]; null for none.</param>
    /// <param name="weight">[width] float32.</param>
    /// <param name="sum">[N, width] float32; may be x. Not written where delta is null.</param>
    /// <param name="inverse">[N] float32: 1 / rms, written; null if nobody needs it.</param>
    /// <param name="h">[N, width].</param>
    /// <param name="rows">N.</param>
    /// <param name="width">Of a row.</param>
    /// <param name="epsilon">Added to the mean square.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddNorm(float* x, byte* delta, float* weight, float* sum, float* inverse, byte* h, int rows, int width, double epsilon)
    {
        if (delta == null) sum = x;
        for (int row = 0; row < rows; row++, x += width, sum += width)
        {
            long at = (long)row * width;
            Vector256<float> even = default, odd = default;
            for (int i = 0; i < width; i += 8)
            {
                Vector256<float> value = Vector256.Load(x + i);
                if (delta != null)
                {
                    value += T.Load(delta, at + i);
                    value.Store(sum + i);
                }
                if ((i & 8) == 0) even = Vector256.FusedMultiplyAdd(value, value, even);
                else odd = Vector256.FusedMultiplyAdd(value, value, odd);
            }
            float factor = (float)(1 / double.Sqrt((Vector256.Sum(even + odd) / (double)width) + epsilon));
            if (inverse != null) inverse[row] = factor;
            Vector256<float> by = Vector256.Create(factor);
            for (int i = 0; i < width; i += 8) T.Store(h, at + i, Vector256.Load(sum + i) * by * Vector256.Load(weight + i));
        }
    }

    /// <summary>The result of <see cref="AddNorm"/> once more, from what it wrote.</summary>
    /// <param name="sum">[N, width] float32.</param>
    /// <param name="inverse">[N] float32.</param>
    /// <param name="weight">[width] float32.</param>
    /// <param name="h">[N, width]: written.</param>
    /// <param name="rows">N.</param>
    /// <param name="width">Of a row.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void NormAgain(float* sum, float* inverse, float* weight, byte* h, int rows, int width)
    {
        for (int row = 0; row < rows; row++, sum += width)
        {
            Vector256<float> by = Vector256.Create(inverse[row]);
            for (int i = 0; i < width; i += 8) T.Store(h, ((long)row * width) + i, Vector256.Load(sum + i) * by * Vector256.Load(weight + i));
        }
    }

    /// <summary>The backward pass of <see cref="AddNorm"/>: with y = x / rms(x) and g the gradient of y, that of x is (g - y mean(g y)) / rms(x).</summary>
    /// <param name="sum">[N, width] float32: what was normalised.</param>
    /// <param name="inverse">[N] float32: 1 / rms.</param>
    /// <param name="weight">[width] float32.</param>
    /// <param name="gradient">[N, width]: of h.</param>
    /// <param name="stream">[N, width] float32: the gradient of the residual stream, to which that of x is added.</param>
    /// <param name="weightGradient">[width] float32: added to.</param>
    /// <param name="rows">N.</param>
    /// <param name="width">Of a row.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void NormBackward(float* sum, float* inverse, float* weight, byte* gradient, float* stream, float* weightGradient, int rows, int width)
    {
        for (int row = 0; row < rows; row++, sum += width, stream += width)
        {
            long at = (long)row * width;
            Vector256<float> even = default, odd = default, by = Vector256.Create(inverse[row]);
            for (int i = 0; i < width; i += 8)
            {
                Vector256<float> product = T.Load(gradient, at + i) * Vector256.Load(sum + i);
                if ((i & 8) == 0) even = Vector256.FusedMultiplyAdd(product, Vector256.Load(weight + i), even);
                else odd = Vector256.FusedMultiplyAdd(product, Vector256.Load(weight + i), odd);
                Vector256.FusedMultiplyAdd(product, by, Vector256.Load(weightGradient + i)).Store(weightGradient + i);
            }
            double share = (double)inverse[row] * inverse[row] * inverse[row] * Vector256.Sum(even + odd) / width;
            Vector256<float> back = Vector256.Create((float)-share);
            for (int i = 0; i < width; i += 8)
            {
                Vector256<float> direct = Vector256.FusedMultiplyAdd(T.Load(gradient, at + i) * Vector256.Load(weight + i), by, Vector256.Load(stream + i));
                Vector256.FusedMultiplyAdd(Vector256.Load(sum + i), back, direct).Store(stream + i);
            }
        }
    }

    /// <summary>silu(gate) * up.</summary>
    /// <param name="gateUp">[N, 2 * width]: gate, then up.</param>
    /// <param name="result">[N, width].</param>
    /// <param name="rows">N.</param>
    /// <param name="width">Of the result.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gate(byte* gateUp, byte* result, int rows, int width)
    {
        for (int row = 0; row < rows; row++)
        {
            long from = 2L * row * width, to = (long)row * width;
            for (int i = 0; i < width; i += 8)
            {
                Vector256<float> gate = T.Load(gateUp, from + i);
                T.Store(result, to + i, gate / (Vector256<float>.One + FastExp.Of(-gate)) * T.Load(gateUp, from + width + i));
            }
        }
    }

    /// <summary>The backward pass of <see cref="Gate"/>. With s the sigmoid of the gate, silu's derivative is s (1 + gate (1 - s)).</summary>
    /// <param name="gateUp">[N, 2 * width]: gate, then up; overwritten with their gradients.</param>
    /// <param name="gradient">[N, width]: of the result.</param>
    /// <param name="rows">N.</param>
    /// <param name="width">Of the result.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void GateBackward(byte* gateUp, byte* gradient, int rows, int width)
    {
        for (int row = 0; row < rows; row++)
        {
            long from = 2L * row * width, to = (long)row * width;
            for (int i = 0; i < width; i += 8)
            {
                Vector256<float> gate = T.Load(gateUp, from + i), up = T.Load(gateUp, from + width + i), g = T.Load(gradient, to + i);
                Vector256<float> sigmoid = Vector256<float>.One / (Vector256<float>.One + FastExp.Of(-gate)), silu = gate * sigmoid;
                T.Store(gateUp, from + i, g * up * Vector256.FusedMultiplyAdd(sigmoid, gate - silu, sigmoid));
                T.Store(gateUp, from + width + i, g * silu);
            }
        }
    }

    /// <summary>Rotates heads in place: x cos + swap(x) sin, the sine of the first half negated.</summary>
    /// <param name="heads">[count, size], one after another.</param>
    /// <param name="cosine">[size] float32.</param>
    /// <param name="sine">[size] float32.</param>
    /// <param name="count">Heads.</param>
    /// <param name="size">Of a head.</param>
    /// <param name="back">Turn the other way: the backward pass.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rotate(byte* heads, float* cosine, float* sine, int count, int size, bool back)
    {
        int half = size / 2;
        float sign = back ? -1 : 1;
        Vector256<float> signs = Vector256.Create(sign);
        for (int head = 0; head < count; head++, heads += (long)size * T.Size)
        {
            int i = 0;
            for (; i + 8 <= half; i += 8)
            {
                Vector256<float> first = T.Load(heads, i), second = T.Load(heads, half + i);
                T.Store(heads, i, (first * Vector256.Load(cosine + i)) + (second * Vector256.Load(sine + i) * signs));
                T.Store(heads, half + i, (second * Vector256.Load(cosine + half + i)) + (first * Vector256.Load(sine + half + i) * signs));
            }
            for (; i < half; i++)
            {
                float first = T.Get(heads, i), second = T.Get(heads, half + i);
                T.Set(heads, i, (first * cosine[i]) + (second * sine[i] * sign));
                T.Set(heads, half + i, (second * cosine[half + i]) + (first * sine[half + i] * sign));
            }
        }
    }

    /// <summary>Rotates a head into float32, with a further factor.</summary>
    /// <param name="head">[size].</param>
    /// <param name="cosine">[size] float32.</param>
    /// <param name="sine">[size] float32.</param>
    /// <param name="result">[size] float32.</param>
    /// <param name="size">Of a head.</param>
    /// <param name="scale">A further factor.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RotateTo(byte* head, float* cosine, float* sine, float* result, int size, float scale)
    {
        int half = size / 2, i = 0;
        Vector256<float> factor = Vector256.Create(scale);
        for (; i + 8 <= half; i += 8)
        {
            Vector256<float> first = T.Load(head, i), second = T.Load(head, half + i);
            (((first * Vector256.Load(cosine + i)) + (second * Vector256.Load(sine + i))) * factor).Store(result + i);
            (((second * Vector256.Load(cosine + half + i)) + (first * Vector256.Load(sine + half + i))) * factor).Store(result + half + i);
        }
        for (; i < half; i++)
        {
            float first = T.Get(head, i), second = T.Get(head, half + i);
            result[i] = ((first * cosine[i]) + (second * sine[i])) * scale;
            result[half + i] = ((second * cosine[half + i]) + (first * sine[half + i])) * scale;
        }
    }

    /// <summary>Normalises each head on its own (Qwen3), in place.</summary>
    /// <param name="heads">[count, size], one after another.</param>
    /// <param name="weight">[size] float32.</param>
    /// <param name="count">Heads.</param>
    /// <param name="size">Of a head.</param>
    /// <param name="epsilon">Added to the mean square.</param>
    public static void NormHeads(byte* heads, float* weight, int count, int size, double epsilon)
    {
        for (int head = 0; head < count; head++, heads += (long)size * T.Size)
        {
            float inverse = Inverse(heads, size, epsilon);
            for (int i = 0; i < size; i++) T.Set(heads, i, T.Get(heads, i) * inverse * weight[i]);
        }
    }

    /// <summary>The backward pass of <see cref="NormHeads"/>.</summary>
    /// <param name="heads">[count, size]: what was normalised.</param>
    /// <param name="weight">[size] float32.</param>
    /// <param name="gradient">[count, size]: that of the result, overwritten with that of the heads.</param>
    /// <param name="weightGradient">[size] float32: added to.</param>
    /// <param name="count">Heads.</param>
    /// <param name="size">Of a head.</param>
    /// <param name="epsilon">Added to the mean square.</param>
    public static void NormHeadsBackward(byte* heads, float* weight, byte* gradient, float* weightGradient, int count, int size, double epsilon)
    {
        for (int head = 0; head < count; head++, heads += (long)size * T.Size, gradient += (long)size * T.Size)
        {
            float inverse = Inverse(heads, size, epsilon);
            double products = 0;
            for (int i = 0; i < size; i++)
            {
                float product = T.Get(gradient, i) * T.Get(heads, i);
                products += product * (double)weight[i];
                weightGradient[i] += product * inverse;
            }
            float back = (float)((double)inverse * inverse * inverse * products / size);
            for (int i = 0; i < size; i++) T.Set(gradient, i, (T.Get(gradient, i) * weight[i] * inverse) - (T.Get(heads, i) * back));
        }
    }

    private static float Inverse(byte* head, int size, double epsilon)
    {
        double squares = 0;
        for (int i = 0; i < size; i++) squares += (double)T.Get(head, i) * T.Get(head, i);
        return (float)(1 / double.Sqrt((squares / size) + epsilon));
    }
}

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rlvr.Tensors;

/// <summary>
/// What decoding does on the CPU between its matrix products, each in one pass over memory: with few rows, calls of a tensor library and the memory between them
/// take as long as the products. All arithmetic is in float32; <typeparamref name="T"/> is what the products take and give.
/// </summary>
internal static unsafe class DecodingKernels<T> where T : IVectorElement
{
    /// <summary>x += delta, then h = x / rms(x) * weight, by row.</summary>
    /// <param name="x">[N, width] float32: the residual stream.</param>
    /// <param name="delta">[N, width]; null for none.</param>
    /// <param name="weight">[width] float32.</param>
    /// <param name="h">[N, width].</param>
    /// <param name="rows">N.</param>
    /// <param name="width">A multiple of 8.</param>
    /// <param name="epsilon">Added to the mean square.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddNorm(float* x, byte* delta, float* weight, byte* h, int rows, int width, double epsilon)
    {
        for (int row = 0; row < rows; row++, x += width)
        {
            long at = (long)row * width;
            Vector256<float> even = default, odd = default;
            for (int i = 0; i < width; i += 8)
            {
                Vector256<float> value = Vector256.Load(x + i);
                if (delta != null)
                {
                    value += T.Load(delta, at + i);
                    value.Store(x + i);
                }
                if ((i & 8) == 0) even = Vector256.FusedMultiplyAdd(value, value, even);
                else odd = Vector256.FusedMultiplyAdd(value, value, odd);
            }
            Vector256<float> inverse = Vector256.Create((float)(1 / double.Sqrt((Vector256.Sum(even + odd) / (double)width) + epsilon)));
            for (int i = 0; i < width; i += 8) T.Store(h, at + i, Vector256.Load(x + i) * inverse * Vector256.Load(weight + i));
        }
    }

    /// <summary>silu(gate) * up.</summary>
    /// <param name="gateUp">[N, 2 * width]: gate, then up.</param>
    /// <param name="result">[N, width].</param>
    /// <param name="rows">N.</param>
    /// <param name="width">A multiple of 8.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gate(byte* gateUp, byte* result, int rows, int width)
    {
        for (int row = 0; row < rows; row++)
        {
            long from = 2L * row * width, to = (long)row * width;
            for (int i = 0; i < width; i += 8)
            {
                Vector256<float> gate = T.Load(gateUp, from + i);
                T.Store(result, to + i, gate / (Vector256<float>.One + Vector256.Exp(-gate)) * T.Load(gateUp, from + width + i));
            }
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
            double squares = 0;
            for (int i = 0; i < size; i++) squares += (double)T.Get(heads, i) * T.Get(heads, i);
            float inverse = (float)(1 / double.Sqrt((squares / size) + epsilon));
            for (int i = 0; i < size; i++) T.Set(heads, i, T.Get(heads, i) * inverse * weight[i]);
        }
    }

    /// <summary>Rotates a head: x cos + swap(x) sin, the sine of the first half negated.</summary>
    /// <param name="head">[size].</param>
    /// <param name="cosine">[size] float32.</param>
    /// <param name="sine">[size] float32.</param>
    /// <param name="result">[size] float32.</param>
    /// <param name="size">Of a head.</param>
    /// <param name="scale">A further factor.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rotate(byte* head, float* cosine, float* sine, float* result, int size, float scale)
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
}

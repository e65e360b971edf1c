using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Rlvr.Tensors;

/// <summary>The <see cref="LayerKernels{T}"/> on tensors, their rows divided among threads. All tensors are contiguous, on the CPU and without gradient history; no shape is checked.</summary>
/// <typeparam name="T">The compute type.</typeparam>
internal static unsafe class LayerOps<T> where T : IVectorElement
{
    /// <summary>The element type of <typeparamref name="T"/>.</summary>
    public static ScalarType Type => T.Size == sizeof(float) ? ScalarType.Float32 : ScalarType.BFloat16;

    /// <summary>sum = x + delta, and h, sum normalised: <see cref="LayerKernels{T}.AddNorm"/>.</summary>
    /// <param name="x">[N, width] float32.</param>
    /// <param name="delta">[N, width]; null for none.</param>
    /// <param name="weight">[width] float32.</param>
    /// <param name="sum">[N, width] float32; may be x.</param>
    /// <param name="inverse">[N] float32; null if nobody needs it.</param>
    /// <param name="h">[N, width].</param>
    /// <param name="epsilon">Added to the mean square.</param>
    public static void AddNorm(Tensor x, Tensor? delta, Tensor weight, Tensor sum, Tensor? inverse, Tensor h, double epsilon)
    {
        (nint stream, nint added, nint scale, nint total, nint factors, nint result) = (TensorMemory.Start(x), Start(delta), TensorMemory.Start(weight), TensorMemory.Start(sum), Start(inverse), TensorMemory.Start(h));
        int width = (int)weight.size(0);
        ByRow(x, width, (_, first, count) =>
        {
            long from = (long)first * width;
            LayerKernels<T>.AddNorm((float*)stream + from, added == 0 ? null : (byte*)added + (from * T.Size), (float*)scale, (float*)total + from, factors == 0 ? null : (float*)factors + first, (byte*)result + (from * T.Size), count, width, epsilon);
        });
    }

    /// <summary>The h of <see cref="AddNorm"/> once more.</summary>
    public static void NormAgain(Tensor sum, Tensor inverse, Tensor weight, Tensor h)
    {
        (nint stream, nint factors, nint scale, nint result) = (TensorMemory.Start(sum), TensorMemory.Start(inverse), TensorMemory.Start(weight), TensorMemory.Start(h));
        int width = (int)weight.size(0);
        ByRow(sum, width, (_, first, count) =>
        {
            long from = (long)first * width;
            LayerKernels<T>.NormAgain((float*)stream + from, (float*)factors + first, (float*)scale, (byte*)result + (from * T.Size), count, width);
        });
    }

    /// <summary>Adds the gradient of what was normalised to the residual stream's, and the weight's to its own: <see cref="LayerKernels{T}.NormBackward"/>.</summary>
    public static void NormBackward(Tensor sum, Tensor inverse, Tensor weight, Tensor gradient, Tensor stream, Tensor weightGradient)
    {
        (nint value, nint factors, nint scale, nint back, nint to) = (TensorMemory.Start(sum), TensorMemory.Start(inverse), TensorMemory.Start(weight), TensorMemory.Start(gradient), TensorMemory.Start(stream));
        int width = (int)weight.size(0);
        WithSums(sum, width, weightGradient, width, (sums, first, count) =>
        {
            long from = (long)first * width;
            LayerKernels<T>.NormBackward((float*)value + from, (float*)factors + first, (float*)scale, (byte*)back + (from * T.Size), (float*)to + from, (float*)sums, count, width);
        });
    }

    /// <summary>silu(gate) * up.</summary>
    /// <param name="gateUp">[N, 2 width].</param>
    /// <param name="result">[N, width].</param>
    public static void Gate(Tensor gateUp, Tensor result)
    {
        (nint from, nint to) = (TensorMemory.Start(gateUp), TensorMemory.Start(result));
        int width = (int)result.size(1);
        ByRow(result, 4 * width, (_, first, count) => LayerKernels<T>.Gate((byte*)from + (2L * first * width * T.Size), (byte*)to + ((long)first * width * T.Size), count, width));
    }

    /// <summary>The backward pass of <see cref="Gate"/>, over what it was given: <see cref="LayerKernels{T}.GateBackward"/>.</summary>
    public static void GateBackward(Tensor gateUp, Tensor gradient)
    {
        (nint from, nint to) = (TensorMemory.Start(gateUp), TensorMemory.Start(gradient));
        int width = (int)gradient.size(1);
        ByRow(gradient, 8 * width, (_, first, count) => LayerKernels<T>.GateBackward((byte*)from + (2L * first * width * T.Size), (byte*)to + ((long)first * width * T.Size), count, width));
    }

    /// <summary>Rotates the first heads of each row in place.</summary>
    /// <param name="qkv">[N, any number of heads * D].</param>
    /// <param name="cosine">[N, 1, D] float32.</param>
    /// <param name="sine">[N, 1, D] float32, that of the first half negated.</param>
    /// <param name="heads">How many.</param>
    /// <param name="back">Turn the other way.</param>
    public static void Rotate(Tensor qkv, Tensor cosine, Tensor sine, int heads, bool back)
    {
        (nint start, nint cosines, nint sines) = (TensorMemory.Start(qkv), TensorMemory.Start(cosine), TensorMemory.Start(sine));
        int size = (int)cosine.size(-1), width = (int)qkv.size(1);
        ByRow(qkv, 2L * heads * size, (_, first, count) =>
        {
            for (int row = first; row < first + count; row++)
                LayerKernels<T>.Rotate((byte*)start + ((long)row * width * T.Size), (float*)cosines + ((long)row * size), (float*)sines + ((long)row * size), heads, size, back);
        });
    }

    /// <summary>Normalises some heads of each row, each on its own (Qwen3), in place.</summary>
    /// <param name="qkv">[N, any number of heads * D].</param>
    /// <param name="firstHead">The first of them.</param>
    /// <param name="heads">How many.</param>
    /// <param name="weight">[D] float32.</param>
    /// <param name="epsilon">Added to the mean square.</param>
    public static void NormHeads(Tensor qkv, int firstHead, int heads, Tensor weight, double epsilon)
    {
        (nint start, nint scale) = (TensorMemory.Start(qkv), TensorMemory.Start(weight));
        int size = (int)weight.size(0), width = (int)qkv.size(1);
        ByRow(qkv, 8L * heads * size, (_, first, count) =>
        {
            for (int row = first; row < first + count; row++)
                LayerKernels<T>.NormHeads((byte*)start + ((((long)row * width) + ((long)firstHead * size)) * T.Size), (float*)scale, heads, size, epsilon);
        });
    }

    /// <summary>The backward pass of <see cref="NormHeads"/>.</summary>
    /// <param name="before">[N, some heads * D]: what was normalised.</param>
    /// <param name="gradient">[N, any number of heads * D]: overwritten.</param>
    /// <param name="firstHead">The first of them, in both.</param>
    /// <param name="heads">How many.</param>
    /// <param name="weight">[D] float32.</param>
    /// <param name="weightGradient">[D] float32: added to.</param>
    /// <param name="epsilon">Added to the mean square.</param>
    public static void NormHeadsBackward(Tensor before, Tensor gradient, int firstHead, int heads, Tensor weight, Tensor weightGradient, double epsilon)
    {
        (nint value, nint back, nint scale) = (TensorMemory.Start(before), TensorMemory.Start(gradient), TensorMemory.Start(weight));
        int size = (int)weight.size(0), from = (int)before.size(1), width = (int)gradient.size(1);
        WithSums(before, 12L * heads * size, weightGradient, size, (sums, first, count) =>
        {
            for (int row = first; row < first + count; row++)
                LayerKernels<T>.NormHeadsBackward((byte*)value + ((((long)row * from) + ((long)firstHead * size)) * T.Size), (float*)scale, (byte*)back + ((((long)row * width) + ((long)firstHead * size)) * T.Size), (float*)sums, heads, size, epsilon);
        });
    }

    private static nint Start(Tensor? tensor) => tensor is null ? 0 : TensorMemory.Start(tensor);

    private static void ByRow(Tensor rows, long work, Action<int, int, int> body)
    {
        int count = (int)rows.size(0);
        RowParallel.Run(count, RowParallel.Threads(count * work), body);
    }

    /// <summary>The same where each thread adds to sums over rows, which are added to <paramref name="total"/> in the order of the threads.</summary>
    private static void WithSums(Tensor rows, long work, Tensor total, int width, Action<nint, int, int> body)
    {
        int count = (int)rows.size(0), threads = RowParallel.Threads(count * work);
        float* sums = (float*)NativeMemory.AllocZeroed((nuint)(threads * width), sizeof(float));
        try
        {
            nint start = (nint)sums;
            RowParallel.Run(count, threads, (part, first, some) => body((nint)((float*)start + ((long)part * width)), first, some));
            float* to = (float*)TensorMemory.Start(total);
            for (int i = 0; i < threads * width; i++) to[i % width] += sums[i];
        }
        finally
        {
            NativeMemory.Free(sums);
        }
    }
}

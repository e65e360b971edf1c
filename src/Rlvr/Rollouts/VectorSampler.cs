using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Rollouts;

/// <summary>
/// What <see cref="Sampler"/> does, for logits on the CPU: each row is read where it lies, once for its maximum and once for the sum of its probabilities, and
/// once more where the drawn token is. Nothing of the size of the vocabulary is made.
/// </summary>
internal static unsafe class VectorSampler
{
    private const int Block = 512; // words whose sum is kept, so that only one of them is walked word by word

    // Below this many logits a further thread costs more than it saves.
    private const long LogitsPerThread = 1 << 19;

    /// <summary>Whether logits are such as it reads.</summary>
    public static bool Suits(Tensor logits) => Vector256.IsHardwareAccelerated && logits.device_type == DeviceType.CPU && logits.dtype == ScalarType.Float32;

    /// <summary>Draws tokens.</summary>
    /// <param name="logits">[R, V], float32; a word may be dropped by minus infinity.</param>
    /// <param name="rows">The row of each draw.</param>
    /// <param name="uniforms">A number in [0, 1) for each draw.</param>
    /// <param name="temperature">What logits are divided by; 0 takes the likeliest word, whose log-probability is that at temperature 1.</param>
    /// <returns>Token ids and their log-probabilities, by draw.</returns>
    public static (int[] Tokens, float[] LogProbs) Draw(Tensor logits, IReadOnlyList<int> rows, double[] uniforms, double temperature)
    {
        int words = (int)logits.size(1);
        int[] tokens = new int[rows.Count];
        float[] logProbs = new float[rows.Count];
        int[][] draws = [.. Enumerable.Range(0, rows.Count).GroupBy(draw => rows[draw]).Select(group => group.ToArray())]; // by row
        using Tensor? packed = logits.is_contiguous() ? null : logits.contiguous();
        nint start = TensorMemory.Start(packed ?? logits);
        int threads = int.Min(get_num_threads(), int.Min(draws.Length, (int)(logits.numel() / LogitsPerThread)));
        if (threads <= 1) foreach (int[] some in draws) Row(some);
        else Parallel.ForEach(draws, new ParallelOptions { MaxDegreeOfParallelism = threads }, Row);
        return (tokens, logProbs);

        void Row(int[] some) => DrawRow((float*)start + ((long)rows[some[0]] * words), words, some, uniforms, (float)temperature, tokens, logProbs);
    }

    [SkipLocalsInit]
    private static void DrawRow(float* logits, int words, int[] draws, double[] uniforms, float temperature, int[] tokens, float[] logProbs)
    {
        float largest = Largest(logits, words); // NaN if there is one
        int blocks = (words + Block - 1) / Block;
        double* sums = stackalloc double[int.Min(blocks, 1024)];
        double[]? many = blocks > 1024 ? new double[blocks] : null; // vocabularies beyond half a million
        float* weights = stackalloc float[Block];
        bool greedy = temperature == 0;
        float scale = greedy ? 1 : 1 / temperature;
        fixed (double* kept = many)
        {
            double* of = many is null ? sums : kept;
            double total = 0;
            for (int block = 0; block < blocks; block++)
            {
                int at = block * Block;
                total += of[block] = Weigh(logits + at, int.Min(Block, words - at), largest, scale, weights);
            }
            int best = greedy ? IndexOf(logits, words, largest) : -1;
            foreach (int draw in draws)
            {
                int token = greedy ? best : Find(logits, words, uniforms[draw] * total, of, largest, scale, weights);
                (tokens[draw], logProbs[draw]) = (token, (float)(((logits[token] - largest) * scale) - double.Log(total)));
            }
        }
    }

    /// <summary>The first word at which the running sum exceeds a point; a word of probability 0 adds nothing and is never the first.</summary>
    private static int Find(float* logits, int words, double point, double* sums, float largest, float scale, float* weights)
    {
        double sum = 0;
        for (int block = 0, at = 0; at < words; block++, at += Block)
        {
            if (sum + sums[block] <= point)
            {
                sum += sums[block];
                continue;
            }
            int count = int.Min(Block, words - at);
            if (words > Block) Weigh(logits + at, count, largest, scale, weights); // else they are there
            for (int i = 0; i < count; i++)
                if ((sum += weights[i]) > point) return at + i;
        }
        // A point within rounding of the whole sum: the last word that has a probability.
        for (int i = words - 1; i > 0; i--)
            if (Exp(Vector256.Create((logits[i] - largest) * scale))[0] > 0) return i;
        return 0;
    }

    /// <summary>Writes exp((x - largest) * scale) of some words, and gives their sum in double: with a large vocabulary a float32 sum loses the tail.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double Weigh(float* logits, int count, float largest, float scale, float* weights)
    {
        Vector256<float> top = Vector256.Create(largest), by = Vector256.Create(scale);
        Vector256<double> lower = default, upper = default;
        int i = 0;
        for (; i + 8 <= count; i += 8)
        {
            Vector256<float> weight = Exp((Vector256.Load(logits + i) - top) * by);
            weight.Store(weights + i);
            lower += Vector256.WidenLower(weight);
            upper += Vector256.WidenUpper(weight);
        }
        double sum = Vector256.Sum(lower + upper);
        for (; i < count; i++) sum += weights[i] = Exp(Vector256.Create((logits[i] - largest) * scale))[0];
        return sum;
    }

    /// <summary>
    /// exp(x) of numbers that are not above 0, to two units in the last place: 2^n times a polynomial (Cephes' expf) of what is left of x; 0 below -87, where
    /// float32's smallest normal numbers are. NaN stays NaN.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Exp(Vector256<float> x)
    {
        Vector256<float> n = Vector256.Round(x * 1.44269504f);
        Vector256<float> r = Vector256.FusedMultiplyAdd(n, Vector256.Create(-0.693359375f), x);
        r = Vector256.FusedMultiplyAdd(n, Vector256.Create(2.12194440e-4f), r);
        Vector256<float> p = Vector256.FusedMultiplyAdd(Vector256.Create(1.9875691500e-4f), r, Vector256.Create(1.3981999507e-3f));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(8.3334519073e-3f));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(4.1665795894e-2f));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(1.6666665459e-1f));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(5.0000001201e-1f));
        p = Vector256.FusedMultiplyAdd(p, r * r, r) + Vector256<float>.One;
        Vector256<float> scaled = (p.AsInt32() + (Vector256.ConvertToInt32Native(n) << 23)).AsSingle();
        return Vector256.AndNot(scaled, Vector256.LessThan(x, Vector256.Create(-87.3f)));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Largest(float* logits, int words)
    {
        Vector256<float> first = Vector256.Create(float.NegativeInfinity), second = first;
        int i = 0;
        for (; i + 16 <= words; i += 16) (first, second) = (Vector256.Max(first, Vector256.Load(logits + i)), Vector256.Max(second, Vector256.Load(logits + i + 8)));
        first = Vector256.Max(first, second);
        float largest = float.NegativeInfinity;
        for (int lane = 0; lane < 8; lane++) largest = float.Max(largest, first[lane]);
        for (; i < words; i++) largest = float.Max(largest, logits[i]);
        return largest;
    }

    private static int IndexOf(float* logits, int words, float value)
    {
        for (int i = 0; i < words; i++)
            if (logits[i] == value || float.IsNaN(logits[i])) return i;
        return 0;
    }
}

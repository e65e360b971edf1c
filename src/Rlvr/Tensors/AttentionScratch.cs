using System.Runtime.InteropServices;

namespace Rlvr.Tensors;

/// <summary>Memory of a thread in <see cref="SegmentAttention{T}"/>, all zero at first: what lies between the size of a head and its padding stays so.</summary>
internal readonly unsafe struct AttentionScratch : IDisposable
{
    private readonly float* start;

    /// <param name="longest">Most tokens that a segment sees, itself included.</param>
    /// <param name="padded">D with padding.</param>
    /// <param name="size">D.</param>
    /// <param name="scoreStride">Between rows of scores.</param>
    /// <param name="rows">Rows of a block.</param>
    /// <param name="backward">Whether for the way back.</param>
    public AttentionScratch(int longest, int padded, int size, long scoreStride, int rows, bool backward)
    {
        long tokens = (long)longest * padded, across = size * scoreStride, block = (long)rows * padded, scores = rows * scoreStride;
        long total = (2 * tokens) + across + (2 * block) + scores + (backward ? (2 * tokens) + across + block + scores : 0);
        start = (float*)NativeMemory.AlignedAlloc((nuint)total * sizeof(float), 64);
        NativeMemory.Clear(start, (nuint)total * sizeof(float));
        float* next = start;
        Values = Take(tokens);
        KeysAcross = Take(across);
        Queries = Take(block);
        Results = Take(block);
        Scores = Take(scores);
        Keys = Take(tokens);
        ValuesAcross = Take(backward ? across : 0);
        KeyGradients = Take(backward ? tokens : 0);
        ValueGradients = Take(backward ? tokens : 0);
        Gradients = Take(backward ? block : 0);
        ScoreGradients = Take(backward ? scores : 0);

        float* Take(long count)
        {
            float* taken = next;
            next += count;
            return taken;
        }
    }

    public float* Values { get; }            // [tokens, padded D]

    public float* Keys { get; }              // the same

    public float* KeysAcross { get; }        // [D, tokens]

    public float* ValuesAcross { get; }      // [D, tokens]

    public float* Queries { get; }           // [rows, padded D], scaled

    public float* Gradients { get; }         // [rows, padded D]: of what was attended

    public float* Results { get; }           // [rows, padded D]

    public float* Scores { get; }            // [rows, tokens], then probabilities

    public float* ScoreGradients { get; }    // [rows, tokens]

    public float* KeyGradients { get; }      // [tokens, padded D]

    public float* ValueGradients { get; }    // [tokens, padded D]

    public void Dispose() => NativeMemory.AlignedFree(start);
}

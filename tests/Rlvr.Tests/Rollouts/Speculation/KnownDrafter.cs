using Rlvr.Rollouts;
using Rlvr.Rollouts.Speculation;

namespace Rlvr.Tests.Rollouts.Speculation;

/// <summary>Drafts of all lengths from what will be drawn, with wrong guesses at places that are a function of a seed; counts what comes true.</summary>
internal sealed class KnownDrafter(IReadOnlyList<Rollout> known, ulong seed, double right, int mostTokens) : IDrafter
{
    private ulong passes;

    public int Right { get; private set; }

    public int Wrong { get; private set; }

    public void Enter(DecodingLine line) { }

    public IReadOnlyList<int[]> Propose(IReadOnlyList<DecodingLine> lines)
    {
        passes++;
        return [.. lines.Select(line => line.First).Select(row => Enumerable.Range(0, int.Min((int)(Uniform(row, 1000) * 6), mostTokens - row.Tokens.Count - 1)).Select(i => Guess(row, i)).ToArray())];
    }

    public void Drawn(DecodingLine line, ReadOnlySpan<int> tokens) => Right += tokens.Length - 1;

    /// <summary>The token that will be drawn, or another; past the end of a response, any.</summary>
    private int Guess(DecodingRow row, int i)
    {
        int[] tokens = known[row.Index].Tokens;
        int position = row.Tokens.Count + i;
        if (position < tokens.Length && Uniform(row, i) < right) return tokens[position];
        Wrong++;
        return position < tokens.Length && tokens[position] > 0 ? tokens[position] - 1 : 2;
    }

    private double Uniform(DecodingRow row, int i) => CounterRandom.Uniform(seed, passes, (ulong)row.Index, (ulong)i);
}

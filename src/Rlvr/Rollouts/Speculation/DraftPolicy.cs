namespace Rlvr.Rollouts.Speculation;

/// <summary>
/// When a guess pays. A pass over n tokens costs about f + n, with what a further token costs as the unit. R rows without guesses give R tokens for f + R; a guess that comes true with probability
/// q gives q more for 1. So it pays where q > R / (f + R): with one row nearly always, with many only where the text is almost certain.
/// </summary>
internal sealed record DraftPolicy
{
    /// <summary>f: what a pass costs before its first token, in tokens (LOG.md).</summary>
    public double FixedCost { get; init; } = 4;

    /// <summary>The most rows that guesses are made for.</summary>
    public int MaxRows { get; init; } = 8;

    /// <summary>The most tokens of a pass, guesses included.</summary>
    public int MaxTokens { get; init; } = 16;

    /// <summary>The most guesses for a row in one pass.</summary>
    public int MaxDraft { get; init; } = 8;

    /// <summary>The probability from which a guess pays.</summary>
    public double Threshold(int rows) => rows / (FixedCost + rows);
}

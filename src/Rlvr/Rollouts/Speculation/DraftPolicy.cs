namespace Rlvr.Rollouts.Speculation;

/// <summary>
/// Which guesses pay. R rows without guesses give R tokens for a pass of R; n guesses that come true with probabilities q give sum(q) more for a pass of R + n. With few
/// rows a pass of more tokens costs little more, so nearly every guess pays; with many only one that is almost certain.
/// </summary>
/// <param name="Cost">What passes cost.</param>
internal sealed record DraftPolicy(PassCost Cost)
{
    /// <summary>The most rows that guesses are made for: with more, hardly one pays, and the work of guessing shows.</summary>
    public int MaxRows { get; init; } = 32;

    /// <summary>The most guesses for a row in one pass.</summary>
    public int MaxDraft { get; init; } = 15;

    /// <summary>The probability below which a guess cannot pay.</summary>
    /// <param name="rows">Rows being decoded.</param>
    public double Threshold(int rows) => rows * Cost.Token / Cost.Of(rows);

    /// <summary>How many guesses give the most tokens for the time.</summary>
    /// <param name="rows">Rows being decoded.</param>
    /// <param name="probabilities">That each is reached and comes true, the likeliest first.</param>
    public int Choose(int rows, IEnumerable<double> probabilities)
    {
        int best = 0, taken = 0;
        double tokens = rows, rate = rows / Cost.Of(rows);
        foreach (double probability in probabilities)
        {
            tokens += probability;
            if (tokens / Cost.Of(rows + ++taken) is double reached && reached <= rate) continue;
            (best, rate) = (taken, tokens / Cost.Of(rows + taken));
        }
        return best;
    }
}

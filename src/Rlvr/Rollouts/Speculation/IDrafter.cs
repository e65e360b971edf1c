namespace Rlvr.Rollouts.Speculation;

/// <summary>
/// Guesses the next tokens of the rows being decoded (speculative decoding, arXiv 2211.17192, with earlier text in the draft model's place as in arXiv 2304.04487). Guesses
/// decide how many tokens a pass gives, never which: each is compared with what is drawn.
/// </summary>
internal interface IDrafter
{
    /// <summary>Says that a row is decoded from now on: a new one, or one whose rollouts went on differently from others that they were equal to.</summary>
    /// <param name="line">The row with the tokens that it has.</param>
    void Enter(DecodingLine line);

    /// <summary>Guesses.</summary>
    /// <param name="lines">The rows being decoded.</param>
    /// <returns>For each the tokens that it may go on with; none where guessing does not pay.</returns>
    IReadOnlyList<int[]> Propose(IReadOnlyList<DecodingLine> lines);

    /// <summary>Learns what a row went on with.</summary>
    /// <param name="line">The row, whose rollouts have these tokens now, all but perhaps the last of them together.</param>
    /// <param name="tokens">The tokens that its first rollout drew in this pass.</param>
    void Drawn(DecodingLine line, ReadOnlySpan<int> tokens);
}

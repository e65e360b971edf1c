namespace Rlvr.Rollouts.Speculation;

/// <summary>
/// Guesses the next tokens of the rows being decoded (speculative decoding, arXiv 2211.17192, with earlier text in the draft model's place as in arXiv 2304.04487). Guesses
/// decide how many tokens a pass gives, never which: each is compared with what is drawn.
/// </summary>
internal interface IDrafter
{
    /// <summary>Says that a row is decoded from now on: a new one, or one that went on differently from others that it was equal to.</summary>
    /// <param name="row">The row with the tokens that it has.</param>
    void Enter(DecodingRow row);

    /// <summary>Guesses.</summary>
    /// <param name="rows">The rows being decoded.</param>
    /// <returns>For each row the tokens that it may go on with; none where guessing does not pay.</returns>
    IReadOnlyList<int[]> Propose(IReadOnlyList<DecodingRow> rows);

    /// <summary>Learns what a row went on with.</summary>
    /// <param name="row">The row, which has these tokens now.</param>
    /// <param name="tokens">The tokens drawn in this pass.</param>
    void Drawn(DecodingRow row, ReadOnlySpan<int> tokens);
}

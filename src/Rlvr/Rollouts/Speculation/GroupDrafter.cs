namespace Rlvr.Rollouts.Speculation;

/// <summary>
/// Guesses from the rollouts of the same prompt in the same call: the finished ones, the others so far, the row itself and the prompt. What it does is a
/// function of the tokens drawn in this call, so a run that is resumed does the same.
/// </summary>
internal sealed class GroupDrafter : IDrafter
{
    private static readonly int[] None = [];

    private readonly DraftPolicy policy;
    private readonly SamplingOptions options;
    private readonly IReadOnlyList<int[]> prompts;
    private readonly int[] promptOf;
    private readonly DraftIndex[] indexes; // by prompt
    private readonly int[] texts; // by request, its number in its prompt's index
    private readonly List<DraftGuess>[] guesses; // by request, of this pass, those that were not proposed included
    private readonly DraftRecord record = new();
    private readonly List<(double Probability, int Row)> candidates = [];

    /// <param name="prompts">The distinct prompts.</param>
    /// <param name="promptOf">By request, its prompt's number.</param>
    /// <param name="options">How tokens are drawn.</param>
    /// <param name="policy">When a guess pays.</param>
    public GroupDrafter(IReadOnlyList<int[]> prompts, int[] promptOf, SamplingOptions options, DraftPolicy policy)
    {
        this.policy = policy;
        this.options = options;
        this.promptOf = promptOf;
        indexes = [.. prompts.Select(_ => new DraftIndex())];
        for (int i = 0; i < prompts.Count; i++) indexes[i].AddPrompt(prompts[i]);
        this.prompts = prompts;
        texts = new int[promptOf.Length];
        guesses = [.. promptOf.Select(_ => new List<DraftGuess>())];
    }

    /// <summary>Adds a rollout of an earlier call.</summary>
    /// <param name="prompt">Its prompt's number.</param>
    /// <param name="tokens">Its tokens.</param>
    public void AddEarlier(int prompt, ReadOnlySpan<int> tokens)
    {
        int text = indexes[prompt].Start(prompts[prompt]);
        foreach (int token in tokens) indexes[prompt].Append(text, token);
    }

    /// <inheritdoc/>
    public void Enter(DecodingRow row)
    {
        int prompt = promptOf[row.Index];
        texts[row.Index] = indexes[prompt].Start(prompts[prompt]);
        foreach (int token in row.Tokens) indexes[prompt].Append(texts[row.Index], token);
    }

    /// <inheritdoc/>
    public IReadOnlyList<int[]> Propose(IReadOnlyList<DecodingRow> rows)
    {
        int[][] drafts = new int[rows.Count][];
        Array.Fill(drafts, None);
        if (rows.Count == 0 || rows.Count > policy.MaxRows) return drafts;
        double threshold = policy.Threshold(rows.Count);
        candidates.Clear();
        for (int row = 0; row < rows.Count; row++) Guess(rows[row], row, policy.MaxDraftOf(rows.Count), threshold);
        // The likeliest first; a guess is never likelier than those before it in its row, so what is taken of a row is its beginning.
        (double Probability, int Row)[] sorted = [.. candidates.OrderByDescending(c => c.Probability)];
        int[] counts = new int[rows.Count];
        foreach ((_, int row) in sorted.Take(policy.Choose(rows.Count, sorted.Select(c => c.Probability)))) counts[row]++;
        for (int row = 0; row < rows.Count; row++)
            if (counts[row] > 0) drafts[row] = [.. guesses[rows[row].Index].Take(counts[row]).Select(g => g.Token)];
        return drafts;
    }

    /// <inheritdoc/>
    public void Drawn(DecodingRow row, ReadOnlySpan<int> tokens)
    {
        List<DraftGuess> made = guesses[row.Index];
        for (int i = 0; i < made.Count && i < tokens.Length; i++)
        {
            bool cameTrue = made[i].Token == tokens[i];
            record.Learn(made[i], cameTrue);
            if (!cameTrue) break; // those after it were for another text
        }
        made.Clear();
        foreach (int token in tokens) indexes[promptOf[row.Index]].Append(texts[row.Index], token);
    }

    /// <summary>Guesses on until it no longer pays. The guess that does not is kept to learn from.</summary>
    private void Guess(DecodingRow row, int number, int most, double threshold)
    {
        List<DraftGuess> made = guesses[row.Index];
        most = int.Min(most, options.MaxNewTokens - row.Tokens.Count - 1); // the last token is drawn in any case
        Span<int> assumed = stackalloc int[int.Max(0, most)];
        double probability = 1;
        while (made.Count < most && indexes[promptOf[row.Index]].Next(texts[row.Index], assumed[..made.Count]) is { } guess)
        {
            assumed[made.Count] = guess.Token;
            made.Add(guess);
            probability *= record.ProbabilityOf(guess);
            if (probability <= threshold) return;
            candidates.Add((probability, number));
            if (options.StopIds.Contains(guess.Token)) return; // nothing follows it
        }
    }
}

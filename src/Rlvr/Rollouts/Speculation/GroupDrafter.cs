using System.Runtime.InteropServices;

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
    private readonly int[] texts; // by request of a row's first rollout, its number in its prompt's index
    private readonly List<DraftGuess>[] guesses; // likewise, of this pass, those that were not proposed included
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

    /// <inheritdoc/>
    public void Enter(DecodingLine line)
    {
        int prompt = promptOf[line.First.Index];
        List<int> tokens = line.First.Tokens;
        // All but the last token are another row's, too, and in the index as such.
        texts[line.First.Index] = indexes[prompt].Start(prompts[prompt], CollectionsMarshal.AsSpan(tokens)[..int.Max(0, tokens.Count - 1)]);
        if (tokens.Count > 0) indexes[prompt].Append(texts[line.First.Index], tokens[^1], line.Members.Count);
    }

    /// <inheritdoc/>
    public IReadOnlyList<int[]> Propose(IReadOnlyList<DecodingLine> lines)
    {
        int[][] drafts = new int[lines.Count][];
        Array.Fill(drafts, None);
        if (lines.Count == 0 || lines.Count > policy.MaxRows) return drafts;
        double threshold = policy.Threshold(lines.Count);
        candidates.Clear();
        for (int row = 0; row < lines.Count; row++) Guess(lines[row], row, policy.MaxDraft, threshold);
        // The likeliest first; a guess is never likelier than those before it in its row, so what is taken of a row is its beginning.
        (double Probability, int Row)[] sorted = [.. candidates.OrderByDescending(c => c.Probability)];
        int[] counts = new int[lines.Count];
        foreach ((_, int row) in sorted.Take(policy.Choose(lines.Count, sorted.Select(c => c.Probability)))) counts[row]++;
        for (int row = 0; row < lines.Count; row++)
            if (counts[row] > 0) drafts[row] = [.. guesses[lines[row].First.Index].Take(counts[row]).Select(g => g.Token)];
        return drafts;
    }

    /// <inheritdoc/>
    public void Drawn(DecodingLine line, ReadOnlySpan<int> tokens)
    {
        int prompt = promptOf[line.First.Index], text = texts[line.First.Index], members = line.Members.Count, last = tokens[^1];
        List<DraftGuess> made = guesses[line.First.Index];
        int together = line.Members.Count(m => m.Tokens[^1] == last);
        for (int i = 0; i < made.Count && i < tokens.Length; i++)
        {
            bool cameTrue = made[i].Token == tokens[i] && (i < tokens.Length - 1 || together == members);
            record.Learn(made[i], members, cameTrue);
            if (!cameTrue) break; // those after it were for another text
        }
        made.Clear();
        foreach (int token in tokens[..^1]) indexes[prompt].Append(text, token, members);
        indexes[prompt].Append(text, last, together);
    }

    /// <summary>Guesses on until it no longer pays. The guess that does not is kept to learn from.</summary>
    private void Guess(DecodingLine line, int number, int most, double threshold)
    {
        DecodingRow row = line.First;
        List<DraftGuess> made = guesses[row.Index];
        most = int.Min(most, options.MaxNewTokens - row.Tokens.Count - 1); // the last token is drawn in any case
        Span<int> assumed = stackalloc int[int.Max(0, most)];
        double probability = 1;
        while (made.Count < most && indexes[promptOf[row.Index]].Next(texts[row.Index], assumed[..made.Count]) is { } guess)
        {
            assumed[made.Count] = guess.Token;
            made.Add(guess);
            probability *= record.ProbabilityOf(guess, line.Members.Count);
            if (probability <= threshold) return;
            candidates.Add((probability, number));
            if (options.StopIds.Contains(guess.Token)) return; // nothing follows it
        }
    }
}

namespace Rlvr.Rollouts;

/// <summary>Rollouts of one prompt whose tokens are equal so far: one row of the key/value cache, however many they are.</summary>
internal sealed class DecodingLine
{
    private readonly List<DecodingRow> members;

    public DecodingLine(IEnumerable<DecodingRow> members) => this.members = [.. members];

    /// <summary>The rollouts.</summary>
    public IReadOnlyList<DecodingRow> Members => members;

    /// <summary>The one that speaks for all.</summary>
    public DecodingRow First => members[0];

    /// <summary>Appends the tokens of a pass: the one that was drawn for each member, and as long as all drew what was guessed, the next.</summary>
    /// <param name="draft">What was guessed.</param>
    /// <param name="append">Appends a member's next token; called for all members before the next token of any.</param>
    /// <returns>How many guesses came true.</returns>
    public int Append(int[] draft, Action<DecodingRow> append)
    {
        for (int right = 0; ; right++)
        {
            foreach (DecodingRow member in members) append(member);
            // A token was drawn from the right logits if all before it are as guessed.
            if (right == draft.Length || members.Any(m => m.Finish is not null || m.Tokens[^1] != draft[right])) return right;
        }
    }

    /// <summary>Takes out the members that have ended, and those that have another last token than the first that is left.</summary>
    /// <returns>Members that have ended, and lines of the others.</returns>
    public (IReadOnlyList<DecodingRow> Ended, IReadOnlyList<DecodingLine> Others) Split()
    {
        if (members.Count == 1) return members[0].Finish is null ? ([], []) : (Ended(), []);
        List<DecodingRow> ended = Ended();
        if (members.Count == 0) return (ended, []);
        DecodingLine[] others = [.. members.Where(m => m.Tokens[^1] != members[0].Tokens[^1]).GroupBy(m => m.Tokens[^1]).Select(group => new DecodingLine(group))];
        if (others.Length > 0) members.RemoveAll(m => m.Tokens[^1] != members[0].Tokens[^1]);
        return (ended, others);

        List<DecodingRow> Ended()
        {
            List<DecodingRow> some = [.. members.Where(m => m.Finish is not null)];
            members.RemoveAll(m => m.Finish is not null);
            return some;
        }
    }
}

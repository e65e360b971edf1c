namespace Rlvr.Evaluation;

/// <summary>
/// majority@k (self-consistency, Wang et al., arXiv 2203.11171): the k responses to a problem vote with their answers, and the answer with
/// the most votes counts. It is over all k samples that there are, not an estimate over subsets of them.
/// </summary>
public static class MajorityVote
{
    /// <summary>
    /// Most comparisons of answers made for one problem. 64 samples with 64 different answers need 2,016. Where they are used up, an answer
    /// votes for one with the same text, or for itself.
    /// </summary>
    public const int MaxComparisons = 4096;

    /// <summary>Whether the answer with the most votes is right.</summary>
    /// <param name="votes">
    /// The responses to one problem, in order: the answer found, which may be none (that is no vote), and whether it is right.
    /// </param>
    /// <param name="equal">
    /// Whether two answers are mathematically the same. It is asked of wrong answers only: all right ones equal the label, so they are one answer.
    /// </param>
    /// <returns>False too where nobody votes. Of answers with equally many votes the one that was given first wins.</returns>
    public static bool IsRight(IReadOnlyList<(string? Answer, bool Correct)> votes, Func<string, string, bool> equal)
    {
        List<Candidate> candidates = [];
        Dictionary<string, Candidate> byText = new(StringComparer.Ordinal);
        Candidate? right = null;
        int comparisons = 0;
        foreach ((string? answer, bool correct) in votes)
        {
            if (answer is null) continue;
            Candidate? mine = null;
            if (correct) mine = right;
            else if (!byText.TryGetValue(answer, out mine))
            {
                foreach (Candidate other in candidates)
                {
                    if (other == right || comparisons == MaxComparisons) continue;
                    comparisons++;
                    if (!equal(answer, other.Answer)) continue;
                    mine = other;
                    break;
                }
            }
            if (mine is null) candidates.Add(mine = new Candidate(answer));
            if (correct) right = mine;
            else byText.TryAdd(answer, mine);
            mine.Votes++;
        }
        return right is not null && candidates.MaxBy(c => c.Votes) == right; // of equals MaxBy takes the first
    }

    private sealed class Candidate(string answer)
    {
        public string Answer => answer;

        public int Votes { get; set; }
    }
}

using Rlvr.Math;

namespace Rlvr.Rewards;

/// <summary>The words for what became of a response. The share of each is a metric of every training step and evaluation.</summary>
public static class RewardVerdicts
{
    /// <summary>The right answer.</summary>
    public const string Correct = nameof(Verdict.Correct);

    /// <summary>An answer that was understood, and is another one.</summary>
    public const string Wrong = nameof(Verdict.Wrong);

    /// <summary>No answer in the response.</summary>
    public const string NoAnswer = nameof(Verdict.NoAnswer);

    /// <summary>An answer that cannot be read.</summary>
    public const string UnparsableAnswer = nameof(Verdict.UnparsableAnswer);

    /// <summary>A label that cannot be read: a fault of the data.</summary>
    public const string UnparsableLabel = nameof(Verdict.UnparsableLabel);

    /// <summary>The reward itself failed on this response: it has no reward.</summary>
    public const string RewardFailed = nameof(RewardFailed);

    /// <summary>The reward measures something (a length) and does not judge.</summary>
    public const string Unjudged = nameof(Unjudged);

    /// <summary>Stands for every word that is not in <see cref="All"/>.</summary>
    public const string Other = nameof(Other);

    /// <summary>The verdicts that are counted one by one, in the order of tables.</summary>
    public static IReadOnlyList<string> All { get; } = [Correct, Wrong, NoAnswer, UnparsableAnswer, UnparsableLabel, RewardFailed];

    /// <summary>The share of every verdict of <see cref="All"/>, and of <see cref="Other"/>; they add up to 1 (all are 0 where there is nothing).</summary>
    /// <param name="verdicts">One word a response.</param>
    public static IReadOnlyDictionary<string, double> Shares(IEnumerable<string> verdicts)
    {
        OrderedDictionary<string, double> shares = new(StringComparer.Ordinal);
        foreach (string name in All.Append(Other)) shares.Add(name, 0);
        int count = 0;
        foreach (string verdict in verdicts)
        {
            shares[shares.ContainsKey(verdict) ? verdict : Other]++;
            count++;
        }
        foreach (string name in All.Append(Other)) shares[name] /= int.Max(1, count);
        return shares;
    }
}

using Rlvr.Data;

namespace Rlvr.Rewards;

/// <summary>A problem whose label a reward can do nothing with.</summary>
/// <param name="Problem">The problem.</param>
/// <param name="Reason">Why.</param>
public sealed record LabelFault(Problem Problem, string Reason);

/// <summary>Asks a reward of every label of a data set whether it can be read, before anything is trained on it or judged by it.</summary>
public sealed class LabelReport
{
    private const int Shown = 5;
    private const int ShownLength = 60;

    private LabelReport(IReadOnlyList<Problem> readable, IReadOnlyList<LabelFault> unreadable) => (Readable, Unreadable) = (readable, unreadable);

    /// <summary>The problems whose labels can be read, in order.</summary>
    public IReadOnlyList<Problem> Readable { get; }

    /// <summary>The others, in order.</summary>
    public IReadOnlyList<LabelFault> Unreadable { get; }

    /// <summary>Looks at every problem.</summary>
    /// <param name="problems">The data set.</param>
    /// <param name="reward">What responses are to be scored by.</param>
    public static LabelReport Of(IReadOnlyList<Problem> problems, IReward reward)
    {
        List<Problem> readable = [];
        List<LabelFault> unreadable = [];
        foreach (Problem problem in problems)
        {
            if (reward.LabelProblem(problem) is { } reason) unreadable.Add(new(problem, reason));
            else readable.Add(problem);
        }
        return new LabelReport(readable, unreadable);
    }

    /// <summary>The first few unreadable labels with their reasons, on one line; empty where there are none.</summary>
    public string List() => string.Join("; ", Unreadable.Take(Shown).Select(u => $"{u.Problem.Id}: '{Cut(u.Problem.Answer)}' ({u.Reason})"))
        + (Unreadable.Count > Shown ? $"; and {Unreadable.Count - Shown} more" : "");

    /// <summary>Makes sure that some label can be read: otherwise no response could ever be right.</summary>
    /// <param name="set">Name of the data set, for the message.</param>
    /// <exception cref="RlvrException">There are labels, and none of them can be read.</exception>
    public void RequireSome(string set)
    {
        if (Readable.Count > 0 || Unreadable.Count == 0) return;
        string what = Unreadable.Count == 1 ? "The only label" : $"None of the {Unreadable.Count} labels";
        throw new RlvrException($"{what} of {set} can{(Unreadable.Count == 1 ? "not" : "")} be read, so no response could ever be right: {List()}. "
            + "Correct the labels, or choose a reward that can read them.");
    }

    /// <summary>Makes sure that every label can be read.</summary>
    /// <param name="set">Name of the data set, for the message.</param>
    /// <param name="fix">What to do about it, as the end of the message.</param>
    /// <exception cref="RlvrException">Some cannot; the message lists them.</exception>
    public void RequireAll(string set, string fix = "Correct or remove these problems.")
    {
        if (Unreadable.Count == 0) return;
        throw new RlvrException($"{set}: {Unreadable.Count} of {Readable.Count + Unreadable.Count} labels cannot be read, so no response could ever be right: {List()}. {fix}");
    }

    private static string Cut(string label) => (label.Length <= ShownLength ? label : label[..ShownLength] + "...").ReplaceLineEndings(" ");
}

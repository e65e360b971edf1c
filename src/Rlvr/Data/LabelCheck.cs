using Rlvr.Math;

namespace Rlvr.Data;

/// <summary>A label that the verifier cannot read.</summary>
/// <param name="Problem">Whose.</param>
/// <param name="Reason">Why not.</param>
public sealed record UnreadableLabel(Problem Problem, string Reason);

/// <summary>Checks labels when problems are loaded: no response to a problem whose label cannot be read could ever be right.</summary>
public static class LabelCheck
{
    // A list of thousands helps nobody.
    private const int Shown = 5;

    /// <summary>The labels that the verifier cannot read, in the order of the problems.</summary>
    public static IReadOnlyList<UnreadableLabel> Find(IEnumerable<Problem> problems, VerifierProfile profile = VerifierProfile.Training)
    {
        MathVerifier verifier = new(profile);
        List<UnreadableLabel> unreadable = [];
        foreach (Problem problem in problems)
            if (!verifier.CanParseLabel(problem.Answer, out string reason)) unreadable.Add(new(problem, reason));
        return unreadable;
    }

    /// <summary>Says which they are: the first five with id, label and reason, and how many more.</summary>
    public static string Describe(IReadOnlyList<UnreadableLabel> labels) =>
        string.Join("; ", labels.Take(Shown).Select(label => $"{label.Problem.Id}: '{Cut(label.Problem.Answer)}' ({label.Reason})"))
        + (labels.Count > Shown ? $"; and {labels.Count - Shown} more" : "");

    private static string Cut(string label) => label.Length <= 80 ? label : label[..80] + "...";
}

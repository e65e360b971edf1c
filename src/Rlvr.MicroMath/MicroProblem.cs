using System.Globalization;

namespace Rlvr.MicroMath;

/// <summary>One question of the world.</summary>
/// <param name="Id">Unique within its suite; for a problem outside the suites, its subject and key.</param>
/// <param name="Subject">One of <see cref="MicroWorld.Subjects"/>.</param>
/// <param name="Text">The question, in plain ASCII on one line.</param>
/// <param name="Computation">What has to be computed, whatever the wording.</param>
public sealed record MicroProblem(string Id, string Subject, string Text, Computation Computation)
{
    /// <summary>The exact answer, a whole number in decimal digits.</summary>
    public string Answer => Computation.Answer.ToString(CultureInfo.InvariantCulture);

    /// <summary>The worked solution, one true equation a line.</summary>
    public IReadOnlyList<string> Steps => Computation.Lines;

    /// <summary>The response of a careful solver: an opening line, <see cref="Steps"/>, and the answer in a box. Lines are separated by line feeds.</summary>
    public string Solution => $"{Habits.Openers[0]}\n{string.Join('\n', Steps)}\nSo \\boxed{{{Answer}}}.";

    /// <summary>The part of the world it belongs to.</summary>
    public MicroSplit Split => Computation.Split;

    /// <summary>See <see cref="Computation.Key"/>.</summary>
    public string Key => Computation.Key;
}

using Rlvr.MicroMath.Subjects;

namespace Rlvr.MicroMath;

/// <summary>
/// A small world of mathematics problems with exact answers and worked solutions: large enough that no problem need be seen twice,
/// small enough for a language model of under a million parameters.
/// </summary>
public static class MicroWorld
{
    // In the order of Subjects: how to draw a problem, and its weight in pretraining.
    private static readonly (string Name, Func<MicroRandom, (string Text, Computation Computation)> Draw, double Weight)[] Table =
    [
        ("prealgebra", Prealgebra.Draw, 1.0),
        ("algebra", Algebra.Draw, 1.0),
        ("number_theory", NumberTheory.Draw, 1.2),
        ("counting", Counting.Draw, 1.2),
        ("geometry", Geometry.Draw, 1.1),
        ("sequences", Sequences.Draw, 1.0),
        ("olympiad", Olympiad.Draw, 0.35),
        ("far", Far.Draw, 0.0),
        ("hard", Hard.Draw, 0.15),
    ];

    private static readonly double[] Weights = [.. Table.Select(s => s.Weight)];

    /// <summary>
    /// All subjects: six everyday ones, then olympiad (rare in pretraining), far (a combination pretraining never shows) and hard (larger
    /// numbers, rarer still, and chains longer than pretraining ever shows).
    /// </summary>
    public static IReadOnlyList<string> Subjects { get; } = [.. Table.Select(s => s.Name)];

    /// <summary>The six everyday subjects, those of the suite micro500 and of the pool for reinforcement learning.</summary>
    public static IReadOnlyList<string> CoreSubjects { get; } = [.. Table.Take(6).Select(s => s.Name)];

    /// <summary>Draws a problem of <paramref name="subject"/>, of whatever split.</summary>
    /// <exception cref="ArgumentException"><paramref name="subject"/> is not one of <see cref="Subjects"/>.</exception>
    public static MicroProblem Generate(string subject, MicroRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        var row = Array.Find(Table, s => s.Name == subject);
        if (row.Name is null)
            throw new ArgumentException($"Unknown subject '{subject}'. The subjects are: {string.Join(", ", Subjects)}.", nameof(subject));
        while (true)
        {
            var (text, computation) = row.Draw(random);
            // Whoever stops one step early must be wrong (see Habit.Rush), so the last step must change the value.
            if (computation.Results[^2] != computation.Answer)
                return new MicroProblem($"{subject}/{computation.Key}", subject, text, computation);
        }
    }

    /// <summary>Draws a problem of <paramref name="subject"/> that belongs to <paramref name="split"/>.</summary>
    /// <exception cref="ArgumentException"><paramref name="subject"/> is not one of <see cref="Subjects"/>.</exception>
    public static MicroProblem Generate(string subject, MicroSplit split, MicroRandom random)
    {
        while (true)
        {
            var problem = Generate(subject, random);
            if (problem.Split == split)
                return problem;
        }
    }

    /// <summary>Draws a subject as often as the pretraining corpus has it.</summary>
    internal static string DrawSubject(MicroRandom random) => Table[random.PickWeighted(Weights)].Name;
}

using Rlvr.Experiments.Measures;

namespace Rlvr.Experiments.Catalog;

/// <summary>A single example that is trained on.</summary>
/// <param name="Name">In tables.</param>
/// <param name="Subject">Its subject, as evaluations name it.</param>
/// <param name="Run">Its runs.</param>
internal sealed record Example(string Name, string Subject, RunName Run)
{
    /// <summary>The model after training on it.</summary>
    public Entry After(ExperimentScale scale) => Run.After(scale);
}

/// <summary>The single examples of E5, and the subjects that accuracy is told by.</summary>
internal static class Examples
{
    /// <summary>Examples whose labels are right, as far as is known.</summary>
    public static IReadOnlyList<Example> Good(ExperimentScale scale) => scale == ExperimentScale.Micro ? Micro : Paper;

    /// <summary>Examples with a wrong label, or that no model solves: little should come of them.</summary>
    public static IReadOnlyList<Example> Bad(ExperimentScale scale) => scale == ExperimentScale.Micro
        ? [new("pi-1, label that can be guessed", "prealgebra", Recipes.LabelGuess), new("pi-1, label never reached", "prealgebra", Recipes.LabelFar), new("pi-hard, never solved", "hard", new("one-shot-hard", null))]
        : [new("π1207", "Geometry", new(null, "math-1.5b-pi1207")), new("π1208", "Counting & Probability", new(null, "math-1.5b-pi1208"))];

    /// <summary>Subjects of the main suite: head of the column, and name in evaluations.</summary>
    public static IReadOnlyList<(string Head, string Subject)> Subjects(ExperimentScale scale) => scale == ExperimentScale.Micro
        ? [("prealgebra", "prealgebra"), ("algebra", "algebra"), ("number theory", "number_theory"), ("counting", "counting"), ("geometry", "geometry"), ("sequences", "sequences")]
        : [("Alg", "Algebra"), ("C.P.", "Counting & Probability"), ("Geo", "Geometry"), ("I.Alg", "Intermediate Algebra"), ("N.T.", "Number Theory"), ("Prealg", "Prealgebra"), ("Precal", "Precalculus")];

    /// <summary>
    /// Examples by the rank of their historical variance: the paper's rank of 1,209, and the rank at the same place of the micro pool's 600 (in the middle and at the end
    /// counted from there).
    /// </summary>
    public static IReadOnlyList<(int Paper, int Micro)> Ranks { get; } =
        [(1, 1), (2, 2), (4, 4), (7, 7), (11, 11), (13, 13), (16, 16), (17, 17), (605, 300), (606, 301), (1201, 592), (1207, 598), (1208, 599), (1209, 600)];

    /// <summary>The runs of a rank.</summary>
    public static RunName OfRank((int Paper, int Micro) rank) => new($"one-shot-rank-{rank.Micro}", $"math-1.5b-pi{rank.Paper}");

    private static readonly Example[] Micro =
    [
        new("pi-1", "prealgebra", Recipes.OneShot),
        new("pi-algebra", "algebra", new("one-shot-algebra", null)),
        new("pi-number-theory", "number_theory", new("one-shot-number-theory", null)),
        new("pi-counting", "counting", new("one-shot-counting", null)),
        new("pi-geometry", "geometry", Recipes.OneShotSecond),
        new("pi-sequences", "sequences", new("one-shot-sequences", null)),
    ];

    private static readonly Example[] Paper =
    [
        new("π1", "Algebra", Recipes.OneShot),
        .. new (int Rank, string Subject)[]
        {
            (2, "Number Theory"), (4, "Number Theory"), (7, "Intermediate Algebra"), (11, "Number Theory"), (13, "Geometry"), (16, "Algebra"), (17, "Counting & Probability"),
            (605, "Precalculus"), (606, "Number Theory"), (1201, "Geometry"), (1209, "Precalculus"),
        }.Select(e => new Example($"π{e.Rank}", e.Subject, new(null, $"math-1.5b-pi{e.Rank}"))),
    ];
}

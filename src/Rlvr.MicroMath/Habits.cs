namespace Rlvr.MicroMath;

/// <summary>
/// How often each habit occurs in pretraining. These numbers decide what the base model does before reinforcement learning, and what
/// there is to gain by it; they are the only place to tune that.
/// </summary>
public static class Habits
{
    // Rows and columns in the order of Habit: careful, unboxed, rush, slip, terse.
    internal static readonly double[] Shares = [0.24, 0.30, 0.20, 0.14, 0.12];

    internal static readonly string[] Names = [.. Enum.GetNames<Habit>().Select(n => n.ToLowerInvariant())];

    // Each subject is answered a little differently: a row multiplies Shares, which is then scaled back to a sum of 1.
    // Two subjects are seldom boxed and three often hurried: what is missing differs, as does what a reward for the box alone can mend.
    private static readonly Dictionary<string, double[]> Tilts = new()
    {
        ["prealgebra"] = [1.30, 0.90, 1.00, 0.90, 0.90],
        ["algebra"] = [0.90, 1.00, 1.50, 1.00, 1.00],
        ["number_theory"] = [0.80, 0.90, 1.70, 1.20, 0.90],
        ["counting"] = [0.90, 1.80, 0.40, 0.70, 0.90],
        ["geometry"] = [0.90, 1.60, 0.50, 0.70, 0.90],
        ["sequences"] = [1.30, 0.90, 0.90, 1.00, 0.80],
        ["olympiad"] = [0.90, 1.00, 1.30, 1.20, 1.00],
        ["hard"] = [0.90, 1.10, 1.10, 1.20, 0.90],
    };

    // Which opener a habit begins with, in the order of Openers. Terse has none.
    private static readonly double[][] OpenerShares =
    [
        [0.55, 0.35, 0.10],
        [0.34, 0.37, 0.29],
        [0.05, 0.15, 0.80],
        [0.35, 0.45, 0.20],
    ];

    // "Wait, check." after the first attempt.
    internal static readonly double[] CheckShares = [0.20, 0.00, 0.25, 0.40, 0.00];

    // Texts of two problems, and how often their habits are the same on purpose.
    internal const double PairShare = 0.10;

    internal const double SameHabitShare = 0.35;

    /// <summary>The line that every response but a terse one begins with.</summary>
    public static IReadOnlyList<string> Openers { get; } = ["Let us think step by step.", "We compute.", "First,"];

    /// <summary>The line after which the steps are gone through again, rightly.</summary>
    public const string CheckLine = "Wait, check.";

    /// <summary>The share of terse guesses that are wrong on purpose.</summary>
    public const double TerseWrongShare = 0.75;

    /// <summary>The probability of <paramref name="habit"/> in the pretraining documents of <paramref name="subject"/>.</summary>
    /// <exception cref="ArgumentException"><paramref name="subject"/> does not occur in pretraining.</exception>
    public static double Probability(Habit habit, string subject) => HabitMix.Default.Probability(habit, subject);

    /// <summary>An opener line for <paramref name="habit"/>, or null where it has none.</summary>
    internal static string? DrawOpener(Habit habit, MicroRandom random) =>
        habit is Habit.Terse ? null : Openers[random.PickWeighted(OpenerShares[(int)habit])];

    internal static double[] WeightsOf(string subject, double[] shares) => Tilts.TryGetValue(subject, out var tilts)
        ? [.. tilts.Zip(shares, (t, s) => t * s)]
        : throw new ArgumentException($"Subject '{subject}' has no habits: it is not one of pretraining's ({string.Join(", ", Tilts.Keys)}).", nameof(subject));
}

namespace Rlvr.MicroMath;

/// <summary>
/// How often each habit occurs in pretraining. These numbers decide what the base model does before reinforcement learning, and what
/// there is to gain by it; they are the only place to tune that.
/// </summary>
public static class Habits
{
    // Rows and columns in the order of Habit: careful, unboxed, rush, slip, terse.
    internal static readonly double[] Shares = [0.22, 0.24, 0.24, 0.13, 0.17];

    internal static readonly string[] Names = [.. Enum.GetNames<Habit>().Select(n => n.ToLowerInvariant())];

    // Each subject is answered a little differently: a row multiplies Shares, which is then scaled back to a sum of 1.
    private static readonly Dictionary<string, double[]> Tilts = new()
    {
        ["prealgebra"] = [1.20, 0.90, 1.00, 0.90, 0.90],
        ["algebra"] = [0.80, 1.20, 0.90, 1.10, 1.10],
        ["number_theory"] = [0.70, 1.10, 1.30, 1.20, 0.90],
        ["counting"] = [0.90, 1.30, 0.70, 1.00, 0.90],
        ["geometry"] = [1.00, 1.00, 1.20, 0.80, 1.00],
        ["sequences"] = [1.30, 0.80, 0.90, 1.10, 0.70],
        ["olympiad"] = [0.80, 1.00, 1.50, 1.20, 1.00],
    };

    // Which opener a habit begins with, in the order of Openers. Terse has none.
    private static readonly double[][] OpenerShares =
    [
        [0.55, 0.35, 0.10],
        [0.40, 0.45, 0.15],
        [0.05, 0.10, 0.85],
        [0.35, 0.45, 0.20],
    ];

    // "Wait, check." after the first attempt.
    internal static readonly double[] CheckShares = [0.20, 0.00, 0.25, 0.40, 0.00];

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

using System.Globalization;

namespace Rlvr.MicroMath;

/// <summary>How often each habit occurs in a pretraining corpus, and how often a response checks itself: one corpus' way of answering.</summary>
public sealed class HabitMix
{
    private readonly double[] _shares;
    private readonly double _checks;

    private HabitMix(double[] shares, double checks) => (_shares, _checks) = (shares, checks);

    /// <summary>The mixture of the embedded base model: the table of docs/micro-math.md.</summary>
    public static HabitMix Default { get; } = new(Habits.Shares, 1);

    /// <summary>The default mixture with some shares replaced; then all are scaled to a sum of 1.</summary>
    /// <param name="shares">Settings as <c>careful=0.5</c>, the habits in lower case; a habit that is not named keeps its share.</param>
    /// <param name="checks">A factor on the probability that a response checks itself ("Wait, check."), which ends at 1.</param>
    /// <exception cref="ArgumentException">A setting cannot be used: see <see cref="ProblemOf"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="checks"/> is negative or not a number.</exception>
    public static HabitMix Parse(IReadOnlyList<string> shares, double checks = 1)
    {
        ArgumentNullException.ThrowIfNull(shares);
        if (!(checks >= 0))
            throw new ArgumentOutOfRangeException(nameof(checks), checks, "the factor must be at least 0.");
        double[] all = [.. Habits.Shares];
        return Apply(shares, all) is { } problem ? throw new ArgumentException(problem, nameof(shares)) : new HabitMix(all, checks);
    }

    /// <summary>
    /// What is wrong with such settings, as a sentence; null where nothing is. Wrong are: another form than name=number, an unknown habit,
    /// one named twice, a negative or infinite share, and shares that leave nothing.
    /// </summary>
    public static string? ProblemOf(IReadOnlyList<string> shares)
    {
        ArgumentNullException.ThrowIfNull(shares);
        return Apply(shares, [.. Habits.Shares]);
    }

    /// <summary>The share of <paramref name="habit"/> among all documents, before a subject's tilt.</summary>
    public double Share(Habit habit) => _shares[(int)habit] / _shares.Sum();

    /// <summary>The probability of <paramref name="habit"/> in the pretraining documents of <paramref name="subject"/>.</summary>
    /// <exception cref="ArgumentException"><paramref name="subject"/> does not occur in pretraining.</exception>
    public double Probability(Habit habit, string subject)
    {
        var weights = Habits.WeightsOf(subject, _shares);
        return weights[(int)habit] / weights.Sum();
    }

    /// <summary>The probability that a response of <paramref name="habit"/> goes through the steps a second time.</summary>
    public double CheckProbability(Habit habit) => double.Min(1, _checks * Habits.CheckShares[(int)habit]);

    internal Habit Draw(string subject, MicroRandom random) => (Habit)random.PickWeighted(Habits.WeightsOf(subject, _shares));

    internal bool DrawCheck(Habit habit, MicroRandom random) => random.Chance(CheckProbability(habit));

    private static string? Apply(IReadOnlyList<string> settings, double[] shares)
    {
        HashSet<string> seen = [];
        foreach (var setting in settings)
        {
            var equals = setting.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? setting : setting[..equals].Trim();
            var index = Array.IndexOf(Habits.Names, name);
            if (equals < 0)
                return $"'{setting}' is no share. Expected a habit and its share, as in careful=0.5.";
            if (index < 0)
                return $"there is no habit '{name}'. Expected {string.Join(", ", Habits.Names[..^1])} or {Habits.Names[^1]}.";
            if (!seen.Add(name))
                return $"the habit '{name}' is named twice. Expected one share for each.";
            if (!double.TryParse(setting.AsSpan(equals + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out var share) || !double.IsFinite(share) || share < 0)
                return $"the share of '{name}' is '{setting[(equals + 1)..]}'. Expected a number from 0 up, as in careful=0.5.";
            shares[index] = share;
        }

        return shares.Sum() is > 0 and < double.PositiveInfinity ? null : "the shares have no sum to divide by. Expected at least one habit above 0.";
    }
}

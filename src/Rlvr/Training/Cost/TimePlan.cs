using System.Globalization;

namespace Rlvr.Training;

/// <summary>About how long a training run takes. Made by <see cref="TimePlanner"/>.</summary>
/// <param name="Steps">Steps.</param>
/// <param name="Rollouts">Seconds of a step's rollouts.</param>
/// <param name="Update">Seconds of a step's update.</param>
/// <param name="Evaluation">Seconds of all evaluations.</param>
/// <param name="ResponseTokens">Mean tokens of a response that are reckoned with.</param>
/// <param name="Sampled">Sampled responses that this mean comes from; 0 where it is the most that a response may have, and all times are bounds.</param>
public sealed record TimePlan(int Steps, double Rollouts, double Update, double Evaluation, double ResponseTokens, int Sampled)
{
    /// <summary>Seconds of a step.</summary>
    public double Step => Rollouts + Update;

    /// <summary>Seconds of all steps and evaluations.</summary>
    public double Total => (Steps * Step) + Evaluation;

    /// <summary>The plan in one line.</summary>
    public string Summary() => string.Create(CultureInfo.InvariantCulture,
        $"about {Duration(Step)} a step (rollouts {Duration(Rollouts)}, update {Duration(Update)}), {Duration(Total)} in all{(Evaluation > 0 ? $", {Duration(Evaluation)} of it evaluation" : "")}; ")
        + string.Create(CultureInfo.InvariantCulture, $"{(Sampled > 0 ? $"responses of {ResponseTokens:F0} tokens, the mean of {Sampled} sampled now" : $"if every response has {ResponseTokens:F0} tokens, the most it may")}");

    /// <summary>A length of time as people say it: <c>0.42 s</c>, <c>1 min 10 s</c>, <c>3 h 5 min</c>.</summary>
    internal static string Duration(double seconds) => seconds switch
    {
        < 0.995 => string.Create(CultureInfo.InvariantCulture, $"{seconds:G2} s"),
        < 9.95 => string.Create(CultureInfo.InvariantCulture, $"{seconds:F1} s"),
        < 59.5 => string.Create(CultureInfo.InvariantCulture, $"{seconds:F0} s"),
        < 3597.5 => Whole(seconds, 60, "min", 1, "s", 5),
        < 86_400 => Whole(seconds, 3600, "h", 60, "min", 1),
        _ => Whole(seconds, 86_400, "d", 3600, "h", 1),
    };

    private static string Whole(double seconds, int unit, string name, int part, string partName, int step)
    {
        long parts = (long)double.Round(seconds / part / step) * step;
        (long whole, long rest) = long.DivRem(parts, unit / part);
        return rest == 0 ? $"{whole} {name}" : $"{whole} {name} {rest} {partName}";
    }
}

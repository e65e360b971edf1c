using System.Globalization;
using Fractions;
using Rlvr.Data;

namespace Rlvr.Rewards;

/// <summary>
/// 1 if the answer is a number near the label, else 0: |answer - label| is at most the larger of the absolute tolerance and the relative
/// tolerance times |label|. Numbers are compared exactly, so without tolerances only the same value counts (0.50 is 0.5).
/// </summary>
public sealed class NumericReward : IReward
{
    private readonly AnswerPlace place;
    private readonly Fraction absolute;
    private readonly Fraction relative;

    /// <summary>Makes the reward.</summary>
    /// <param name="absolute">Absolute tolerance, at least 0.</param>
    /// <param name="relative">Tolerance as a share of the label's size, at least 0.</param>
    /// <param name="place">Where the answer stands in the response.</param>
    /// <exception cref="ArgumentOutOfRangeException">A tolerance is negative or not finite.</exception>
    public NumericReward(double absolute = 0, double relative = 0, AnswerPlace place = AnswerPlace.Box)
    {
        this.absolute = AsWritten(absolute, nameof(absolute));
        this.relative = AsWritten(relative, nameof(relative));
        this.place = place;
    }

    /// <inheritdoc/>
    public RewardResult Score(Problem problem, string response, RewardContext context = default)
    {
        string? answer = place.Find(response);
        if (!PlainNumber.TryRead(problem.Answer, out Fraction label)) return RewardResult.UnparsableLabel(LabelProblem(problem)!, answer);
        if (string.IsNullOrWhiteSpace(answer)) return RewardResult.NoAnswer(answer);
        if (!PlainNumber.TryRead(answer, out Fraction value)) return new(0, false, RewardVerdicts.UnparsableAnswer, answer);
        Fraction allowed = relative * Fraction.Abs(label);
        return RewardResult.Judged(Fraction.Abs(value - label) <= (allowed > absolute ? allowed : absolute), answer);
    }

    /// <inheritdoc/>
    public string? LabelProblem(Problem problem) => PlainNumber.TryRead(problem.Answer, out _) ? null : "not a number";

    // 0.1 means a tenth, not the binary number next to it: an answer that is off by exactly the tolerance is within it.
    private static Fraction AsWritten(double tolerance, string name)
    {
        if (!double.IsFinite(tolerance) || tolerance < 0) throw new ArgumentOutOfRangeException(name, tolerance, "A tolerance is a number that is at least 0.");
        return PlainNumber.TryRead(tolerance.ToString("R", CultureInfo.InvariantCulture), out Fraction value) ? value : Fraction.FromDouble(tolerance);
    }
}

namespace Rlvr.Rewards;

/// <summary>What a reward says of a response.</summary>
/// <param name="Value">The reward; NaN where the response could not be scored, which leaves it out of its group (see <see cref="Failed"/>).</param>
/// <param name="Correct">Whether the answer is right; counted as training accuracy, whatever the reward is.</param>
/// <param name="Verdict">One of <see cref="RewardVerdicts"/>, or a word of the reward's own.</param>
/// <param name="Extracted">The answer found in the response, if any.</param>
public readonly record struct RewardResult(double Value, bool Correct, string Verdict, string? Extracted = null)
{
    /// <summary>Why, where a word of explanation helps: the reason of a failure, what is wrong with a label.</summary>
    public string? Reason { get; init; }

    /// <summary>The values of <see cref="IReward.ComponentNames"/>, before their weights.</summary>
    public IReadOnlyList<(string Name, double Value)>? Components { get; init; }

    /// <summary>Whether the response could not be scored.</summary>
    public bool IsFailure => double.IsNaN(Value);

    /// <summary>A response that could not be scored: no reward, not even 0. Training leaves it out of its group and counts it.</summary>
    /// <param name="reason">Why.</param>
    public static RewardResult Failed(string reason) => new(double.NaN, false, RewardVerdicts.RewardFailed) { Reason = reason };

    /// <summary>The result, or a failure where its value is no finite number.</summary>
    public RewardResult Checked() => double.IsFinite(Value) || Verdict == RewardVerdicts.RewardFailed ? this
        : Failed($"the reward is {Value}, expected a finite number") with { Extracted = Extracted, Components = Components };

    /// <summary>A right or a wrong answer: 1 or 0.</summary>
    internal static RewardResult Judged(bool correct, string? extracted) =>
        new(correct ? 1 : 0, correct, correct ? RewardVerdicts.Correct : RewardVerdicts.Wrong, extracted);

    /// <summary>No answer in the response: 0.</summary>
    internal static RewardResult NoAnswer(string? extracted = null) => new(0, false, RewardVerdicts.NoAnswer, extracted);

    /// <summary>A label that no answer can be compared with: 0, whatever the response says.</summary>
    internal static RewardResult UnparsableLabel(string reason, string? extracted = null) =>
        new(0, false, RewardVerdicts.UnparsableLabel, extracted) { Reason = reason };

    /// <summary>A measure of the response that says nothing about right or wrong.</summary>
    internal static RewardResult Measured(double value) => new(value, false, RewardVerdicts.Unjudged);
}

using Rlvr.Data;

namespace Rlvr.Rewards;

/// <summary>
/// Scores a response. Called from several threads at once, so it must not keep state that is not thread-safe. Responses are untrusted text.
/// </summary>
public interface IReward
{
    /// <summary>Scores one response.</summary>
    /// <param name="problem">The problem, with its label.</param>
    /// <param name="response">The response alone, without the prompt.</param>
    /// <param name="randomBits">64 random bits of this rollout, a pure function of seed, step and rollout, for rewards that need chance.</param>
    RewardResult Score(Problem problem, string response, ulong randomBits = 0);
}

/// <summary>What a reward says of a response.</summary>
/// <param name="Value">The reward.</param>
/// <param name="Correct">Whether the answer is right; counted as training accuracy, whatever the reward is.</param>
/// <param name="Verdict">The verifier's verdict, by name, or the rule that decided.</param>
/// <param name="Extracted">The answer found in the response, if any.</param>
public readonly record struct RewardResult(double Value, bool Correct, string Verdict, string? Extracted = null);

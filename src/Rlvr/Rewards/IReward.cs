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
    /// <param name="context">What else is known of the response.</param>
    RewardResult Score(Problem problem, string response, RewardContext context = default);

    /// <summary>Names of the parts of the reward, each a metric of its own; the same in every step. Most rewards have none.</summary>
    IReadOnlyList<string> ComponentNames => [];

    /// <summary>
    /// Why this reward can do nothing with the problem's label; null where it can. Asked of every problem when data are loaded: a problem
    /// with such a label never earns a reward.
    /// </summary>
    /// <param name="problem">The problem, with its label.</param>
    string? LabelProblem(Problem problem) => null;
}

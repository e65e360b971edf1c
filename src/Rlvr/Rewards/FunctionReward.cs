using Rlvr.Data;

namespace Rlvr.Rewards;

/// <summary>A reward that is one C# function: <c>new FunctionReward((problem, response) =&gt; response.Contains(problem.Answer) ? 1 : 0)</c>.</summary>
/// <param name="function">Gives the reward of a response; called from several threads at once.</param>
/// <param name="correct">The reward from which a response counts as right in the metrics.</param>
public sealed class FunctionReward(Func<Problem, string, double> function, double correct = 1) : IReward
{
    /// <inheritdoc/>
    public RewardResult Score(Problem problem, string response, ulong randomBits = 0)
    {
        double value = function(problem, response);
        return new RewardResult(value, value >= correct, value >= correct ? "Correct" : "Wrong");
    }
}

using Rlvr.Data;

namespace Rlvr.Rewards;

/// <summary>A reward that is one C# function: <c>new FunctionReward((problem, response) =&gt; response.Contains(problem.Answer) ? 1 : 0)</c>.</summary>
/// <param name="function">
/// Gives the reward of a response; called from several threads at once. NaN says that the response could not be scored: it is left out of
/// its group and counted as a failure, and so is an infinite number.
/// </param>
/// <param name="correct">The reward from which a response counts as right in the metrics.</param>
public sealed class FunctionReward(Func<Problem, string, RewardContext, double> function, double correct = 1) : IReward
{
    /// <summary>A function that needs to know the problem and the text only.</summary>
    /// <param name="function">Gives the reward of a response; called from several threads at once.</param>
    /// <param name="correct">The reward from which a response counts as right in the metrics.</param>
    public FunctionReward(Func<Problem, string, double> function, double correct = 1) : this((problem, response, _) => function(problem, response), correct) { }

    /// <inheritdoc/>
    public RewardResult Score(Problem problem, string response, RewardContext context = default)
    {
        double value = function(problem, response, context);
        return double.IsFinite(value) ? RewardResult.Judged(value >= correct, null) with { Value = value } : RewardResult.Failed($"the reward function gave {value}");
    }
}

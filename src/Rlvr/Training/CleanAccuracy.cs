using Rlvr.Data;
using Rlvr.Rewards;

namespace Rlvr.Training;

/// <summary>
/// Where labels were changed on purpose: how often the answer is the one that was right before. A problem whose label was changed is judged by the
/// mathematical verifier with the reward's profile, any other by the reward.
/// </summary>
/// <param name="problems">What is trained on.</param>
/// <param name="options">The recipe's rewards.</param>
internal sealed class CleanAccuracy(IReadOnlyList<Problem> problems, RewardOptions options)
{
    private readonly bool isOn = problems.Any(p => p.CleanAnswer is not null);
    private readonly MathReward judge = new(RewardCatalog.ParseProfile(options.Profile));

    /// <summary>The metric of a step; none where no label was changed.</summary>
    public IEnumerable<(string Name, double Value)> Of(IReadOnlyList<ScoredRollout> rollouts)
    {
        if (!isOn) return [];
        return [("train_accuracy_clean", (double)rollouts.AsParallel().Count(IsRight) / rollouts.Count)];
    }

    private bool IsRight(ScoredRollout rollout) => rollout.Problem.CleanAnswer is { } clean
        ? judge.Score(rollout.Problem with { Answer = clean }, rollout.Rollout.Text).Correct : rollout.Reward.Correct;
}

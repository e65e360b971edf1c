using Rlvr.Rewards;
using Rlvr.Rollouts;

namespace Rlvr.Training;

/// <summary>Scores responses on other threads as they come, while the rest is decoded.</summary>
/// <param name="count">Responses that will come.</param>
/// <param name="score">Scores one, given its number. Called by several threads at once.</param>
/// <param name="cancellation">What has not begun by then is not scored.</param>
internal sealed class RewardQueue(int count, Func<int, Rollout, RewardResult> score, CancellationToken cancellation)
{
    private readonly Task<RewardResult>?[] tasks = new Task<RewardResult>?[count];

    /// <summary>Adds a response.</summary>
    /// <param name="index">Its number, each once.</param>
    /// <param name="rollout">The response.</param>
    public void Add(int index, Rollout rollout) => tasks[index] = Task.Run(() => score(index, rollout), cancellation);

    /// <summary>Waits for those that were added, however they end: nothing runs on afterwards.</summary>
    public void Settle()
    {
        try
        {
            Task.WaitAll([.. tasks.OfType<Task>()], CancellationToken.None);
        }
        catch (AggregateException)
        {
            // Results has them.
        }
    }

    /// <summary>The results, by number. All responses must have been added.</summary>
    /// <exception cref="AggregateException">Scoring failed; the first failure by number is the inner one.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public RewardResult[] Results()
    {
        Settle();
        cancellation.ThrowIfCancellationRequested();
        return [.. tasks.Select(t => t!.Result)];
    }
}

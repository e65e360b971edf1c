using static TorchSharp.torch;

namespace Rlvr.Algorithms.Advantages;

/// <summary>
/// ReMax (arXiv 2310.10505): the reward that follows, minus the reward of the greedy response to the same prompt.
/// </summary>
public sealed record ReMax : IAdvantageEstimator
{
    /// <inheritdoc/>
    public AdvantageNeeds Needs => AdvantageNeeds.GreedyBaseline;

    /// <inheritdoc/>
    public StepAdvantages Compute(AdvantageBatch batch)
    {
        using var scope = NewDisposeScope();
        return StepAdvantages.ByToken(Compute(batch.Rewards(), tensor(batch.Baselines!), batch.Mask()), batch);
    }

    /// <summary>Advantages and returns, [B, T].</summary>
    /// <param name="rewards">Reward of each token, [B, T].</param>
    /// <param name="baselines">Total reward of the greedy response to each row's prompt, [B].</param>
    /// <param name="mask">Response tokens, [B, T].</param>
    public static TokenAdvantages Compute(Tensor rewards, Tensor baselines, Tensor mask)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        mask = mask.to(rewards.dtype);
        Tensor returns = (rewards * mask).flip(-1).cumsum(-1).flip(-1);
        return new TokenAdvantages((returns - baselines.unsqueeze(-1) * mask).MoveToOuterDisposeScope(), returns.MoveToOuterDisposeScope());
    }
}

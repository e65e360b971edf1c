using Rlvr.Algorithms.Advantages;
using Rlvr.Algorithms.Losses;

namespace Rlvr.Algorithms;

/// <summary>
/// What makes one algorithm of this family another: how rewards become advantages, and what loss a token has. Everything else (rollouts,
/// entropy and KL terms, aggregation, optimiser) is the trainer's, which does not know which algorithm it runs.
/// </summary>
/// <param name="Advantage">From rewards to advantages.</param>
/// <param name="PolicyLoss">From log-probabilities and advantages to one loss per token.</param>
public sealed record Algorithm(IAdvantageEstimator Advantage, IPolicyLoss PolicyLoss)
{
    /// <summary>GRPO with PPO's clipped ratio.</summary>
    public Algorithm() : this(new Grpo(), new ClippedPolicy()) { }
}

using Rlvr.Data;
using Rlvr.Math;

namespace Rlvr.Rewards;

/// <summary>A fair coin, a pure function of the response's text and the seed: the control that nothing is learnt from noise.</summary>
public sealed class RandomReward(ulong seed, VerifierProfile profile = VerifierProfile.Training) : IReward
{
    private readonly MathReward answer = new(profile);

    /// <inheritdoc/>
    public RewardResult Score(Problem problem, string response)
    {
        ulong hash = 14695981039346656037; // FNV-1a: string.GetHashCode differs from process to process
        foreach (char c in response) hash = (hash ^ c) * 1099511628211;
        return answer.Score(problem, response) with { Value = CounterRandom.Uniform(seed, 0, hash, 0) < 0.5 ? 0 : 1 };
    }
}

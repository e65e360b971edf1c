using Rlvr.Math;

namespace Rlvr.Rewards;

/// <summary>The rewards that a recipe can name.</summary>
public static class RewardCatalog
{
    /// <summary>Makes the reward of a recipe's <c>reward.kind</c> and <c>reward.profile</c>.</summary>
    /// <exception cref="RlvrException">A name is unknown.</exception>
    public static IReward Create(string kind, string profile)
    {
        VerifierProfile verifier = ParseProfile(profile);
        return kind switch
        {
            "math" => new MathReward(verifier),
            "format" => new FormatReward(verifier),
            "random" => new RandomReward(verifier),
            _ => throw new RlvrException($"reward.kind: unknown reward '{kind}'; expected math, format or random."),
        };
    }

    /// <summary>Reads the name of a verifier profile.</summary>
    /// <exception cref="RlvrException">The name is unknown.</exception>
    public static VerifierProfile ParseProfile(string name) => name switch
    {
        "strict" => VerifierProfile.Strict,
        "training" => VerifierProfile.Training,
        "evaluation" => VerifierProfile.Evaluation,
        _ => throw new RlvrException($"reward.profile: unknown profile '{name}'; expected strict, training or evaluation."),
    };
}

using Rlvr.Data;

namespace Rlvr.Rewards;

/// <summary>What a length is counted in.</summary>
public enum LengthUnit
{
    /// <summary>Tokens of the model.</summary>
    Tokens,

    /// <summary>Characters (UTF-16 code units).</summary>
    Characters,
}

/// <summary>
/// The length of the response. Its weight in a <see cref="WeightedSum"/> is what one token (or character) costs, such as -0.001; a positive weight
/// pays for length.
/// </summary>
/// <param name="unit">What is counted.</param>
public sealed class LengthCost(LengthUnit unit = LengthUnit.Tokens) : IReward
{
    /// <inheritdoc/>
    /// <exception cref="RlvrException">Tokens are counted, and the context does not say how many the response has.</exception>
    public RewardResult Score(Problem problem, string response, RewardContext context = default) =>
        RewardResult.Measured(unit == LengthUnit.Tokens ? TokensOf(context) : response.Length);

    internal static int TokensOf(RewardContext context) => context.Tokens
        ?? throw new RlvrException("a reward that depends on the response's length in tokens was not told it; expected RewardContext.Tokens to be set.");
}

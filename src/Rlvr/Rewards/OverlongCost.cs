using Rlvr.Data;

namespace Rlvr.Rewards;

/// <summary>
/// DAPO's soft overlong punishment (arXiv 2503.14476, equation 13) as a cost to subtract: 0 up to a length, then rising in a straight line to
/// 1, and 1 beyond, so that a response is not suddenly worth nothing for one token too many. Give it a negative weight in a
/// <see cref="WeightedSum"/>.
/// </summary>
public sealed class OverlongCost : IReward
{
    private readonly int from;
    private readonly int to;

    /// <summary>Makes the cost.</summary>
    /// <param name="from">Response tokens up to which it is 0.</param>
    /// <param name="to">Response tokens from which it is 1, at least <paramref name="from"/>.</param>
    public OverlongCost(int from, int to)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        ArgumentOutOfRangeException.ThrowIfLessThan(to, from);
        (this.from, this.to) = (from, to);
    }

    /// <inheritdoc/>
    /// <exception cref="RlvrException">The context does not say how many tokens the response has.</exception>
    public RewardResult Score(Problem problem, string response, RewardContext context = default)
    {
        int length = LengthCost.TokensOf(context);
        return RewardResult.Measured(length >= to ? 1 : length <= from ? 0 : (double)(length - from) / (to - from));
    }
}

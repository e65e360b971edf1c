using static TorchSharp.torch;

namespace Rlvr.Algorithms.Advantages;

/// <summary>
/// What an advantage estimator sees of a step, by row (one rollout each) and by token. Responses that could not be scored are not in it.
/// </summary>
public sealed record AdvantageBatch
{
    /// <summary>Total reward of each row, a KL penalty included.</summary>
    public required double[] Scores { get; init; }

    /// <summary>Group of each row: any numbers, in any order.</summary>
    public required int[] Groups { get; init; }

    /// <summary>Response tokens of each row.</summary>
    public required int[] Lengths { get; init; }

    /// <summary>Reward of each token; its sum is the score. Null where the whole score belongs to the last token.</summary>
    public double[][]? TokenRewards { get; init; }

    /// <summary>The critic's value before each token; null unless <see cref="AdvantageNeeds.Critic"/> was asked for.</summary>
    public float[][]? Values { get; init; }

    /// <summary>Reward of the greedy response to each row's prompt; null unless <see cref="AdvantageNeeds.GreedyBaseline"/> was asked for.</summary>
    public double[]? Baselines { get; init; }

    /// <summary>Log-probability of each token under the policy; null unless <see cref="AdvantageNeeds.Probabilities"/> was asked for.</summary>
    public float[][]? LogProbs { get; init; }

    /// <summary>Sum of the squared probabilities of the vocabulary at each token; null unless <see cref="AdvantageNeeds.Probabilities"/> was asked for.</summary>
    public float[][]? SumPiSquared { get; init; }

    /// <summary>The reward of each token, [B, T] in double precision: 0 after the end of a row.</summary>
    public Tensor Rewards() => PaddedRows.Pad(TokenRewards ?? [.. Lengths.Select((length, row) =>
    {
        double[] rewards = new double[length];
        if (length > 0) rewards[^1] = Scores[row];
        return rewards;
    })]);

    /// <summary>1 at response tokens, [B, T] in double precision.</summary>
    public Tensor Mask() => PaddedRows.Mask(Lengths);

    /// <summary>Some rows of the batch.</summary>
    /// <param name="rows">Their numbers.</param>
    public AdvantageBatch Only(IReadOnlyList<int> rows)
    {
        return new AdvantageBatch
        {
            Scores = Pick(Scores)!,
            Groups = Pick(Groups)!,
            Lengths = Pick(Lengths)!,
            TokenRewards = Pick(TokenRewards),
            Values = Pick(Values),
            Baselines = Pick(Baselines),
            LogProbs = Pick(LogProbs),
            SumPiSquared = Pick(SumPiSquared),
        };

        T[]? Pick<T>(T[]? all) => all is null ? null : [.. rows.Select(row => all[row])];
    }
}

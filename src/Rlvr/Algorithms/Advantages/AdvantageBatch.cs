using static TorchSharp.torch;

namespace Rlvr.Algorithms.Advantages;

/// <summary>
/// What an advantage estimator sees of a step, by row (one rollout each) and by token. A row whose score is NaN could not be scored: it belongs
/// in no mean, and gets advantage 0.
/// </summary>
public sealed record AdvantageBatch
{
    /// <summary>Total reward of each row, a KL penalty included; NaN for one that could not be scored.</summary>
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

    /// <summary>The reward of each token, [B, T] in double precision: 0 after the end of a row and in rows that could not be scored.</summary>
    public Tensor Rewards() => PaddedRows.Pad([.. Lengths.Select((length, row) =>
    {
        if (Scored(row) && TokenRewards is not null) return TokenRewards[row];
        double[] rewards = new double[length];
        if (Scored(row) && length > 0) rewards[^1] = Scores[row];
        return rewards;
    })]);

    /// <summary>1 at response tokens of rows that were scored, [B, T] in double precision.</summary>
    public Tensor Mask()
    {
        using var scope = NewDisposeScope();
        Tensor scored = tensor([.. Scores.Select((_, row) => Scored(row) ? 1.0 : 0.0)]).unsqueeze(-1);
        return (PaddedRows.Mask(Lengths) * scored).MoveToOuterDisposeScope();
    }

    private bool Scored(int row) => !double.IsNaN(Scores[row]) && !double.IsNaN(Baselines?[row] ?? 0);
}

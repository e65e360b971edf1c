using System.ComponentModel.DataAnnotations;
using static TorchSharp.torch;

namespace Rlvr.Algorithms.Advantages;

/// <summary>
/// A baseline for every position of a group instead of one for every response: A_t = G_t - B_t with G_t the reward that follows and
/// B_t = sum(G_t W_t) / sum(W_t) over the group's rows that reach position t. W_t = sum over j up to t of 1 - 2 pi_j + sum(pi_j^2) estimates
/// the size of the gradient so far, so B is the baseline of least variance. A group of one has no baseline.
/// </summary>
/// <param name="CountValidOnly">
/// A row's position is the number of its response tokens so far, so that rows with gaps (tool output) stay comparable; otherwise it is the
/// column.
/// </param>
/// <param name="ZeroTail">No baseline where only the longest response of a group goes on: it would be its own.</param>
/// <param name="Epsilon">Added to the denominator.</param>
public sealed record OptimalTokenBaseline(bool CountValidOnly = false, bool ZeroTail = false, [Range(0.0, 1.0)] double Epsilon = 1e-8) : IAdvantageEstimator
{
    /// <inheritdoc/>
    public AdvantageNeeds Needs => AdvantageNeeds.Groups | AdvantageNeeds.Probabilities;

    /// <inheritdoc/>
    public StepAdvantages Compute(AdvantageBatch batch)
    {
        using var scope = NewDisposeScope();
        return StepAdvantages.ByToken(Compute(batch.Rewards(), batch.Mask(), batch.Groups, PaddedRows.Pad(batch.LogProbs!), PaddedRows.Pad(batch.SumPiSquared!)), batch);
    }

    /// <summary>Advantages (0 outside the mask) and returns, [B, T], in the rewards' type.</summary>
    /// <param name="rewards">Reward of each token, [B, T].</param>
    /// <param name="mask">Response tokens, [B, T].</param>
    /// <param name="groups">Group of each row.</param>
    /// <param name="logProbs">Of the sampled tokens, [B, T].</param>
    /// <param name="sumPiSquared">Sum of the squared probabilities of the vocabulary at each token, [B, T] (<see cref="FromLogits"/>).</param>
    /// <param name="samplerRatios">Importance ratios of trainer to sampler, [B, T]; their square weighs W.</param>
    public TokenAdvantages Compute(Tensor rewards, Tensor mask, ReadOnlySpan<int> groups, Tensor logProbs, Tensor sumPiSquared, Tensor? samplerRatios = null)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        Tensor valid = mask.to(rewards.dtype);
        Tensor returns = (rewards * valid).flip(-1).cumsum(-1).flip(-1);
        Tensor energy = 1 - logProbs.exp() * 2 + sumPiSquared;
        if (samplerRatios is not null) energy *= samplerRatios.square();
        double[,] g = Rows(returns), w = Rows((energy * valid).cumsum(-1)), m = Rows(valid);

        double[,] advantages = new double[g.GetLength(0), g.GetLength(1)];
        foreach (List<int> rows in GroupStatistics.RowsByGroup(groups).Values) Group(rows, g, w, m, advantages);
        Tensor result = tensor(advantages).to(rewards.dtype).to(rewards.device);
        return new TokenAdvantages(result.MoveToOuterDisposeScope(), returns.MoveToOuterDisposeScope());
    }

    /// <summary>Sum of the squared probabilities of softmax(logits): [..., V] to [...].</summary>
    public static Tensor FromLogits(Tensor logits)
    {
        using var scope = NewDisposeScope();
        return ((logits * 2).logsumexp(-1) - logits.logsumexp(-1) * 2).exp().MoveToOuterDisposeScope();
    }

    private void Group(List<int> rows, double[,] g, double[,] w, double[,] m, double[,] advantages)
    {
        int width = g.GetLength(1);
        // (row, column, position) of every response token of the group.
        List<(int Row, int Column, int Position)> tokens = [];
        int[] lengths = new int[rows.Count];
        for (int i = 0; i < rows.Count; i++)
            for (int t = 0; t < width; t++)
            {
                if (m[rows[i], t] == 0) continue;
                tokens.Add((rows[i], t, CountValidOnly ? lengths[i] : t));
                lengths[i]++;
            }

        double[] numerator = new double[width], denominator = new double[width];
        foreach ((int row, int column, int position) in tokens)
        {
            numerator[position] += g[row, column] * w[row, column];
            denominator[position] += w[row, column];
        }
        // Positions from here on belong to the longest row alone.
        int tail = ZeroTail && rows.Count > 1 ? lengths.Order().ElementAt(rows.Count - 2) : width;
        int longest = rows[Array.IndexOf(lengths, lengths.Max())];
        foreach ((int row, int column, int position) in tokens)
        {
            bool noBaseline = rows.Count == 1 || (row == longest && position >= tail);
            advantages[row, column] = g[row, column] - (noBaseline ? 0 : numerator[position] / (denominator[position] + Epsilon));
        }
    }

    private static double[,] Rows(Tensor values)
    {
        long rows = values.shape[0], width = values.shape[1];
        double[] flat = values.to(float64).cpu().contiguous().data<double>().ToArray();
        double[,] result = new double[rows, width];
        Buffer.BlockCopy(flat, 0, result, 0, flat.Length * sizeof(double));
        return result;
    }
}

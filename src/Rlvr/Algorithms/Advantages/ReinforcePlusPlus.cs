using System.ComponentModel.DataAnnotations;
using Rlvr.Tensors;
using static TorchSharp.torch;

namespace Rlvr.Algorithms.Advantages;

/// <summary>
/// REINFORCE++ (arXiv 2501.03262): discounted returns R_t = r_t + gamma m_{t+1} R_{t+1}, whitened over all response tokens of the
/// batch, times the mask. No groups and no critic.
/// </summary>
/// <param name="Gamma">Discount.</param>
public sealed record ReinforcePlusPlus([Range(0.0, 1.0)] double Gamma = 1) : IAdvantageEstimator
{
    /// <inheritdoc/>
    public StepAdvantages Compute(AdvantageBatch batch)
    {
        using var scope = NewDisposeScope();
        return StepAdvantages.ByToken(Compute(batch.Rewards(), batch.Mask(), Gamma), batch);
    }

    /// <summary>
    /// One advantage per row, the same for all its response tokens: what the general form gives for an outcome reward without discount.
    /// </summary>
    /// <param name="scores">Total reward of each row.</param>
    /// <param name="lengths">Response tokens of each row.</param>
    /// <exception cref="RlvrException">The batch has fewer than two response tokens.</exception>
    public static double[] Compute(ReadOnlySpan<double> scores, ReadOnlySpan<int> lengths) => RowAdvantages.Whiten(scores.ToArray(), lengths);

    /// <summary>Advantages and returns, [B, T].</summary>
    /// <param name="rewards">Reward of each token, [B, T]; an outcome reward sits on the last token.</param>
    /// <param name="mask">Response tokens, [B, T].</param>
    /// <param name="gamma">Discount.</param>
    public static TokenAdvantages Compute(Tensor rewards, Tensor mask, double gamma = 1)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        mask = mask.to(rewards.dtype);
        Tensor[] r = rewards.unbind(1), m = mask.unbind(1);
        var returns = new Tensor[r.Length];
        Tensor running = zeros_like(r[0]);
        for (int t = r.Length - 1; t >= 0; t--)
        {
            returns[t] = r[t] + running * gamma;
            running = returns[t] * m[t]; // restarts before a gap
        }
        Tensor all = stack(returns, 1);
        return new TokenAdvantages((Masked.Whiten(all, mask) * mask).MoveToOuterDisposeScope(), all.MoveToOuterDisposeScope());
    }
}

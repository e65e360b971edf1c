using System.ComponentModel.DataAnnotations;
using Rlvr.Tensors;
using static TorchSharp.torch;

namespace Rlvr.Algorithms.Advantages;

/// <summary>
/// Generalised advantage estimation (Schulman et al., arXiv 1506.02438): delta_t = r_t + gamma V_{t+1} - V_t,
/// A_t = delta_t + gamma lambda A_{t+1}; returns = A + V; the advantages are then whitened over the response tokens.
/// </summary>
/// <param name="Gamma">Discount; 1 in 1-shot RLVR.</param>
/// <param name="Lambda">Trade of bias for variance; 1 in 1-shot RLVR: no bootstrapping, the return minus the value.</param>
public sealed record Gae([Range(0.0, 1.0)] double Gamma = 1, [Range(0.0, 1.0)] double Lambda = 1) : IAdvantageEstimator
{
    /// <inheritdoc/>
    public AdvantageNeeds Needs => AdvantageNeeds.Critic;

    /// <inheritdoc/>
    public StepAdvantages Compute(AdvantageBatch batch)
    {
        using var scope = NewDisposeScope();
        return StepAdvantages.ByToken(Compute(batch.Rewards(), PaddedRows.Pad(batch.Values!), batch.Mask(), Gamma, Lambda), batch);
    }

    /// <summary>Advantages and returns, [B, T]. Advantages are not multiplied by the mask.</summary>
    /// <param name="rewards">Reward of each token, [B, T]; an outcome reward sits on the last token.</param>
    /// <param name="values">The critic's values, [B, T], without gradient.</param>
    /// <param name="mask">Response tokens, [B, T].</param>
    /// <param name="gamma">Discount.</param>
    /// <param name="lambda">Trade of bias for variance.</param>
    /// <param name="skipMasked">
    /// Steps over tokens outside the mask, carrying V and A of the next response token across them. False is the released code of arXiv
    /// 2504.20571: values and rewards outside the mask take part in the recursion. Both agree where those are 0 after the end of a response.
    /// </param>
    public static TokenAdvantages Compute(Tensor rewards, Tensor values, Tensor mask, double gamma = 1, double lambda = 1, bool skipMasked = true)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        Tensor[] r = rewards.unbind(1), v = values.unbind(1), m = mask.to(values.dtype).unbind(1);
        var advantages = new Tensor[r.Length];
        Tensor next = zeros_like(v[0]), advantage = zeros_like(v[0]);
        for (int t = r.Length - 1; t >= 0; t--)
        {
            Tensor current = r[t] + next * gamma - v[t] + advantage * (gamma * lambda);
            // Where the mask is 0 what came from later tokens stays.
            advantages[t] = advantage = skipMasked ? advantage + (current - advantage) * m[t] : current;
            next = skipMasked ? next + (v[t] - next) * m[t] : v[t];
        }
        Tensor raw = stack(advantages, 1);
        return new TokenAdvantages(
            Masked.Whiten(raw, mask.to(values.dtype)).MoveToOuterDisposeScope(),
            (raw + values).MoveToOuterDisposeScope());
    }
}

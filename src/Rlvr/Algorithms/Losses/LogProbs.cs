using static TorchSharp.torch;

namespace Rlvr.Algorithms.Losses;

/// <summary>Log-probabilities of given tokens, and the entropy of the distributions they came from.</summary>
public static class LogProbs
{
    /// <summary>log softmax(logits / temperature) at the targets: the target's logit minus logsumexp.</summary>
    /// <param name="logits">[..., V].</param>
    /// <param name="targets">Token ids, int64 [...].</param>
    /// <param name="temperature">The rollouts' temperature, as in the released code of arXiv 2504.20571.</param>
    public static Tensor FromLogits(Tensor logits, Tensor targets, double temperature = 1)
    {
        using var scope = NewDisposeScope();
        Tensor scaled = temperature == 1 ? logits : logits / temperature;
        Tensor target = scaled.gather(-1, targets.unsqueeze(-1)).squeeze(-1);
        return (target - scaled.logsumexp(-1)).MoveToOuterDisposeScope();
    }

    /// <summary>Both at once from one log-softmax: log-probabilities of the targets and entropies, each [...].</summary>
    /// <param name="logits">[..., V].</param>
    /// <param name="targets">Token ids, int64 [...].</param>
    /// <param name="temperature">The rollouts' temperature.</param>
    public static (Tensor LogProbs, Tensor Entropies) WithEntropy(Tensor logits, Tensor targets, double temperature = 1)
    {
        using var scope = NewDisposeScope();
        Tensor scaled = temperature == 1 ? logits : logits / temperature;
        Tensor all = nn.functional.log_softmax(scaled, -1);
        Tensor target = all.gather(-1, targets.unsqueeze(-1)).squeeze(-1);
        Tensor entropies = (all.exp() * all).sum(-1).neg();
        return (target.MoveToOuterDisposeScope(), entropies.MoveToOuterDisposeScope());
    }
}

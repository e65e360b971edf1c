using static TorchSharp.torch;

namespace Rlvr.Algorithms.Losses;

/// <summary>Entropy of the policy's next-token distribution, in nats.</summary>
public static class Entropy
{
    /// <summary>
    /// logsumexp(z) - sum(softmax(z) z), z = logits / temperature. The released code of arXiv 2504.20571 takes the entropy at the rollouts'
    /// temperature.
    /// </summary>
    /// <param name="logits">[..., V].</param>
    /// <param name="temperature">The rollouts' temperature.</param>
    /// <returns>[...].</returns>
    public static Tensor FromLogits(Tensor logits, double temperature = 1)
    {
        using var scope = NewDisposeScope();
        Tensor scaled = temperature == 1 ? logits : logits / temperature;
        Tensor all = nn.functional.log_softmax(scaled, -1);
        return (all.exp() * all).sum(-1).neg().MoveToOuterDisposeScope();
    }
}

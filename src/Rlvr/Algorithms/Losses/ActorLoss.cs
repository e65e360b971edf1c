using static TorchSharp.torch;

namespace Rlvr.Algorithms.Losses;

/// <summary>
/// The loss of a policy update: policy * L_policy - entropy * H + kl * KL, each term a weighted sum over response tokens. It serves
/// packed tokens [N] and padded rows [B, T] alike: the weights (<see cref="Aggregation"/>) say which entries count and how much.
/// </summary>
public static class ActorLoss
{
    /// <summary>Computes the loss of one micro-batch. Call <c>Loss.backward()</c> once per micro-batch; gradients and metrics add up.</summary>
    /// <param name="logProbs">Of the response tokens under the policy, with gradient: [N] or [B, T].</param>
    /// <param name="advantages">Of the same shape, or broadcasting to it.</param>
    /// <param name="weights">The weight of each token, from <see cref="Aggregation.Weights"/>.</param>
    /// <param name="options">Coefficients and variants.</param>
    /// <param name="oldLogProbs">Under the policy the step started from; null for the step's first update, where the ratio is exactly 1.</param>
    /// <param name="referenceLogProbs">Under the reference; null leaves the KL term out.</param>
    /// <param name="entropies">Entropy at each token; null leaves the entropy term out. Without gradient it is only a metric.</param>
    /// <exception cref="ArgumentException">A term has a coefficient but not its tensor.</exception>
    public static ActorLossTerms Compute(Tensor logProbs, Tensor advantages, Tensor weights, ActorLossOptions options,
                                         Tensor? oldLogProbs = null, Tensor? referenceLogProbs = null, Tensor? entropies = null)
    {
        if (options.Kl != 0 && referenceLogProbs is null)
            throw new ArgumentException($"the KL coefficient is {options.Kl} but there are no reference log-probabilities", nameof(referenceLogProbs));
        if (options.Entropy != 0 && entropies is null)
            throw new ArgumentException($"the entropy coefficient is {options.Entropy} but there are no entropies", nameof(entropies));

        using var scope = NewDisposeScope();
        Tensor old = oldLogProbs ?? logProbs.detach();
        TokenLosses tokens = ClippedPolicy.Compute(logProbs, old, advantages, options.ClipLow, options.ClipHigh);
        Tensor policy = (tokens.Losses * weights).sum();
        Tensor? entropy = entropies is null ? null : (entropies * weights).sum();
        Tensor? kl = referenceLogProbs is null ? null : (Kl.Penalty(logProbs, referenceLogProbs, options.KlEstimator) * weights).sum();

        Tensor loss = policy * options.Policy;
        if (options.Entropy != 0) loss -= entropy! * options.Entropy;
        if (options.Kl != 0) loss += kl! * options.Kl;

        using var _ = no_grad();
        Tensor none = zeros_like(policy);
        Tensor metrics = stack([
            loss.detach(), policy.detach(), entropy?.detach() ?? none, kl?.detach() ?? none,
            (tokens.Clipped.to(weights.dtype) * weights).sum(),
            ((old - logProbs) * weights).sum(),
            (tokens.Ratios * weights).sum()]);
        return new ActorLossTerms(loss.MoveToOuterDisposeScope(), metrics.MoveToOuterDisposeScope());
    }
}

/// <summary>Coefficients and variants of <see cref="ActorLoss"/>; the defaults are the released code of arXiv 2504.20571.</summary>
public sealed record ActorLossOptions
{
    /// <summary>Coefficient of the policy term.</summary>
    public double Policy { get; init; } = 1;

    /// <summary>The ratio's clip range below 1.</summary>
    public double ClipLow { get; init; } = 0.2;

    /// <summary>The ratio's clip range above 1.</summary>
    public double ClipHigh { get; init; } = 0.2;

    /// <summary>Coefficient of the entropy bonus.</summary>
    public double Entropy { get; init; } = 0.001;

    /// <summary>Coefficient of the KL term.</summary>
    public double Kl { get; init; } = 0.001;

    /// <summary>The KL term's estimator.</summary>
    public KlEstimator KlEstimator { get; init; } = KlEstimator.K3;
}

/// <summary>The result of <see cref="ActorLoss"/> for one micro-batch, still on the device.</summary>
/// <param name="Loss">Scalar with gradient.</param>
/// <param name="Metrics">
/// [7], detached, to be added over the micro-batches of a mini-batch and then read by <see cref="ActorMetrics.Read"/>.
/// </param>
public sealed record ActorLossTerms(Tensor Loss, Tensor Metrics);

/// <summary>Metrics of an update: means over response tokens, weighted as the loss is.</summary>
/// <param name="Loss">policy * L_policy - entropy * H + kl * KL.</param>
/// <param name="Policy">The policy term without its coefficient.</param>
/// <param name="Entropy">Entropy in nats, at the rollouts' temperature; 0 where it was left out.</param>
/// <param name="Kl">KL to the reference; 0 where it was left out.</param>
/// <param name="ClipFraction">Share of tokens whose clipped branch is the loss.</param>
/// <param name="ApproximateKl">Mean of lp_old - lp: how far this update's policy has moved from the step's start.</param>
/// <param name="Ratio">Mean of exp(lp - lp_old).</param>
public sealed record ActorMetrics(double Loss, double Policy, double Entropy, double Kl, double ClipFraction, double ApproximateKl, double Ratio)
{
    /// <summary>Reads summed <see cref="ActorLossTerms.Metrics"/> from the device: one transfer.</summary>
    public static ActorMetrics Read(Tensor metrics)
    {
        using var scope = NewDisposeScope();
        double[] m = metrics.to(float64).cpu().data<double>().ToArray();
        return new ActorMetrics(m[0], m[1], m[2], m[3], m[4], m[5], m[6]);
    }
}

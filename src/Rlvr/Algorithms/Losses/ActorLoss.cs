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
                                         Tensor? oldLogProbs = null, Tensor? referenceLogProbs = null, Tensor? entropies = null) =>
        Compute(new ActorBatch
        {
            LogProbs = logProbs,
            Advantages = advantages,
            Weights = weights,
            OldLogProbs = oldLogProbs,
            ReferenceLogProbs = referenceLogProbs,
            Entropies = entropies,
        }, options);

    /// <summary>The same, with everything that variants of the policy loss may need.</summary>
    /// <exception cref="ArgumentException">A term has a coefficient but not its tensor, or the policy loss needs the layout.</exception>
    public static ActorLossTerms Compute(ActorBatch batch, ActorLossOptions options)
    {
        if (options.Kl != 0 && batch.ReferenceLogProbs is null)
            throw new ArgumentException($"the KL coefficient is {options.Kl} but there are no reference log-probabilities", nameof(batch));
        if (options.Entropy != 0 && batch.Entropies is null)
            throw new ArgumentException($"the entropy coefficient is {options.Entropy} but there are no entropies", nameof(batch));
        if (options.PolicyLoss is not null && batch.Layout is null)
            throw new ArgumentException($"the policy loss {options.PolicyLoss} needs the layout of the tokens", nameof(batch));

        using var scope = NewDisposeScope();
        Tensor logProbs = batch.LogProbs, weights = batch.Weights, old = batch.OldLogProbs ?? logProbs.detach();
        var inputs = new PolicyLossInputs(logProbs, old, batch.Advantages, batch.Layout ?? TokenLayout.OneRow(logProbs))
        {
            Factors = batch.Factors,
            SamplerRatios = batch.SamplerRatios,
            Seed = batch.Seed,
        };
        TokenLosses tokens = (options.PolicyLoss ?? new ClippedPolicy(options.ClipLow, options.ClipHigh)).Compute(inputs);
        Tensor policy = (tokens.Losses * weights).sum();
        Tensor? entropy = batch.Entropies is null ? null : (batch.Entropies * weights).sum();
        Tensor? kl = null;
        if (batch.ReferenceLogProbs is not null)
        {
            Tensor penalty = Kl.Penalty(logProbs, batch.ReferenceLogProbs, options.KlEstimator);
            if (options.KlTimesRatio) penalty *= (logProbs - old).exp();
            kl = (penalty * weights).sum();
        }

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

/// <summary>The tensors of one micro-batch, all over its tokens: packed [N], or padded [B, T].</summary>
public sealed record ActorBatch
{
    /// <summary>Under the policy, with gradient.</summary>
    public required Tensor LogProbs { get; init; }

    /// <summary>Of the same shape, or broadcasting to it.</summary>
    public required Tensor Advantages { get; init; }

    /// <summary>The weight of each token, from <see cref="Aggregation.Weights"/>.</summary>
    public required Tensor Weights { get; init; }

    /// <summary>Under the policy the step started from; null for the step's first update, where the ratio is exactly 1.</summary>
    public Tensor? OldLogProbs { get; init; }

    /// <summary>Under the reference; null leaves the KL term out.</summary>
    public Tensor? ReferenceLogProbs { get; init; }

    /// <summary>Entropy at each token; null leaves the entropy term out. Without gradient it is only a metric.</summary>
    public Tensor? Entropies { get; init; }

    /// <summary>Where the tokens and rows lie; only other losses than the default need it.</summary>
    public TokenLayout? Layout { get; init; }

    /// <summary>Factor of each token's policy loss, such as <see cref="HighEntropyMask"/>; null for 1. Entropy and KL terms are not affected.</summary>
    public Tensor? Factors { get; init; }

    /// <summary>Importance ratio of trainer to sampler (<see cref="SamplerCorrection"/>); null for 1.</summary>
    public Tensor? SamplerRatios { get; init; }

    /// <summary>For losses with random choices: a pure function of (seed, step, micro-batch).</summary>
    public ulong Seed { get; init; }
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

    /// <summary>Multiplies the KL term by the ratio, which makes its gradient unbiased off-policy (DeepSeek-V3.2, arXiv 2512.02556).</summary>
    public bool KlTimesRatio { get; init; }

    /// <summary>The policy loss; null takes <see cref="ClippedPolicy"/> with <see cref="ClipLow"/> and <see cref="ClipHigh"/>.</summary>
    public IPolicyLoss? PolicyLoss { get; init; }
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

using System.ComponentModel.DataAnnotations;
using static TorchSharp.torch;

namespace Rlvr.Algorithms.Losses;

/// <summary>
/// VESPO, variational sequence-level soft policy optimisation (arXiv 2602.10693): -phi A lp with one detached weight for each response,
/// phi = exp(lambda + k log w - lambda w), w the response's importance weight: a gamma density's shape that fades out both
/// very small and very large weights, and is 1 at w = 1. The sampler's ratios enter w instead of multiplying the loss.
/// </summary>
/// <param name="KPositive">k where A is not negative.</param>
/// <param name="LambdaPositive">lambda where A is not negative.</param>
/// <param name="KNegative">k where A is negative.</param>
/// <param name="LambdaNegative">lambda where A is negative.</param>
public sealed record Vespo(
    [Range(0.0, double.PositiveInfinity)] double KPositive = 2, [Range(0.0, double.PositiveInfinity)] double LambdaPositive = 3,
    [Range(0.0, double.PositiveInfinity)] double KNegative = 3, [Range(0.0, double.PositiveInfinity)] double LambdaNegative = 2) : IPolicyLoss
{
    /// <inheritdoc/>
    public TokenLosses Compute(PolicyLossInputs inputs)
    {
        using var scope = NewDisposeScope();
        Tensor ratio = inputs.LogRatios(RatioLevel.Token).detach();
        Tensor losses = Weights(inputs).neg() * inputs.Advantages * inputs.LogProbs;
        if (inputs.Factors is { } factors) losses *= factors;
        return new TokenLosses(losses, ratio.exp(), zeros_like(ratio).gt(0)).Keep();
    }

    /// <summary>phi of each token's response, without gradient.</summary>
    public Tensor Weights(PolicyLossInputs inputs)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        Tensor logWeights = inputs.LogRatios(RatioLevel.Token).clamp(-20, 20);
        Tensor rows = inputs.Layout.RowSums(logWeights);
        if (inputs.SamplerRatios is { } ratios) rows += SumOfLogs(inputs.Layout, ratios, logWeights);
        Tensor log = inputs.Layout.ToTokens(rows).clamp(SmallestLog, 20);
        Tensor negative = inputs.Advantages.lt(0).to(log.dtype);
        Tensor k = negative * (KNegative - KPositive) + KPositive, lambda = negative * (LambdaNegative - LambdaPositive) + LambdaPositive;
        return (lambda + k * log - lambda * log.exp()).exp().nan_to_num(0, 0, 0).MoveToOuterDisposeScope();
    }

    private static readonly double SmallestLog = double.Log(1e-8);

    private static Tensor SumOfLogs(TokenLayout layout, Tensor ratios, Tensor like) => layout.RowSums(ratios.log().clamp(SmallestLog, 20).expand_as(like));
}

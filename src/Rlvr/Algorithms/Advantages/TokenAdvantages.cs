using static TorchSharp.torch;

namespace Rlvr.Algorithms.Advantages;

/// <summary>Advantages and returns of every token, [B, T] in the padded layout.</summary>
/// <param name="Advantages">How much better than expected; positions outside the mask are meaningless unless the estimator says otherwise.</param>
/// <param name="Returns">What followed: a critic's target.</param>
public sealed record TokenAdvantages(Tensor Advantages, Tensor Returns);

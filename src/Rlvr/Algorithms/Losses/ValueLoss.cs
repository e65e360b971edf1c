using static TorchSharp.torch;

namespace Rlvr.Algorithms.Losses;

/// <summary>
/// The critic's clipped regression: max((v - R)^2, (clip(v, v_old - c, v_old + c) - R)^2) / 2, as in the released code of
/// arXiv 2504.20571.
/// </summary>
public static class ValueLoss
{
    /// <summary>The loss of each token, and whether the clipped branch is the loss; both in the shape of the tokens.</summary>
    /// <param name="values">The critic's predictions, with gradient.</param>
    /// <param name="returns">Targets.</param>
    /// <param name="oldValues">Predictions at rollout time.</param>
    /// <param name="clip">Range of the change of a prediction.</param>
    public static (Tensor Losses, Tensor Clipped) Compute(Tensor values, Tensor returns, Tensor oldValues, double clip = 0.5)
    {
        using var scope = NewDisposeScope();
        Tensor plain = (values - returns).square();
        Tensor near = maximum(minimum(values, oldValues + clip), oldValues - clip);
        Tensor clipped = (near - returns).square();
        return ((maximum(plain, clipped) * 0.5).MoveToOuterDisposeScope(), clipped.detach().gt(plain.detach()).MoveToOuterDisposeScope());
    }
}

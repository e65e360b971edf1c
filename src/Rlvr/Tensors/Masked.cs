using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tensors;

/// <summary>
/// Statistics over the entries that a mask selects. A mask has the shape of the values (or broadcasts to it) and is Boolean or a
/// weight in the values' type; without one every entry counts, which is the packed layout's case.
/// </summary>
/// <remarks>
/// As in the released code of arXiv 2504.20571 there is no epsilon in the mean: an empty mask gives NaN. Masked entries are
/// multiplied by zero, so they have to be finite.
/// </remarks>
public static class Masked
{
    /// <summary>Added to the variance before the root when whitening.</summary>
    public const double WhitenEpsilon = 1e-8;

    /// <summary>Sum of the selected values: a scalar.</summary>
    public static Tensor Sum(Tensor values, Tensor? mask = null) => mask is null ? values.sum() : (values * mask).sum();

    /// <summary>Mean of the selected values: a scalar.</summary>
    public static Tensor Mean(Tensor values, Tensor? mask = null) =>
        mask is null ? values.mean() : (values * mask).sum() / mask.sum();

    /// <summary>Mean of the selected values along one dimension.</summary>
    public static Tensor Mean(Tensor values, Tensor mask, long dimension) =>
        (values * mask).sum(dimension) / mask.sum(dimension);

    /// <summary>Variance of the selected values, a scalar; unbiased (n / (n - 1)) unless asked otherwise.</summary>
    /// <exception cref="RlvrException">Unbiased, and fewer than two values are selected.</exception>
    public static Tensor Variance(Tensor values, Tensor? mask = null, bool unbiased = true)
    {
        using var scope = NewDisposeScope();
        Tensor centered = values - Mean(values, mask);
        Tensor variance = Mean(centered * centered, mask);
        if (unbiased)
        {
            double count = mask is null ? values.numel() : mask.sum().to(ScalarType.Float64).item<double>();
            if (count is 0 or 1)
                throw new RlvrException($"the unbiased variance needs at least two values, the mask selects {count}: use longer responses or more rollouts");
            using Scalar factor = (count / (count - 1)).ToScalar();
            variance = variance.mul(factor);
        }
        return variance.MoveToOuterDisposeScope();
    }

    /// <summary>
    /// (x - mean) / sqrt(variance + 1e-8), mean and unbiased variance over the selected values, applied to all entries.
    /// With <paramref name="shiftMean"/> false the mean is added back.
    /// </summary>
    /// <exception cref="RlvrException">Fewer than two values are selected.</exception>
    public static Tensor Whiten(Tensor values, Tensor? mask = null, bool shiftMean = true)
    {
        using var scope = NewDisposeScope();
        Tensor mean = Mean(values, mask);
        using Scalar epsilon = WhitenEpsilon.ToScalar();
        Tensor whitened = (values - mean) * Variance(values, mask).add(epsilon, Numbers.One).rsqrt();
        if (!shiftMean) whitened = whitened.add(mean, Numbers.One);
        return whitened.MoveToOuterDisposeScope();
    }
}

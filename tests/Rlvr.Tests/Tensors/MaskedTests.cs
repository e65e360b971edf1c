using Rlvr.Tensors;
using Rlvr.Tests.Algorithms;
using static TorchSharp.torch;

namespace Rlvr.Tests.Tensors;

public class MaskedTests
{
    [Fact]
    public void Equals_the_released_code()
    {
        foreach (GoldenCase c in Golden.Read("seed_masked_statistics.json").Where(c => c.Function is null))
        {
            using var scope = NewDisposeScope();
            Tensor values = c.Tensor("values"), mask = c.Tensor("mask");
            var functions = new Dictionary<string, Func<Tensor>>
            {
                ["masked_sum"] = () => Masked.Sum(values, mask),
                ["masked_mean"] = () => Masked.Mean(values, mask),
                ["masked_mean_axis_-1"] = () => Masked.Mean(values, mask, -1),
                ["masked_var"] = () => Masked.Variance(values, mask),
                ["masked_var_biased"] = () => Masked.Variance(values, mask, unbiased: false),
                ["masked_whiten"] = () => Masked.Whiten(values, mask),
                ["masked_whiten_keep_mean"] = () => Masked.Whiten(values, mask, shiftMean: false),
            };
            if (c.Expects("error")) Assert.Throws<RlvrException>(functions["masked_var"]);
            foreach ((string name, Func<Tensor> function) in functions)
                if (c.Expects(name)) c.Check(name, function());
        }
    }

    [Fact]
    public void Without_a_mask_every_value_counts()
    {
        using var scope = NewDisposeScope();
        Tensor values = Golden.Read("seed_masked_statistics.json")[0].Tensor("values"), all = ones_like(values);

        Assert.True(Masked.Sum(values).allclose(Masked.Sum(values, all), rtol: 1e-12));
        Assert.True(Masked.Whiten(values).allclose(Masked.Whiten(values, all), rtol: 1e-12));
    }
}

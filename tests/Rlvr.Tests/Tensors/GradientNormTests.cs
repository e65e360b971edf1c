using System.Text.Json;
using Rlvr.Tensors;
using Rlvr.Tests.Algorithms;
using static TorchSharp.torch;

namespace Rlvr.Tests.Tensors;

public class GradientNormTests
{
    [Fact]
    public void Equals_PyTorch()
    {
        foreach (GoldenCase c in Golden.Read("torch_clip_grad_norm.json"))
        {
            using var scope = NewDisposeScope();
            Tensor[] parameters = [.. c.Inputs.GetProperty("grads").EnumerateArray().Select(g => WithGradient(GoldenCase.ToTensor(g)))];

            double norm = GradientNorm.Clip(parameters, c.Number("max_norm"));

            Golden.Close(c.Expected.GetProperty("total_norm").GetDouble(), norm, c.Name);
            JsonElement clipped = c.Expected.GetProperty("clipped");
            for (int i = 0; i < parameters.Length; i++) Golden.Close(clipped[i], parameters[i].grad!, $"{c.Name}: gradient {i}");
        }
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Non_finite_gradients_are_reported_and_left_alone(double bad)
    {
        using var scope = NewDisposeScope();
        Tensor gradient = tensor([3.0, bad]);
        Tensor parameter = WithGradient(gradient);

        Assert.False(double.IsFinite(GradientNorm.Clip([parameter], 1)));
        Assert.Equal(3, parameter.grad![0].item<double>());
    }

    [Fact]
    public void Without_a_limit_it_only_measures()
    {
        using var scope = NewDisposeScope();
        Tensor parameter = WithGradient(tensor([3.0, 4.0]));

        Assert.Equal(5, GradientNorm.Clip([parameter, ones(2).requires_grad_()], 0), 12);
        Assert.Equal(3, parameter.grad![0].item<double>());
    }

    private static Tensor WithGradient(Tensor gradient)
    {
        Tensor parameter = zeros_like(gradient).requires_grad_();
        parameter.grad = gradient;
        return parameter;
    }
}

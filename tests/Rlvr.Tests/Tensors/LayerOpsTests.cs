using Rlvr.Models;
using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tests.Tensors;

/// <summary>What lies between the products of a layer, rows divided among threads: the numbers and gradients of the same operations by autograd in float64.</summary>
public sealed class LayerOpsTests : IDisposable
{
    private const int Rows = 3001, Width = 48, Size = 12, Heads = 4;
    private const double Epsilon = 1e-6;
    private readonly int threads;
    private readonly DisposeScope scope;

    public LayerOpsTests()
    {
        NativeRuntime.Initialize();
        scope = NewDisposeScope();
        threads = get_num_threads();
        set_num_threads(3);
        Assert.Equal(3, RowParallel.Threads(8L * Rows * Width)); // enough work for all of them
    }

    public void Dispose()
    {
        set_num_threads(threads);
        scope.Dispose();
    }

    [Fact]
    public void Norm_of_a_sum()
    {
        Tensor x = randn(Rows, Width), delta = randn(Rows, Width), weight = randn(Width), gradient = randn(Rows, Width), stream = randn(Rows, Width), before = stream.clone();
        Tensor sum = empty_like(x), inverse = empty(Rows), h = empty_like(x), again = empty_like(x), weightGradient = ones(Width);
        LayerOps<SingleElement>.AddNorm(x, delta, weight, sum, inverse, h, Epsilon);
        LayerOps<SingleElement>.NormAgain(sum, inverse, weight, again);
        LayerOps<SingleElement>.NormBackward(sum, inverse, weight, gradient, stream, weightGradient);

        Tensor exact = x.add(delta).to(float64).requires_grad_(), scale = weight.to(float64).requires_grad_();
        Tensor expected = RmsNorm.Apply(exact, scale, Epsilon);
        expected.backward([gradient.to(float64)]);
        Near(sum, x.add(delta));
        Near(h, expected.detach());
        Assert.True(h.equal(again).all().item<bool>());
        Near(stream, before.to(float64).add(exact.grad!));
        Near(weightGradient, scale.grad!.add(1));
    }

    [Fact]
    public void Gate()
    {
        Tensor gateUp = randn(Rows, 2 * Width).mul_(3), gradient = randn(Rows, Width), result = empty_like(gradient), given = gateUp.clone();
        LayerOps<SingleElement>.Gate(gateUp, result);
        LayerOps<SingleElement>.GateBackward(gateUp, gradient);

        Tensor exact = given.to(float64).requires_grad_(), expected = nn.functional.silu(exact.narrow(1, 0, Width)).mul(exact.narrow(1, Width, Width));
        expected.backward([gradient.to(float64)]);
        Near(result, expected.detach());
        Near(gateUp, exact.grad!);
    }

    [Fact]
    public void Rotation_and_back()
    {
        using Rope rope = new(TinyModelsConfig, CPU);
        (Tensor cosine, Tensor sine) = rope.At(arange(Rows), Rows);
        Tensor qkv = randn(Rows, (Heads + 2) * Size), given = qkv.clone();
        LayerOps<SingleElement>.Rotate(qkv, cosine, sine, Heads, back: false);
        using (no_grad()) Near(qkv.narrow(1, 0, Heads * Size), rope.Apply(given.narrow(1, 0, Heads * Size).clone().view(Rows, Heads, Size), (cosine, sine)).view(Rows, -1));
        Assert.True(qkv.narrow(1, Heads * Size, 2 * Size).equal(given.narrow(1, Heads * Size, 2 * Size)).all().item<bool>()); // values are not turned
        LayerOps<SingleElement>.Rotate(qkv, cosine, sine, Heads, back: true);
        Near(qkv, given);
    }

    [Fact]
    public void Norm_of_heads()
    {
        Tensor heads = randn(Rows, (Heads + 1) * Size), before = heads.clone(), weight = randn(Size), gradient = randn(Rows, (Heads + 1) * Size), given = gradient.clone(), weightGradient = zeros(Size);
        LayerOps<SingleElement>.NormHeads(heads, 1, Heads, weight, Epsilon);
        LayerOps<SingleElement>.NormHeadsBackward(before, gradient, 1, Heads, weight, weightGradient, Epsilon);

        Tensor exact = before.narrow(1, Size, Heads * Size).to(float64).requires_grad_(), scale = weight.to(float64).requires_grad_();
        Tensor expected = RmsNorm.Apply(exact.view(Rows, Heads, Size), scale, Epsilon).view(Rows, -1);
        expected.backward([given.narrow(1, Size, Heads * Size).to(float64)]);
        Near(heads.narrow(1, Size, Heads * Size), expected.detach());
        Near(gradient.narrow(1, Size, Heads * Size), exact.grad!);
        Near(weightGradient, scale.grad!);
        Assert.True(heads.narrow(1, 0, Size).equal(before.narrow(1, 0, Size)).all().item<bool>()); // the head before them is left alone
        Assert.True(gradient.narrow(1, 0, Size).equal(given.narrow(1, 0, Size)).all().item<bool>());
    }

    private static ModelConfig TinyModelsConfig => Models.TinyModels.Config("qwen2 GQA") with { HeadDim = Size };

    private static void Near(Tensor found, Tensor expected)
    {
        double difference = found.to(float64).sub(expected).abs().max().item<double>(), largest = double.Max(1, expected.to(float64).abs().max().item<double>());
        Assert.True(difference <= 2e-5 * largest, $"off by {difference:g3}, largest is {largest:g3}");
    }
}

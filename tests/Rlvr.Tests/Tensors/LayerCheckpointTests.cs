using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tests.Tensors;

public class LayerCheckpointTests
{
    [Fact]
    public void Output_and_gradients_are_those_of_the_chain()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor weight = linspace(0.5, 2, 4).requires_grad_(), input = linspace(-1, 1, 4).requires_grad_();
        Func<Tensor, Tensor>[] stages = [x => x.mul(weight).tanh(), x => x.mul(x).add(weight), x => x.exp()];
        Tensor whole = stages.Aggregate(input, (x, stage) => stage(x));
        whole.sum().backward();
        float[] expected = Values(weight.grad!), ofInput = Values(input.grad!);
        weight.grad!.zero_();

        LayerCheckpoint checkpoint = new(input.detach(), stages);
        Assert.Equal(Values(whole), Values(checkpoint.Output));
        checkpoint.Output.sum().backward();
        Assert.All(Values(weight.grad!), g => Assert.Equal(0, g)); // nothing yet: the stages left no history
        Assert.Equal(ofInput, Values(checkpoint.Backward()));
        Assert.Equal(expected, Values(weight.grad!));
    }

    [Fact]
    public void A_stage_may_write_into_its_input_where_gradients_are_off()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor input = linspace(1, 2, 3);
        static Tensor Double(Tensor x) => is_grad_enabled() ? x.mul(2) : x.mul_(2);
        LayerCheckpoint checkpoint = new(input, [Double, x => x.square()]);
        Assert.Equal([1, 1.5f, 2], Values(input));
        checkpoint.Output.sum().backward();
        Assert.Equal([8, 12, 16], Values(checkpoint.Backward())); // d (2x)^2 / dx = 8x
    }

    [Fact]
    public void Nothing_but_the_inputs_of_stages_is_kept()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor input = ones(3);
        long before = Tensor.TotalCount;
        LayerCheckpoint checkpoint = new(input, [.. Enumerable.Repeat<Func<Tensor, Tensor>>(x => x.add(1).mul(2).sin(), 5)]);
        Assert.InRange(Tensor.TotalCount - before, 1, 5);
    }

    private static float[] Values(Tensor tensor) => tensor.detach().data<float>().ToArray();
}

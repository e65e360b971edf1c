using Rlvr.Models;
using Rlvr.Tensors;
using Rlvr.Tests.Models;
using Rlvr.Tests.Shared;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tests.Tensors.Optimizer;

/// <summary>AdamW with its moments in smaller types, beside the float32 one.</summary>
public sealed class MomentsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    public static TheoryData<string> Small => [Moments.BFloat16, Moments.EightBit];

    [Fact]
    public void A_parameter_takes_the_documented_bytes()
    {
        using DisposeScope scope = NewDisposeScope();
        foreach ((string name, double perParameter) in new[] { (Moments.Float32, 8.0), (Moments.BFloat16, 4), (Moments.EightBit, 2.03125) })
        {
            Tensor weight = zeros(64, 128).requires_grad_(), bias = zeros(100).requires_grad_();
            using FusedAdamW optimizer = new([("w", weight), ("b", bias)], state: name);
            long bytes = optimizer.State().Sum(s => s.Value.numel() * s.Value.element_size());
            Assert.Equal(Moments.Bytes(name, 8192) + Moments.Bytes(name, 100), bytes);
            Assert.Equal(perParameter * 8192, Moments.Bytes(name, 8192));
        }
    }

    /// <summary>A linear regression: the same gradients in the mean, so the parameters follow those of float32 closely.</summary>
    [Theory]
    [InlineData(Moments.BFloat16, 0.01)]
    [InlineData(Moments.EightBit, 0.03)]
    public void Parameters_follow_those_of_the_float32_optimiser(string name, double tolerance)
    {
        using DisposeScope scope = NewDisposeScope();
        using torch.Generator generator = new(7, CPU);
        Tensor start = zeros(64, 80), inputs = randn([256, 80], generator: generator), targets = inputs.mm(randn([80, 64], generator: generator)).add(randn([256, 64], generator: generator).mul(0.3));
        (Tensor weights, double loss) expected = Fit(Moments.Float32), found = Fit(name);
        double moved = expected.weights.sub(start).norm().item<float>(), apart = found.weights.sub(expected.weights).norm().item<float>();
        Assert.True(apart < tolerance * moved, $"{apart:g3} apart after moving {moved:g3}");
        double before = targets.square().mean().item<float>();
        Assert.InRange(expected.loss, 0, 0.01 * before);
        Assert.InRange(found.loss, 0, expected.loss + (3e-4 * before));

        (Tensor, double) Fit(string state)
        {
            Tensor weight = start.clone().requires_grad_();
            using FusedAdamW optimizer = new([("w", weight)], weightDecay: 0, state: state);
            double loss = 0;
            for (int step = 0; step < 200; step++)
            {
                using DisposeScope inner = NewDisposeScope();
                // A quarter of the data each time, so that gradients are noisy.
                Tensor x = inputs.narrow(0, step % 4 * 64, 64), y = targets.narrow(0, step % 4 * 64, 64);
                Tensor error = nn.functional.linear(x, weight).sub(y).square().mean();
                optimizer.ZeroGradients();
                error.backward();
                optimizer.Step(0.03);
                loss = nn.functional.linear(inputs, weight).sub(targets).square().mean().item<float>();
            }
            return (weight.detach(), loss);
        }
    }

    [Theory]
    [MemberData(nameof(Small))]
    public void A_network_learns_a_tiny_task_as_well(string name)
    {
        double expected = Learn(Moments.Float32), found = Learn(name);
        Assert.InRange(expected, 0, 0.5); // ln 41 = 3.7 before
        Assert.InRange(found, 0, 1.1 * expected);

        static double Learn(string state)
        {
            using DisposeScope scope = NewDisposeScope();
            ModelConfig config = TinyModels.Config("qwen2 GQA") with { HiddenSize = 64, IntermediateSize = 128, HeadDim = 16 };
            using Transformer model = Transformer.CreateRandom(config, 3);
            model.RequireGradients(true);
            using FusedAdamW optimizer = new(model.Parameters.Select(p => (p.Key, p.Value)), state: state);
            SharedPrefixBatch batch = new([[1], [2]], [.. Enumerable.Range(0, 6).Select(i => (i % 2, TinyModels.Tokens(8, (ulong)i)))], CPU);
            double loss = 0;
            for (int step = 0; step < 60; step++)
            {
                using DisposeScope inner = NewDisposeScope();
                Tensor hidden = model.Hidden(batch);
                TokenLogProbs tokens = new(model, hidden, batch, 1);
                loss = -tokens.LogProbs.mean().item<float>();
                optimizer.ZeroGradients();
                tokens.Backward(full_like(tokens.LogProbs, -1.0 / tokens.LogProbs.numel()));
                optimizer.Step(3e-3);
            }
            return loss;
        }
    }

    /// <summary>
    /// After one gradient there is none: the second moment must shrink by 0.999 a step. Rounded to nearest bfloat16, it would stand still.
    /// </summary>
    [Fact]
    public void The_second_moment_in_bfloat16_forgets_as_it_should()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor weight = zeros(4096).requires_grad_();
        using FusedAdamW optimizer = new([("w", weight)], state: Moments.BFloat16);
        weight.grad = linspace(0.1, 10, 4096);
        optimizer.Step(0);
        Tensor second = optimizer.State().Single(s => s.Name == "exp_avg_sq.w").Value, before = second.to(ScalarType.Float32);
        weight.grad = zeros(4096);
        for (int step = 0; step < 500; step++) optimizer.Step(0);
        Assert.Equal(double.Pow(0.999, 500), second.to(ScalarType.Float32).div(before).mean().item<float>(), 0.005);
    }

    /// <summary>Pieces of one large parameter are as two parameters.</summary>
    [Theory]
    [MemberData(nameof(Small))]
    public void A_parameter_may_be_larger_than_a_piece(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        const int More = 5000;
        Tensor start = arange(PiecewiseMoments.PieceElements + More).mul(0.7).sin(), gradient = start.mul(3).cos();
        Tensor whole = start.clone().requires_grad_(), head = start.narrow(0, 0, PiecewiseMoments.PieceElements).clone().requires_grad_(), tail = start.narrow(0, PiecewiseMoments.PieceElements, More).clone().requires_grad_();
        using FusedAdamW one = new([("w", whole)], state: name), two = new([("a", head), ("b", tail)], state: name);
        for (int step = 0; step < 2; step++)
        {
            whole.grad = gradient.mul(step + 1);
            head.grad = whole.grad.narrow(0, 0, PiecewiseMoments.PieceElements).clone();
            tail.grad = whole.grad.narrow(0, PiecewiseMoments.PieceElements, More).clone();
            one.Step(1e-2);
            two.Step(1e-2);
        }
        Assert.True(TinyModels.Same(whole, cat([head, tail])));
        Assert.False(TinyModels.Same(whole, start));
    }

    [Theory]
    [InlineData(Moments.Float32)]
    [InlineData(Moments.BFloat16)]
    [InlineData(Moments.EightBit)]
    public void A_state_of_a_file_goes_on_exactly(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor start = linspace(-1, 1, 5000).reshape(50, 100), bias = linspace(0, 1, 7);
        Tensor[] whole = [start.clone().requires_grad_(), bias.clone().requires_grad_()], resumed = [start.clone().requires_grad_(), bias.clone().requires_grad_()];
        using FusedAdamW reference = New(whole, name);
        for (int step = 0; step < 6; step++) Step(reference, whole, step);
        using (FusedAdamW first = New(resumed, name))
        {
            for (int step = 0; step < 3; step++) Step(first, resumed, step);
            SafeTensorsWriter.Write(folder["state"], first.State());
        }
        using FusedAdamW second = New(resumed, name);
        using (SafeTensorsFile file = new(folder["state"])) second.Restore(3, file);
        for (int step = 3; step < 6; step++) Step(second, resumed, step);
        Assert.True(TinyModels.Same(whole[0], resumed[0]) && TinyModels.Same(whole[1], resumed[1]));
        Assert.Equal(6, second.StepCount);
    }

    [Theory]
    [InlineData(Moments.Float32, Moments.EightBit)]
    [InlineData(Moments.Float32, Moments.BFloat16)]
    [InlineData(Moments.BFloat16, Moments.Float32)]
    [InlineData(Moments.BFloat16, Moments.EightBit)]
    [InlineData(Moments.EightBit, Moments.Float32)]
    [InlineData(Moments.EightBit, Moments.BFloat16)]
    public void A_state_of_another_type_is_refused_and_changes_nothing(string saved, string wanted)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor[] weights = [ones(50, 100).requires_grad_(), ones(7).requires_grad_()];
        using FusedAdamW from = New(weights, saved), to = New(weights, wanted);
        SafeTensorsWriter.Write(folder["state"], from.State());
        using SafeTensorsFile file = new(folder["state"]);
        foreach (Action restore in new Action[] { () => to.Restore(3, file), () => to.Restore(3, from.State().ToDictionary(s => s.Name, s => s.Value)) })
            Assert.Equal($"optimiser state: the checkpoint's is {saved}, but optimizer.state is {wanted}; set it to {saved} to go on from this checkpoint", Assert.Throws<RlvrException>(restore).Message);
        Assert.Equal(0, to.StepCount);
    }

    [Fact]
    public void An_unknown_type_is_refused() =>
        Assert.Equal("optimizer.state: unknown type 'fp8'; expected fp32, bf16 or 8bit.", Assert.Throws<RlvrException>(() => new FusedAdamW([], state: "fp8")).Message);

    private static FusedAdamW New(Tensor[] weights, string name) => new(weights.Select((w, i) => ($"p{i}", w)), state: name);

    private static void Step(FusedAdamW optimizer, Tensor[] weights, int step)
    {
        foreach (Tensor weight in weights) weight.grad = weight.detach().mul(1.3 + step).cos();
        optimizer.Step(1e-2);
    }
}

using Rlvr.Algorithms;
using Rlvr.Algorithms.Losses;
using Rlvr.Tensors;
using static TorchSharp.torch;

namespace Rlvr.Tests.Algorithms.Losses;

public class PolicyLossesTests
{
    public static TheoryData<string> Names => [.. PolicyLosses.Names];

    /// <summary>The first update of a step: all ratios are 1, so every loss is a plain policy gradient.</summary>
    [Theory, MemberData(nameof(Names))]
    public void On_policy_the_gradient_is_minus_the_advantage(string name)
    {
        NativeRuntime.Initialize();
        using var scope = NewDisposeScope();
        Tensor logProbs = tensor([-1.0, -2, -0.5, -3]).requires_grad_(), advantages = tensor([1.0, 1, -2, -2]);
        IPolicyLoss loss = PolicyLosses.Parse(name);
        // Clip-Cov leaves tokens out, KL-Cov penalises some: only where the covariance says so.
        if (loss is ClipCov clip) loss = clip with { LowerBound = 1e6, UpperBound = 1e7 };
        if (loss is KlCov penalty) loss = penalty with { Coefficient = 0 };

        TokenLosses tokens = loss.Compute(new PolicyLossInputs(logProbs, logProbs.detach(), advantages, TokenLayout.Packed([2, 2])));
        tokens.Losses.sum().backward();

        Assert.True(logProbs.grad!.allclose(advantages.neg(), rtol: 1e-6), logProbs.grad!.ToString(true));
        Assert.True(tokens.Ratios.allclose(ones_like(advantages), rtol: 1e-6));
        // KL-Cov always picks at least one token.
        Assert.Equal(loss is KlCov ? 1 : 0, tokens.Clipped.sum().item<long>());
    }

    [Theory, MemberData(nameof(Names))]
    public void Factors_multiply_the_loss(string name)
    {
        NativeRuntime.Initialize();
        using var scope = NewDisposeScope();
        Tensor logProbs = tensor([-1.0, -2, -0.5, -3]), old = tensor([-1.1, -1.9, -0.6, -2.8]), advantages = tensor([1.0, 1, -2, -2]), factors = tensor([1.0, 0, 0.5, 2]);
        IPolicyLoss loss = PolicyLosses.Parse(name);
        var inputs = new PolicyLossInputs(logProbs, old, advantages, TokenLayout.Packed([2, 2]));

        Tensor expected = loss.Compute(inputs).Losses * factors;

        Assert.True(loss.Compute(inputs with { Factors = factors }).Losses.allclose(expected, rtol: 1e-12));
    }

    [Fact]
    public void Another_loss_reaches_the_actor_loss_through_its_options()
    {
        NativeRuntime.Initialize();
        using var scope = NewDisposeScope();
        Tensor logProbs = tensor([-1.0, -2]).requires_grad_(), weights = ones(2, ScalarType.Float64) / 2;
        var batch = new ActorBatch { LogProbs = logProbs, Advantages = tensor([2.0, 4.0]), Weights = weights, Layout = TokenLayout.Packed([2]) };
        var options = new ActorLossOptions { PolicyLoss = new PolicyGradient(), Entropy = 0, Kl = 0 };

        Assert.Equal(5, ActorLoss.Compute(batch, options).Loss.item<double>(), 12);
        Assert.Throws<ArgumentException>(() => ActorLoss.Compute(batch with { Layout = null }, options));
    }

    [Fact]
    public void Clip_ranges_reach_the_losses_that_have_ppos()
    {
        Assert.Equal(new ClippedPolicy(0.1, 0.3), PolicyLosses.Parse("clipped", clipLow: 0.1, clipHigh: 0.3));
        Assert.Equal(new DualClip(0.1, 0.3, 4), PolicyLosses.Parse("dual_clip", ["bound=4"], 0.1, 0.3));
        Assert.Equal(new Gspo(), PolicyLosses.Parse("gspo", clipLow: 0.1, clipHigh: 0.3));
        Assert.Equal(new Gspo(0.001), PolicyLosses.Parse("gspo", ["clip_low=1e-3"]));
        Assert.Equal(PolicyLosses.Names.Where(PolicyLosses.HasPpoRange), ["clip_cov", "clipped", "dual_clip"]);
    }
}

using Rlvr.Models;
using Rlvr.Rollouts;
using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tests.Models;

/// <summary>Products and attention in bfloat16 with float32 master weights: the same numbers up to bfloat16's eight bits.</summary>
public class ComputeTypeTests
{
    public static TheoryData<string> Names => TinyModels.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void Log_probs_entropies_and_gradients_are_near_those_of_float32(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using Transformer single = TinyModels.Create(name, deviation: TinyModels.Moderate), half = InBFloat16(single);
        (TokenLogProbs expected, TokenLogProbs found) = (LogProbs(single), LogProbs(half));
        Assert.Equal(ScalarType.Float32, found.LogProbs.dtype);
        Assert.InRange(TinyModels.Largest(found.LogProbs.sub(expected.LogProbs)), 1e-7, 0.1); // not the same computation; 0.035 at most with 240 other weights
        Assert.InRange(TinyModels.Largest(found.Entropies!.sub(expected.Entropies!)), 0, 0.03); // 0.008
        foreach ((string parameter, Tensor value) in half.Parameters)
        {
            Tensor golden = single.Parameters[parameter].grad!;
            Assert.Equal(ScalarType.Float32, value.grad!.dtype);
            double error = value.grad.sub(golden).norm().item<float>(), size = golden.norm().item<float>();
            Assert.True(error < 0.12 * size, $"gradient of {parameter}: off by {error:g3} of {size:g3}"); // 0.07
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_frozen_copy_computes_exactly_what_the_master_weights_do(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using Transformer single = TinyModels.Create(name), master = InBFloat16(single), frozen = master.Clone(frozen: true);
        Assert.Equal(ScalarType.BFloat16, frozen.Parameters["model.layers.0.mlp.up_proj.weight"].dtype);
        Assert.Equal(ScalarType.Float32, frozen.Parameters["model.norm.weight"].dtype);
        int[] sequence = TinyModels.Tokens(9, 3);
        using IDisposable noGrad = no_grad();
        Assert.True(TinyModels.Same(TinyModels.PlainLogits(master, sequence), TinyModels.PlainLogits(frozen, sequence)));
    }

    [Fact]
    public void The_pass_with_gradients_computes_what_the_pass_without_does()
    {
        using DisposeScope scope = NewDisposeScope();
        using Transformer single = TinyModels.Create(), half = InBFloat16(single);
        half.RequireGradients(true);
        SharedPrefixBatch batch = Batch();
        Tensor with = half.HiddenForLoss(batch).Values.detach();
        using IDisposable noGrad = no_grad();
        Assert.True(TinyModels.Same(with, half.Hidden(batch)));
    }

    [Fact]
    public void Copies_follow_the_parameters()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using Transformer single = TinyModels.Create(), half = InBFloat16(single);
        int[] sequence = TinyModels.Tokens(9, 3);
        Tensor before = TinyModels.PlainLogits(half, sequence);
        foreach (Tensor parameter in half.Parameters.Values) parameter.mul_(0.5);
        half.ParametersChanged();
        using Transformer fresh = half.Clone();
        Tensor after = TinyModels.PlainLogits(half, sequence);
        Assert.False(TinyModels.Same(before, after));
        Assert.True(TinyModels.Same(after, TinyModels.PlainLogits(fresh, sequence)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Sampler_and_trainer_agree_to_eight_bits(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using Transformer single = TinyModels.Create(name, deviation: TinyModels.Moderate), half = InBFloat16(single);
        int[] prompt = TinyModels.Tokens(6, 1);
        IReadOnlyList<Rollout> rollouts = new Rlvr.Rollouts.Generator(half).Generate(
            [.. Enumerable.Range(0, 5).Select(i => new GenerationRequest(prompt, (ulong)i))], new SamplingOptions { Temperature = 1, MaxNewTokens = 12, Seed = 3 });
        SharedPrefixBatch batch = new([prompt], [.. rollouts.Select(r => (0, r.Tokens))], CPU);
        using IDisposable noGrad = no_grad();
        Tensor trainer = new TokenLogProbs(half, Hidden(half, batch), batch, 1).LogProbs;
        Tensor sampler = tensor(rollouts.SelectMany(r => r.LogProbs).ToArray());
        Assert.InRange(TinyModels.Largest(trainer.sub(sampler)), 0, 0.06); // 0.02 at most with 240 other weights
        Assert.InRange(trainer.sub(sampler).abs().mean().item<float>(), 0, 0.01);
    }

    [Theory]
    [InlineData("fp32", 4096, ScalarType.Float32)]
    [InlineData("bf16", 16, ScalarType.BFloat16)]
    [InlineData("auto", ComputePrecision.LeastWidth - 1, ScalarType.Float32)]
    public void Precision_is_chosen_by_name(string name, int width, ScalarType expected) => Assert.Equal(expected, ComputePrecision.Choose(name, CPU, width));

    [Fact]
    public void Auto_takes_what_the_hardware_has() =>
        Assert.Equal(ComputePrecision.CpuHasBFloat16 ? ScalarType.BFloat16 : ScalarType.Float32, ComputePrecision.Choose("auto", CPU, ComputePrecision.LeastWidth));

    [Fact]
    public void An_unknown_precision_is_refused() =>
        Assert.Contains("expected auto, fp32 or bf16", Assert.Throws<RlvrException>(() => ComputePrecision.Choose("fp8", CPU, 512)).Message, StringComparison.Ordinal);

    private static Transformer InBFloat16(Transformer model)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        return new Transformer(model.Config, model.Parameters.ToDictionary(p => p.Key, p => p.Value.detach().clone(), StringComparer.Ordinal), ScalarType.BFloat16);
    }

    private static SharedPrefixBatch Batch() =>
        new([TinyModels.Tokens(5, 100), TinyModels.Tokens(7, 101)], [(0, TinyModels.Tokens(4, 200)), (1, TinyModels.Tokens(6, 201)), (1, TinyModels.Tokens(2, 202))], CPU);

    private static Tensor Hidden(Transformer model, SharedPrefixBatch batch) =>
        model.Hidden(batch);

    private static TokenLogProbs LogProbs(Transformer model)
    {
        model.RequireGradients(true);
        SharedPrefixBatch batch = Batch();
        TokenLogProbs tokens = new(model, Hidden(model, batch), batch, 0.8, withEntropy: true, keepForBackward: true);
        tokens.Backward(full_like(tokens.LogProbs, -0.1), full_like(tokens.LogProbs, -0.01));
        return tokens;
    }
}

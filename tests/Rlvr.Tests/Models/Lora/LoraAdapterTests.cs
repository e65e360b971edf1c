using CsCheck;
using Rlvr.Models;
using Rlvr.Rollouts;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tests.Models;

/// <summary>y = x W^T + b + s (x A^T) B^T: the same as the weight W + s B A, with a gradient of its own for A and B.</summary>
public class LoraAdapterTests
{
    private static readonly LoraSettings All = new(2, 32, LoraSettings.LinearLayers);

    public static TheoryData<string> Names => TinyModels.Names;

    [Fact]
    public void An_adapter_computes_what_the_merged_weights_do() => Gen.Select(
        Gen.Int[0, Names.Count - 1].Select(i => Names.ElementAt(i).Data), Gen.Int[1, 6], Gen.Double[0.5, 40], Gen.Bool, Gen.Int[1, 127], Gen.ULong)
        .Sample((name, rank, alpha, stabilized, layers, seed) =>
        {
            using DisposeScope scope = NewDisposeScope();
            using IDisposable noGrad = no_grad();
            LoraSettings settings = new(rank, alpha, [.. LoraSettings.LinearLayers.Where((_, i) => (layers >> i & 1) == 1)], stabilized);
            using Transformer model = WithAdapter(name, settings, seed % 1000);
            using Transformer merged = model.Merged();
            int[] sequence = TinyModels.Tokens(9, seed);
            Tensor expected = TinyModels.PlainLogits(merged, sequence), found = TinyModels.PlainLogits(model, sequence), without = TinyModels.PlainLogits(model.Sharing(), sequence);
            Assert.Null(merged.Adapter);
            Assert.InRange(TinyModels.Largest(found.sub(expected)), 0, 1e-3 * double.Max(1, TinyModels.Largest(expected)));
            Assert.True(TinyModels.Largest(found.sub(without)) > 1e-2);
        }, iter: 60);

    public static MatrixTheoryData<string, bool> NamesAndWays => new([.. TinyModels.Names.Select(row => row.Data)], [false, true]);

    /// <summary>By autograd and by the processor's kernels.</summary>
    [Theory]
    [MemberData(nameof(NamesAndWays))]
    public void Gradients_of_A_and_B_follow_from_the_gradient_of_the_merged_weight(string name, bool kernels)
    {
        using DisposeScope scope = NewDisposeScope();
        LoraSettings settings = All with { Rank = 3, Alpha = 6 };
        using Transformer model = WithAdapter(name, settings, 1);
        using Transformer merged = model.Merged();
        Backward(model, kernels);
        Backward(merged, kernels: false);
        foreach ((string module, _, _) in settings.Modules(model.Config))
        {
            (Tensor a, Tensor b) = model.Adapter!.Find(module)!.Value;
            Tensor weight = merged.Parameters[module + ".weight"].grad!;
            // W = W0 + s B A, so dL/dA = s B^T dL/dW and dL/dB = s dL/dW A^T.
            Near(b.detach().t().mm(weight).mul(settings.Scale), a.grad!, module + " A");
            Near(weight.mm(a.detach().t()).mul(settings.Scale), b.grad!, module + " B");
        }
        Assert.All(model.Parameters.Values, p => Assert.True(p.grad is null && !p.requires_grad));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_new_adapter_changes_nothing_and_the_model_without_it_is_the_base(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using Transformer model = TinyModels.Create(name);
        int[] sequence = TinyModels.Tokens(9, 2);
        Tensor before = TinyModels.PlainLogits(model, sequence);
        model.Attach(LoraAdapter.Create(model.Config, All, 1, "base"));
        Assert.True(TinyModels.Same(before, TinyModels.PlainLogits(model, sequence)));
        Randomize(model.Adapter!, 1);
        Assert.False(TinyModels.Same(before, TinyModels.PlainLogits(model, sequence)));
        using (Transformer reference = model.Sharing()) Assert.True(TinyModels.Same(before, TinyModels.PlainLogits(reference, sequence)));
        using Transformer copy = model.Clone();
        Assert.True(TinyModels.Same(TinyModels.PlainLogits(model, sequence), TinyModels.PlainLogits(copy, sequence)));
        Assert.Contains("has an adapter already", Assert.Throws<RlvrException>(() => model.Attach(copy.Adapter!)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_is_drawn_as_PEFT_draws_it_from_the_seed_and_the_place_alone()
    {
        ModelConfig config = TinyModels.Config("qwen2 GQA");
        using LoraAdapter all = LoraAdapter.Create(config, All, 7, "base"), again = LoraAdapter.Create(config, All, 7, "base"), other = LoraAdapter.Create(config, All, 8, "base"),
            some = LoraAdapter.Create(config, All with { Targets = ["v_proj", "down_proj"] }, 7, "base");
        Assert.Equal(2 * 7 * 2, all.Parameters.Count());
        Assert.Equal(2 * 2 * 2, some.Parameters.Count());
        Assert.Equal("base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight", all.Parameters.First().Name);
        Assert.Equal("base_model.model.model.layers.1.mlp.down_proj.lora_B.weight", all.Parameters.Last().Name);
        Dictionary<string, float[]> values = all.Parameters.ToDictionary(p => p.Name, p => p.Value.data<float>().ToArray());
        Assert.All(again.Parameters, p => Assert.Equal(values[p.Name], p.Value.data<float>().ToArray()));
        Assert.All(some.Parameters, p => Assert.Equal(values[p.Name], p.Value.data<float>().ToArray()));
        Assert.All(other.Parameters, p => Assert.Equal(p.Name.Contains("lora_B"), values[p.Name].SequenceEqual(p.Value.data<float>().ToArray())));
        Assert.NotEqual(values["base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"], values["base_model.model.model.layers.1.self_attn.q_proj.lora_A.weight"]);
        foreach ((string name, Tensor value) in all.Parameters)
        {
            if (name.Contains("lora_B")) Assert.Equal(0, TinyModels.Largest(value));
            // Of 48 or more numbers uniform in +-bound, the largest is almost surely near it.
            else Assert.InRange(TinyModels.Largest(value) * double.Sqrt(value.shape[1]), 0.8, 1);
        }
        Assert.Equal(all.Parameters.Sum(p => p.Value.numel()), All.ParameterCount(config));
    }

    [Fact]
    public void Scale_and_targets()
    {
        Assert.Equal(16, All.Scale);
        Assert.Equal(32 / double.Sqrt(2), (All with { RankStabilized = true }).Scale, 12);
        Assert.Equal(LoraSettings.LinearLayers, LoraSettings.Expand(["all-linear"]));
        Assert.Equal(["q_proj", "down_proj"], LoraSettings.Expand(["down_proj", "q_proj", "q_proj"]));
        Assert.Null(LoraSettings.ProblemOf(["o_proj", "all-linear"]));
        Assert.Contains("Did you mean 'gate_proj'?", LoraSettings.ProblemOf(["gate_prj"]), StringComparison.Ordinal);
        Assert.Contains("nothing would be learnt", LoraSettings.ProblemOf([]), StringComparison.Ordinal);
    }

    [Fact]
    public void A_rank_above_a_side_of_a_matrix_is_refused()
    {
        ModelConfig config = TinyModels.Config("qwen2 MQA"); // keys: 6 x 24
        RlvrException error = Assert.Throws<RlvrException>(() => LoraAdapter.Create(config, All with { Rank = 7 }, 1, "base"));
        Assert.Equal("lora.rank is 7, but model.layers.0.self_attn.k_proj is a matrix of 6 x 24, whose rank is at most 6. Lower lora.rank, or leave the layer out of lora.targets.", error.Message);
        LoraAdapter.Create(config, All with { Rank = 6 }, 1, "base").Dispose();
        LoraAdapter.Create(config, All with { Rank = 24, Targets = ["q_proj", "o_proj", "gate_proj"] }, 1, "base").Dispose();
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void In_bfloat16_it_is_near_and_the_sampler_agrees_with_the_trainer(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using Transformer single = WithAdapter(name, All with { Alpha = 2 }, 1, TinyModels.Moderate);
        using Transformer half = new(single.Config, single.Parameters.ToDictionary(p => p.Key, p => p.Key.EndsWith("norm.weight") ? p.Value.clone() : p.Value.to(ScalarType.BFloat16)), ScalarType.BFloat16);
        half.Attach(single.Adapter!.Clone());
        Backward(single, kernels: true);
        Backward(half, kernels: true);
        foreach (((string parameter, Tensor expected), Tensor found) in single.Trained.Zip(half.Trained.Select(t => t.Value)))
        {
            double error = found.grad!.sub(expected.grad!).norm().item<float>(), size = expected.grad!.norm().item<float>();
            Assert.Equal(ScalarType.Float32, found.grad!.dtype);
            Assert.True(error < 0.12 * size, $"gradient of {parameter}: off by {error:g3} of {size:g3}"); // 0.08 at most with 240 other weights
        }
        int[] prompt = TinyModels.Tokens(6, 1);
        IReadOnlyList<Rollout> rollouts = new Rlvr.Rollouts.Generator(half).Generate(
            [.. Enumerable.Range(0, 5).Select(i => new GenerationRequest(prompt, (ulong)i))], new SamplingOptions { Temperature = 1, MaxNewTokens = 12, Seed = 3 });
        SharedPrefixBatch batch = new([prompt], [.. rollouts.Select(r => (0, r.Tokens))], CPU);
        using IDisposable noGrad = no_grad();
        Tensor trainer = new TokenLogProbs(half, Hidden(half, batch), batch, 1).LogProbs, sampler = tensor(rollouts.SelectMany(r => r.LogProbs).ToArray());
        Assert.InRange(TinyModels.Largest(trainer.sub(sampler)), 0, 0.06); // 0.02
        // What the optimiser changed is used, not an old copy.
        Tensor before = TinyModels.PlainLogits(half, prompt);
        foreach ((_, Tensor parameter) in half.Trained) parameter.mul_(0.5);
        half.ParametersChanged();
        Assert.False(TinyModels.Same(before, TinyModels.PlainLogits(half, prompt)));
    }

    /// <summary>A model with an adapter whose B is not 0.</summary>
    internal static Transformer WithAdapter(string name, LoraSettings settings, ulong seed, double deviation = 0.25)
    {
        Transformer model = TinyModels.Create(name, seed, deviation);
        model.Attach(LoraAdapter.Create(model.Config, settings, seed, "base"));
        Randomize(model.Adapter!, seed);
        return model;
    }

    /// <summary>Values of a size that changes the output without drowning it.</summary>
    internal static void Randomize(LoraAdapter adapter, ulong seed)
    {
        using IDisposable noGrad = no_grad();
        using torch.Generator generator = new(seed + 2000, CPU);
        foreach ((string name, Tensor value) in adapter.Parameters)
            if (name.Contains("lora_B")) value.normal_(0, 0.2 / double.Max(1, adapter.Settings.Scale), generator);
    }

    private static void Backward(Transformer model, bool kernels)
    {
        model.RequireGradients(true);
        SharedPrefixBatch batch = Batch();
        IHiddenPass hidden = kernels ? model.HiddenForLoss(batch) : new GraphHidden(model.Hidden(batch));
        Assert.Equal(kernels && CpuKernels.Suit(model), hidden is CpuHidden);
        TokenLogProbs tokens = new(model, hidden.Values, batch, 0.9, withEntropy: true);
        tokens.Backward(ones_like(tokens.LogProbs), full_like(tokens.LogProbs, 0.1));
        hidden.Backward();
    }

    private static SharedPrefixBatch Batch() => new([TinyModels.Tokens(5, 1), TinyModels.Tokens(3, 2)], [(0, TinyModels.Tokens(7, 3)), (0, TinyModels.Tokens(4, 4)), (1, TinyModels.Tokens(6, 5))], CPU);

    private static Tensor Hidden(Transformer model, SharedPrefixBatch batch) => model.Hidden(batch);

    private static void Near(Tensor expected, Tensor found, string what)
    {
        double error = found.sub(expected).norm().item<float>(), size = expected.norm().item<float>();
        Assert.True(size > 1e-4, $"{what}: no gradient");
        Assert.True(error < 5e-4 * size, $"{what}: off by {error:g3} of {size:g3}");
    }
}

using Rlvr.Models;
using static TorchSharp.torch;

namespace Rlvr.Tests.Models;

public class TransformerTests
{
    [Fact]
    public void Random_weights_are_a_function_of_the_seed()
    {
        using Transformer a = Transformer.CreateRandom(TinyModels.Config("qwen2 GQA"), 3), same = Transformer.CreateRandom(TinyModels.Config("qwen2 GQA"), 3),
            other = Transformer.CreateRandom(TinyModels.Config("qwen2 GQA"), 4);
        Assert.All(a.Parameters, p => Assert.True(TinyModels.Same(p.Value, same.Parameters[p.Key]), p.Key));
        Assert.False(TinyModels.Same(a.Parameters["model.embed_tokens.weight"], other.Parameters["model.embed_tokens.weight"]));
        Assert.False(TinyModels.Same(a.Parameters["model.layers.0.mlp.up_proj.weight"], a.Parameters["model.layers.1.mlp.up_proj.weight"]));
    }

    [Fact]
    public void Random_weights_have_the_deviations_of_GPT2()
    {
        using Transformer model = Transformer.CreateRandom(TinyModels.Config("llama MHA untied") with { HiddenSize = 64, IntermediateSize = 128 }, 1);
        double Deviation(string name) => model.Parameters[name].std().item<float>();
        Assert.Equal(0.02, Deviation("model.embed_tokens.weight"), 1.5e-3);
        Assert.Equal(0.02, Deviation("model.layers.1.mlp.gate_proj.weight"), 1.5e-3);
        Assert.Equal(0.01, Deviation("model.layers.1.mlp.down_proj.weight"), 1e-3); // 0.02 / sqrt(2 * 2 layers)
        Assert.Equal(0.01, Deviation("model.layers.0.self_attn.o_proj.weight"), 1e-3);
        Assert.Equal(1, model.Parameters["model.norm.weight"].min().item<float>());
    }

    [Fact]
    public void A_clone_has_weights_of_its_own()
    {
        using Transformer model = TinyModels.Create();
        model.RequireGradients(true);
        using Transformer clone = model.Clone();
        using IDisposable noGrad = no_grad();
        Tensor original = model.Parameters["model.norm.weight"], copy = clone.Parameters["model.norm.weight"];
        Assert.True(TinyModels.Same(original, copy));
        Assert.False(copy.requires_grad);
        using Tensor before = copy.clone();
        using (Tensor doubled = original.mul(2)) original.copy_(doubled);
        Assert.True(TinyModels.Same(copy, before));
    }

    [Fact]
    public void A_tied_model_has_one_matrix_and_an_untied_one_two()
    {
        using Transformer tied = TinyModels.Create("qwen2 GQA"), untied = TinyModels.Create("llama MHA untied");
        Assert.Same(tied.Parameters["model.embed_tokens.weight"], tied.OutputWeight);
        Assert.Same(untied.Parameters["lm_head.weight"], untied.OutputWeight);
        Assert.DoesNotContain("lm_head.weight", tied.Parameters.Keys);
    }
}

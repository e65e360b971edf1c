using Rlvr.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tests.Models;

/// <summary>Layers that are computed again in the backward pass give the gradients of those that are kept.</summary>
public class RecomputedHiddenTests
{
    public static MatrixTheoryData<string, ScalarType, bool> Models => new([.. TinyModels.Names.Select(row => row.Data)], [ScalarType.Float32, ScalarType.BFloat16], [false, true]);

    /// <summary>
    /// Two prompts of different lengths, rows of different lengths, one of them without an input of its own. By autograd in bfloat16 the first pass has products of its own, whose sums may
    /// round to another neighbour: by 8e-4 and 0.01 at most with 40 other weights.
    /// </summary>
    [Theory]
    [MemberData(nameof(Models))]
    public void Gradients_are_equal_bit_for_bit(string name, ScalarType type, bool kernels)
    {
        using DisposeScope scope = NewDisposeScope();
        bool rounds = type == ScalarType.BFloat16 && !kernels;
        double deviation = rounds ? TinyModels.Moderate : 0.25;
        using Transformer kept = TinyModels.Create(TinyModels.Config(name), 1, type, deviation), again = TinyModels.Create(TinyModels.Config(name), 1, type, deviation);
        // Twice: the second time the gradients are there already, and are added to.
        for (ulong pass = 0; pass < 2; pass++)
        {
            Tensor before = Backward(kept, recompute: false, kernels, pass), after = Backward(again, recompute: true, kernels, pass);
            if (rounds) Assert.InRange(TinyModels.Largest(after.sub(before)), 0, 0.003);
            else Assert.True(TinyModels.Same(before, after));
            foreach ((string parameter, Tensor value) in kept.Parameters)
            {
                Tensor expected = value.grad!, found = again.Parameters[parameter].grad!;
                Assert.True(TinyModels.Largest(expected) > 1e-4, parameter);
                // The embedding's is added to what is there word by word.
                double rounding = rounds ? 0.03 : parameter == "model.embed_tokens.weight" ? 1e-6 : 0;
                if (rounding == 0) Assert.True(TinyModels.Same(expected, found), parameter);
                else Assert.InRange(TinyModels.Largest(found.sub(expected)), 0, rounding * TinyModels.Largest(expected));
            }
        }
    }

    [Fact]
    public void Without_a_gradient_there_is_no_way_back()
    {
        using DisposeScope scope = NewDisposeScope();
        using Transformer model = TinyModels.Create();
        SharedPrefixBatch batch = new([[1, 2]], [(0, [3])], CPU);
        foreach (IHiddenPass hidden in new[] { model.HiddenRecomputed(batch), model.HiddenForLoss(batch, recompute: true) })
            Assert.Contains("no gradient", Assert.Throws<InvalidOperationException>(hidden.Backward).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Frozen_parameters_get_no_gradient(bool kernels)
    {
        using DisposeScope scope = NewDisposeScope();
        using Transformer model = TinyModels.Create("llama MHA untied");
        Tensor trained = model.Parameters["model.layers.0.mlp.up_proj.weight"].requires_grad_();
        Backward(model, recompute: true, kernels, 0, train: false);
        Assert.True(TinyModels.Largest(trained.grad!) > 0);
        Assert.All(model.Parameters.Where(p => p.Key != "model.layers.0.mlp.up_proj.weight"), p => Assert.Null(p.Value.grad));
    }

    /// <summary>Adds the gradient of a loss of log-probabilities and entropies, by autograd or by the processor's kernels.</summary>
    /// <returns>The log-probabilities.</returns>
    private static Tensor Backward(Transformer model, bool recompute, bool kernels, ulong seed, bool train = true)
    {
        if (train) model.RequireGradients(true);
        SharedPrefixBatch batch = new(
            [TinyModels.Tokens(5, 100 + seed), TinyModels.Tokens(7, 101)],
            [(0, TinyModels.Tokens(4, 200)), (1, TinyModels.Tokens(6, 201 + seed)), (1, TinyModels.Tokens(1, 202)), (0, TinyModels.Tokens(3, 203))], CPU);
        IHiddenPass hidden = kernels ? model.HiddenForLoss(batch, recompute) : recompute ? model.HiddenRecomputed(batch) : new GraphHidden(model.Hidden(batch));
        TokenLogProbs tokens = new(model, hidden.Values, batch, 0.8, withEntropy: true, keepForBackward: true);
        tokens.Backward(linspace(-0.3, 0.4, tokens.LogProbs.numel()), full_like(tokens.LogProbs, -0.01));
        hidden.Backward();
        return tokens.LogProbs;
    }
}

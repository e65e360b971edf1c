using Rlvr.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tests.Models;

/// <summary>Prompts computed once give the numbers and gradients of prompts repeated for every row.</summary>
public class SharedPrefixTests
{
    /// <summary>Lengths of the prompts; for each row its prompt and its length.</summary>
    private static readonly Dictionary<string, (int[] Prompts, (int Prompt, int Length)[] Rows)> Layouts = new()
    {
        ["one prompt, equal rows"] = ([5], [(0, 4), (0, 4), (0, 4)]),
        ["one prompt, different rows"] = ([5], [(0, 1), (0, 6), (0, 3)]),
        ["one prompt, single tokens"] = ([4], [(0, 1), (0, 1)]),
        ["an empty row among others"] = ([3], [(0, 0), (0, 4), (0, 1), (0, 0)]),
        ["prompts of one length"] = ([4, 4], [(0, 3), (1, 3), (1, 2)]),
        ["prompts of different lengths"] = ([3, 7, 1], [(0, 2), (0, 0), (1, 1), (2, 7), (2, 3)]),
        ["equal rows of different prompts"] = ([2, 6], [(1, 3), (0, 3), (1, 3)]),
        ["a prompt without rows"] = ([3, 5, 2], [(2, 4), (0, 2)]),
        ["one row"] = ([6], [(0, 5)]),
    };

    /// <summary>How the hidden states and their gradients are computed.</summary>
    public enum Way
    {
        /// <summary>Autograd, rows padded in attention.</summary>
        Autograd,

        /// <summary>Autograd with the attention of GPUs, by definition: prompts and continuations one after another.</summary>
        Packed,

        /// <summary>The processor's kernels, forward and backward.</summary>
        Kernels,

        /// <summary>The same, the layers computed again on the way back.</summary>
        KernelsAgain,
    }

    public static MatrixTheoryData<string, Way> LayoutsAndWays => new([.. Layouts.Keys], Enum.GetValues<Way>());

    public static MatrixTheoryData<string, Way> ModelsAndWays => new([.. TinyModels.Names.Select(row => row.Data)], Enum.GetValues<Way>());

    [Theory]
    [MemberData(nameof(LayoutsAndWays))]
    public void Log_probs_entropies_and_gradients_equal_the_plain_way(string layout, Way way) => Compare("qwen2 GQA", layout, 0.6, TokenLogProbs.ChunkElements, keep: true, way);

    [Theory]
    [MemberData(nameof(ModelsAndWays))]
    public void They_do_for_every_architecture(string name, Way way) => Compare(name, "prompts of different lengths", 1, TokenLogProbs.ChunkElements, keep: true, way);

    [Theory]
    [InlineData(1, true)]
    [InlineData(2 * TinyModels.Vocabulary, true)]
    [InlineData(5 * TinyModels.Vocabulary, false)]
    [InlineData(1000 * TinyModels.Vocabulary, false)]
    public void They_do_in_chunks_of_logits(long chunkElements, bool keep) => Compare("llama MHA untied", "prompts of different lengths", 0.6, chunkElements, keep);

    [Fact]
    public void Gradients_add_up()
    {
        using DisposeScope scope = NewDisposeScope();
        using Transformer once = TinyModels.Create(), twice = TinyModels.Create();
        Backward(once, 2);
        Backward(twice, 1);
        Backward(twice, 1);
        foreach ((string name, Tensor parameter) in once.Parameters)
            Assert.True(TinyModels.Largest(parameter.grad!.sub(twice.Parameters[name].grad!)) < TinyModels.Rounding, name);

        static void Backward(Transformer model, double weight)
        {
            model.RequireGradients(true);
            SharedPrefixBatch batch = Batch("one prompt, different rows", out _, out _);
            TokenLogProbs tokens = new(model, model.Hidden(batch), batch, 1);
            tokens.Backward(full_like(tokens.LogProbs, weight));
        }
    }

    /// <summary>What was kept for the first backward pass is used up by it.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_second_backward_pass_adds_the_same(bool keep)
    {
        using DisposeScope scope = NewDisposeScope();
        using Transformer model = TinyModels.Create();
        model.RequireGradients(true);
        SharedPrefixBatch batch = Batch("one prompt, different rows", out _, out _);
        TokenLogProbs tokens = new(model, model.Hidden(batch).detach().requires_grad_(), batch, 0.7, withEntropy: true, keepForBackward: keep);
        tokens.Backward(full_like(tokens.LogProbs, 0.5), full_like(tokens.LogProbs, -0.1));
        Tensor once = model.OutputWeight.grad!.clone();
        tokens.Backward(full_like(tokens.LogProbs, 0.5), full_like(tokens.LogProbs, -0.1));
        Assert.InRange(TinyModels.Largest(model.OutputWeight.grad!.sub(once.mul(2))), 0, TinyModels.Rounding);
    }

    [Fact]
    public void Every_token_stands_once()
    {
        using DisposeScope scope = NewDisposeScope();
        SharedPrefixBatch batch = new([[1, 2, 3], [4]], [(0, [5, 6]), (1, [7]), (0, []), (1, [8, 9, 10])], CPU);
        Assert.Equal([1, 2, 3, 4, 5, 8, 9], batch.Tokens.data<long>().ToArray());
        Assert.Equal([0, 1, 2, 0, 3, 1, 2], batch.Positions.data<long>().ToArray());
        Assert.Equal([5, 6, 7, 8, 9, 10], batch.Targets.data<long>().ToArray());
        Assert.Equal([2, 4, 3, 3, 5, 6], batch.Predictors.data<long>().ToArray());
        Assert.Equal([3, 1], batch.PromptLengths);
        Assert.Equal([2, 3], batch.PromptEnds);
        Assert.Equal([1, 0, 0, 2], batch.InputLengths);
        Assert.Equal(3, batch.MaxPosition);
    }

    [Fact]
    public void A_prompt_without_tokens_is_refused() =>
        Assert.Contains("no tokens", Assert.Throws<RlvrException>(() => new SharedPrefixBatch([[1], []], [], CPU)).Message, StringComparison.Ordinal);

    private static void Compare(string name, string layout, double temperature, long chunkElements, bool keep, Way way = Way.Autograd)
    {
        using DisposeScope scope = NewDisposeScope();
        using Transformer model = TinyModels.Create(name), plain = model.Clone();
        model.RequireGradients(true);
        plain.RequireGradients(true);
        SharedPrefixBatch batch = Batch(layout, out int[][] prompts, out (int Prompt, int[] Tokens)[] rows);
        int count = rows.Sum(r => r.Tokens.Length);
        Tensor logProbWeights = Weights(count, 1), entropyWeights = Weights(count, 2);

        IHiddenPass hidden = way switch
        {
            Way.Autograd => new GraphHidden(model.Hidden(batch)),
            Way.Packed => new GraphHidden(model.Hidden(batch.Tokens, batch.Positions, batch.MaxPosition, new PackedPrefixAttention(batch, model.Config, plainly: true))),
            _ => model.HiddenForLoss(batch, recompute: way == Way.KernelsAgain),
        };
        Assert.Equal((way is Way.Kernels or Way.KernelsAgain) && CpuKernels.Suit(model), hidden is CpuHidden);
        TokenLogProbs tokens = new(model, hidden.Values, batch, temperature, withEntropy: true, keepForBackward: keep, chunkElements);
        tokens.Backward(logProbWeights, entropyWeights);
        hidden.Backward();

        // The plain way: every row is a whole sequence, and autograd goes through log_softmax.
        List<Tensor> logProbs = [], entropies = [];
        foreach ((int prompt, int[] response) in rows.Where(r => r.Tokens.Length > 0))
        {
            int first = prompts[prompt].Length - 1;
            Tensor all = TinyModels.PlainLogits(plain, [.. prompts[prompt], .. response]).narrow(0, first, response.Length).div(temperature).log_softmax(-1);
            logProbs.Add(all.gather(1, tensor(response.Select(t => (long)t).ToArray()).unsqueeze(1)).squeeze(1));
            entropies.Add(all.exp().mul(all).sum(-1).neg());
        }
        Tensor expected = cat(logProbs, 0), expectedEntropies = cat(entropies, 0);
        expected.mul(logProbWeights).sum().add(expectedEntropies.mul(entropyWeights).sum()).backward();

        Assert.InRange(TinyModels.Largest(tokens.LogProbs.sub(expected.detach())), 0, TinyModels.Rounding);
        Assert.InRange(TinyModels.Largest(tokens.Entropies!.sub(expectedEntropies.detach())), 0, TinyModels.Rounding);
        foreach ((string parameter, Tensor value) in model.Parameters)
        {
            Tensor golden = plain.Parameters[parameter].grad!;
            double difference = TinyModels.Largest(value.grad!.sub(golden)), size = TinyModels.Largest(golden);
            Assert.True(difference <= TinyModels.Rounding + (2e-4 * size), $"gradient of {parameter}: off by {difference:g3}, largest is {size:g3}");
        }
    }

    private static SharedPrefixBatch Batch(string layout, out int[][] prompts, out (int Prompt, int[] Tokens)[] rows)
    {
        (int[] lengths, (int Prompt, int Length)[] shape) = Layouts[layout];
        prompts = [.. lengths.Select((length, i) => TinyModels.Tokens(length, 100 + (ulong)i))];
        rows = [.. shape.Select((row, i) => (row.Prompt, TinyModels.Tokens(row.Length, 200 + (ulong)i)))];
        return new SharedPrefixBatch(prompts, rows, CPU);
    }

    private static Tensor Weights(int count, ulong seed) =>
        tensor(Enumerable.Range(0, count).Select(i => (float)((2 * CounterRandom.Uniform(seed, 1, 1, (ulong)i)) - 1)).ToArray());
}

using CsCheck;
using Rlvr.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tests.Models;

/// <summary>Continuations that share what they begin with alike give the numbers and gradients of each on its own.</summary>
public class TokenTreeTests
{
    [Fact]
    public void Each_token_stands_once_behind_those_before_it()
    {
        using DisposeScope scope = NewDisposeScope();
        // 1 2 3 branches into 4 5 and 6 7 8; 1 2 9 ends at once; the last row is the first one.
        TokenTree tree = TokenTree.Of([[50, 51]], [(0, [1, 2, 3, 4, 5]), (0, [1, 2, 3, 6, 7, 8]), (0, [1, 2, 9]), (0, [1, 2, 3, 4, 5])], CPU);
        Assert.Equal([50, 51, 1, 2, 3, 4, 6, 7], tree.Tokens.data<long>().ToArray()); // 5, 8 and 9 predict nothing
        Assert.Equal([0, 1, 2, 3, 4, 5, 5, 6], tree.Positions.data<long>().ToArray());
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8, 9], tree.Targets.data<long>().ToArray());
        Assert.Equal([1, 2, 3, 4, 5, 4, 6, 7, 3], tree.Predictors.data<long>().ToArray());
        Assert.Equal([0, 1, 2, 3, 4, 0, 1, 2, 5, 6, 7, 0, 1, 8, 0, 1, 2, 3, 4], tree.Places);
        Assert.Equal([(0, 2, true, 0), (2, 2, true, 2), (4, 1, true, 4), (5, 1, false, 5), (6, 2, false, 5)], tree.Segments().Select(s => (s.Start, s.Count, s.Seen, s.Behind)));
    }

    [Fact]
    public void A_response_may_be_the_beginning_of_another()
    {
        using DisposeScope scope = NewDisposeScope();
        TokenTree tree = TokenTree.Of([[50]], [(0, [1]), (0, [1, 2, 3]), (0, []), (0, [1, 2])], CPU);
        Assert.Equal([50, 1, 2], tree.Tokens.data<long>().ToArray());
        Assert.Equal([0, 0, 1, 2, 0, 1], tree.Places);
    }

    [Fact]
    public void A_prompt_without_tokens_is_refused() =>
        Assert.Contains("no tokens", Assert.Throws<RlvrException>(() => TokenTree.Of([[1], []], [], CPU)).Message, StringComparison.Ordinal);

    /// <summary>Few words, so that rows part early and late, are equal, or end where others go on.</summary>
    [Fact]
    public void Log_probs_and_gradients_are_those_of_rows_on_their_own() =>
        Gen.Select(Gen.Int[1, 6].Array[1, 3], Gen.Select(Gen.Int[0, 2], Gen.Int[0, 2].Array[0, 7]).Array[1, 8], Gen.Bool).Sample((prompts, rows, ordered) =>
        {
            using DisposeScope scope = NewDisposeScope();
            int[][] texts = [.. prompts.Select((length, i) => TinyModels.Tokens(length, 300 + (ulong)i))];
            IEnumerable<(int Prompt, int[] Tokens)> all = rows.Select(r => (Prompt: r.Item1 % prompts.Length, Tokens: r.Item2));
            (int Prompt, int[] Tokens)[] given = [.. ordered ? all.OrderBy(r => r.Prompt).ThenBy(r => string.Join(' ', r.Tokens), StringComparer.Ordinal) : all];
            int count = given.Sum(r => r.Tokens.Length);
            if (count == 0) return;
            using Transformer shared = TinyModels.Create(), plain = shared.Clone();
            if (!shared.TrainsByKernels) return; // autograd takes no trees
            shared.RequireGradients(true);
            plain.RequireGradients(true);
            Tensor weights = linspace(-1, 1.5, count);

            TokenTree tree = TokenTree.Of(texts, given, CPU);
            Assert.True(tree.Tokens.size(0) <= texts.Sum(t => t.Length) + given.Sum(r => int.Max(0, r.Tokens.Length - 1)));
            Tensor places = tensor(tree.Places);
            IHiddenPass hidden = shared.HiddenForLoss(tree);
            TokenLogProbs found = new(shared, hidden.Values, tree, 0.8, withEntropy: true, keepForBackward: true);
            found.Backward(zeros_like(found.LogProbs).index_add_(0, places, weights, 1), zeros_like(found.LogProbs).index_add_(0, places, weights, 0.1));
            hidden.Backward();

            SharedPrefixBatch batch = new(texts, given, CPU);
            TokenLogProbs expected = new(plain, plain.Hidden(batch), batch, 0.8, withEntropy: true, keepForBackward: true);
            expected.Backward(weights, weights.mul(0.1));

            Assert.InRange(TinyModels.Largest(found.LogProbs.index_select(0, places).sub(expected.LogProbs)), 0, TinyModels.Rounding);
            Assert.InRange(TinyModels.Largest(found.Entropies!.index_select(0, places).sub(expected.Entropies!)), 0, TinyModels.Rounding);
            foreach ((string name, Tensor value) in shared.Parameters)
            {
                Tensor golden = plain.Parameters[name].grad!;
                Assert.InRange(TinyModels.Largest(value.grad!.sub(golden)), 0, TinyModels.Rounding + (2e-4 * TinyModels.Largest(golden)));
            }
        }, iter: 100);
}

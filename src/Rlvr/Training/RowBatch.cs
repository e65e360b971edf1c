using Rlvr.Models;
using Rlvr.Tensors;
using static TorchSharp.torch;

namespace Rlvr.Training;

/// <summary>
/// Some rollouts as a batch in which each prompt stands once, and of rollouts that are equal, token by token, one: they have the same log-probabilities, and the
/// gradient is that of one with the sum of their weights. With one prompt and a sure policy most rollouts are: of 64 some ten are different (LOG.md). As a tree, what
/// rollouts begin with alike stands once, too.
/// </summary>
internal sealed class RowBatch
{
    private readonly long[]? places;
    private readonly Tensor? source; // [M] int64: for each token of each row its place among the batch's; null where no two rows are equal

    /// <summary>Lays rows out; what it makes belongs to the current dispose scope.</summary>
    /// <param name="samples">The rollouts of the step.</param>
    /// <param name="rows">Which of them.</param>
    /// <param name="device">Where.</param>
    /// <param name="tree">Whether as a tree: for a model that takes them.</param>
    public RowBatch(IReadOnlyList<UpdateSample> samples, int[] rows, Device device, bool tree = false)
    {
        List<int[]> prompts = [];
        Dictionary<int[], int> promptIndex = new(ReferenceEqualityComparer.Instance);
        (int Prompt, int[] Tokens)[] all = [.. rows.Select(row => (PromptOf(samples[row].Prompt), samples[row].Tokens))];
        if (tree)
        {
            TokenTree shared = TokenTree.Of(prompts, all, device);
            Batch = shared;
            places = shared.Places;
            source = tensor(places, device: device);
            return;
        }
        Dictionary<UpdateSample, int> startOf = new(EqualTokens.Instance);
        List<(int, int[])> continuations = [];
        List<long> tokens = [];
        int next = 0;
        foreach ((int i, UpdateSample sample) in rows.Select(row => samples[row]).Index())
        {
            if (!startOf.TryGetValue(sample, out int start))
            {
                startOf[sample] = start = next;
                next += sample.Tokens.Length;
                continuations.Add(all[i]);
            }
            for (int token = 0; token < sample.Tokens.Length; token++) tokens.Add(start + token);
        }
        Batch = new SharedPrefixBatch(prompts, continuations, device);
        if (continuations.Count == rows.Length) return;
        places = [.. tokens];
        source = tensor(places, device: device);

        int PromptOf(int[] prompt)
        {
            if (promptIndex.TryGetValue(prompt, out int index)) return index;
            promptIndex[prompt] = index = prompts.Count;
            prompts.Add(prompt);
            return index;
        }
    }

    /// <summary>The batch of different rollouts.</summary>
    public TokenBatch Batch { get; }

    /// <summary>The place among the batch's tokens of a token of the rows, by its number.</summary>
    public long PlaceOf(int token) => places is null ? token : places[token];

    /// <summary>From a number for each token of the batch to one for each token of each row, [M]; with gradients where the numbers have them.</summary>
    public Tensor ToRows(Tensor ofBatch) => source is null ? ofBatch : ofBatch.index_select(0, source);

    /// <summary>The way back of <see cref="ToRows"/>: sums over rows that share a token.</summary>
    public Tensor SumOverRows(Tensor ofRows, Tensor like) => source is null ? ofRows : zeros_like(like).index_add_(0, source, ofRows, Numbers.One);

    /// <summary>Rollouts with the same prompt and the same tokens are equal.</summary>
    internal sealed class EqualTokens : IEqualityComparer<UpdateSample>
    {
        public static readonly EqualTokens Instance = new();

        public bool Equals(UpdateSample? x, UpdateSample? y) => ReferenceEquals(x?.Prompt, y?.Prompt) && x!.Tokens.AsSpan().SequenceEqual(y!.Tokens);

        public int GetHashCode(UpdateSample sample)
        {
            HashCode hash = default;
            foreach (int token in sample.Tokens) hash.Add(token);
            return hash.ToHashCode();
        }
    }
}

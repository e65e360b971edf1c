using Rlvr.Models;
using static TorchSharp.torch;

namespace Rlvr.Training;

/// <summary>
/// Some rollouts as a batch in which each prompt stands once, and of rollouts that are equal, token by token, one: they have the same log-probabilities, and the
/// gradient is that of one with the sum of their weights. With one prompt and a sure policy most rollouts are: of 64 some ten are different (LOG.md).
/// </summary>
internal sealed class RowBatch
{
    private readonly Tensor? source; // [M] int64: for each token of each row its place among the batch's; null where no two rows are equal

    /// <summary>Lays rows out; what it makes belongs to the current dispose scope.</summary>
    /// <param name="samples">The rollouts of the step.</param>
    /// <param name="rows">Which of them.</param>
    /// <param name="device">Where.</param>
    public RowBatch(IReadOnlyList<UpdateSample> samples, int[] rows, Device device)
    {
        List<int[]> prompts = [];
        Dictionary<int[], int> promptIndex = new(ReferenceEqualityComparer.Instance);
        Dictionary<UpdateSample, int> startOf = new(EqualTokens.Instance);
        List<(int, int[])> continuations = [];
        List<long> tokens = [];
        int next = 0;
        foreach (UpdateSample sample in rows.Select(row => samples[row]))
        {
            if (!promptIndex.TryGetValue(sample.Prompt, out int prompt))
            {
                promptIndex[sample.Prompt] = prompt = prompts.Count;
                prompts.Add(sample.Prompt);
            }
            if (!startOf.TryGetValue(sample, out int start))
            {
                startOf[sample] = start = next;
                next += sample.Tokens.Length;
                continuations.Add((prompt, sample.Tokens));
            }
            for (int i = 0; i < sample.Tokens.Length; i++) tokens.Add(start + i);
        }
        Batch = new SharedPrefixBatch(prompts, continuations, device);
        if (continuations.Count < rows.Length) source = tensor(tokens.ToArray(), device: device);
    }

    /// <summary>The batch of different rollouts.</summary>
    public SharedPrefixBatch Batch { get; }

    /// <summary>From a number for each token of the batch to one for each token of each row, [M]; with gradients where the numbers have them.</summary>
    public Tensor ToRows(Tensor ofBatch) => source is null ? ofBatch : ofBatch.index_select(0, source);

    /// <summary>The way back of <see cref="ToRows"/>: sums over equal rows.</summary>
    public Tensor SumOverRows(Tensor ofRows, Tensor like) => source is null ? ofRows : zeros_like(like).index_add_(0, source, ofRows, 1);

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

using Rlvr.Tensors;
using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>
/// A flat batch of token sequences in which each prompt stands once, however many continuations it has, without padding: first all
/// prompts, then all continuations one after another. The last token of a continuation predicts nothing, so it is not an input.
/// </summary>
public sealed class SharedPrefixBatch
{
    /// <summary>Lays out a batch on a device.</summary>
    /// <param name="prompts">The distinct prompts, each at least one token.</param>
    /// <param name="continuations">For each row the number of its prompt and its tokens (responses; may be empty).</param>
    /// <param name="device">Where the tensors go. They belong to the current dispose scope.</param>
    public SharedPrefixBatch(IReadOnlyList<int[]> prompts, IReadOnlyList<(int Prompt, int[] Tokens)> continuations, Device device)
    {
        PromptLengths = [.. prompts.Select(p => p.Length)];
        PromptOf = [.. continuations.Select(c => c.Prompt)];
        InputLengths = [.. continuations.Select(c => int.Max(c.Tokens.Length - 1, 0))];
        int inputs = PromptLengths.Sum() + InputLengths.Sum(), outputs = continuations.Sum(c => c.Tokens.Length);
        long[] tokens = new long[inputs], positions = new long[inputs], predictors = new long[outputs], targets = new long[outputs];
        int input = 0, output = 0;
        int[] promptEnd = new int[prompts.Count];
        for (int p = 0; p < prompts.Count; p++)
        {
            if (prompts[p].Length == 0) throw new RlvrException("A prompt has no tokens; the model needs at least one to predict from.");
            for (int i = 0; i < prompts[p].Length; i++, input++) (tokens[input], positions[input]) = (prompts[p][i], i);
            promptEnd[p] = input - 1;
        }
        foreach ((int prompt, int[] response) in continuations)
        {
            for (int i = 0; i < response.Length; i++, output++)
            {
                targets[output] = response[i];
                predictors[output] = i == 0 ? promptEnd[prompt] : input - 1;
                if (i == response.Length - 1) continue;
                (tokens[input], positions[input]) = (response[i], prompts[prompt].Length + i);
                input++;
            }
        }
        MaxPosition = inputs == 0 ? 0 : positions.Max();
        PromptEnds = [.. promptEnd];
        Tokens = tensor(tokens, device: device);
        Positions = tensor(positions, device: device);
        Predictors = tensor(predictors, device: device);
        Targets = tensor(targets, device: device);
    }

    /// <summary>Which inputs see which, as segments: prompts, then the continuations that have inputs.</summary>
    internal AttentionSegment[] Segments()
    {
        bool seen = InputLengths.Any(length => length > 0);
        List<AttentionSegment> segments = [];
        int start = 0;
        foreach (int length in PromptLengths)
        {
            segments.Add(new AttentionSegment(start, length, [], seen));
            start += length;
        }
        AttentionSegment[][] before = [.. segments.Select(prompt => new[] { prompt })];
        foreach ((int row, int length) in InputLengths.Index())
        {
            if (length > 0) segments.Add(new AttentionSegment(start, length, before[PromptOf[row]], false));
            start += length;
        }
        return [.. segments];
    }

    /// <summary>Length of each prompt.</summary>
    public IReadOnlyList<int> PromptLengths { get; }

    /// <summary>The flat index of each prompt's last token.</summary>
    public IReadOnlyList<int> PromptEnds { get; }

    /// <summary>The prompt of each row.</summary>
    public IReadOnlyList<int> PromptOf { get; }

    /// <summary>How many tokens of each row are inputs: its length less one.</summary>
    public IReadOnlyList<int> InputLengths { get; }

    /// <summary>[N] int64: all inputs.</summary>
    public Tensor Tokens { get; }

    /// <summary>[N] int64: their positions.</summary>
    public Tensor Positions { get; }

    /// <summary>The largest position.</summary>
    public long MaxPosition { get; }

    /// <summary>[M] int64: for each token of each continuation the flat index of the input that predicts it.</summary>
    public Tensor Predictors { get; }

    /// <summary>[M] int64: the tokens of the continuations.</summary>
    public Tensor Targets { get; }
}

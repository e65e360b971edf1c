using Rlvr.Tensors;
using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>
/// A flat batch of token sequences in which each prompt stands once, however many continuations it has, without padding: first all
/// prompts, then all continuations one after another. The last token of a continuation predicts nothing, so it is not an input.
/// </summary>
public sealed class SharedPrefixBatch : TokenBatch
{
    /// <summary>Lays out a batch on a device.</summary>
    /// <param name="prompts">The distinct prompts, each at least one token.</param>
    /// <param name="continuations">For each row the number of its prompt and its tokens (responses; may be empty).</param>
    /// <param name="device">Where the tensors go. They belong to the current dispose scope.</param>
    public SharedPrefixBatch(IReadOnlyList<int[]> prompts, IReadOnlyList<(int Prompt, int[] Tokens)> continuations, Device device) : this(new Layout(prompts, continuations), device) { }

    private SharedPrefixBatch(Layout layout, Device device) : base(layout.Tokens, layout.Positions, layout.Predictors, layout.Targets, device) =>
        (PromptLengths, PromptEnds, PromptOf, InputLengths) = (layout.PromptLengths, layout.PromptEnds, layout.PromptOf, layout.InputLengths);

    /// <summary>Prompts, then the continuations that have inputs.</summary>
    internal override AttentionSegment[] Segments()
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

    private sealed class Layout
    {
        public Layout(IReadOnlyList<int[]> prompts, IReadOnlyList<(int Prompt, int[] Tokens)> continuations)
        {
            PromptLengths = [.. prompts.Select(p => p.Length)];
            PromptOf = [.. continuations.Select(c => c.Prompt)];
            InputLengths = [.. continuations.Select(c => int.Max(c.Tokens.Length - 1, 0))];
            int inputs = PromptLengths.Sum() + InputLengths.Sum(), outputs = continuations.Sum(c => c.Tokens.Length);
            (Tokens, Positions, Predictors, Targets) = (new long[inputs], new long[inputs], new long[outputs], new long[outputs]);
            int input = 0, output = 0;
            PromptEnds = new int[prompts.Count];
            for (int p = 0; p < prompts.Count; p++)
            {
                if (prompts[p].Length == 0) throw new RlvrException("A prompt has no tokens; the model needs at least one to predict from.");
                for (int i = 0; i < prompts[p].Length; i++, input++) (Tokens[input], Positions[input]) = (prompts[p][i], i);
                PromptEnds[p] = input - 1;
            }
            foreach ((int prompt, int[] response) in continuations)
            {
                for (int i = 0; i < response.Length; i++, output++)
                {
                    Targets[output] = response[i];
                    Predictors[output] = i == 0 ? PromptEnds[prompt] : input - 1;
                    if (i == response.Length - 1) continue;
                    (Tokens[input], Positions[input]) = (response[i], prompts[prompt].Length + i);
                    input++;
                }
            }
        }

        public long[] Tokens { get; }

        public long[] Positions { get; }

        public long[] Predictors { get; }

        public long[] Targets { get; }

        public int[] PromptLengths { get; }

        public int[] PromptEnds { get; }

        public int[] PromptOf { get; }

        public int[] InputLengths { get; }
    }
}

using Rlvr.Tensors;
using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>
/// Prompts and continuations as a tree: continuations that begin alike share the tokens up to where they part, so each goes through the model once, forward and backward,
/// and each is predicted once. Equal continuations are one.
/// </summary>
internal sealed class TokenTree : TokenBatch
{
    private readonly AttentionSegment[] segments;

    private TokenTree(Layout layout, Device device) : base(layout.Tokens, layout.Positions, layout.Predictors, layout.Targets, device)
    {
        segments = layout.Segments;
        Places = layout.Places;
    }

    /// <summary>Lays out a tree on a device. Rows that begin alike are best given one after another: what is seen together then lies together.</summary>
    /// <param name="prompts">The distinct prompts, each at least one token.</param>
    /// <param name="continuations">For each row the number of its prompt and its tokens.</param>
    /// <param name="device">Where the tensors go. They belong to the current dispose scope.</param>
    public static TokenTree Of(IReadOnlyList<int[]> prompts, IReadOnlyList<(int Prompt, int[] Tokens)> continuations, Device device) => new(new Layout(prompts, continuations), device);

    /// <summary>For each token of each row, in order, its place among the targets.</summary>
    public long[] Places { get; }

    internal override AttentionSegment[] Segments() => segments;

    /// <summary>A token of the continuations.</summary>
    private sealed class Node(Node? parent, int prompt, int token, int position)
    {
        public readonly Node? Parent = parent;
        public readonly int Prompt = prompt, Token = token, Position = position;
        public readonly List<Node> Children = [];
        public int Number; // among the targets
        public int Place;  // among the inputs, if it predicts something
    }

    /// <summary>Consecutive tokens of which only the last may have several that follow.</summary>
    private sealed record Run(AttentionSegment[] Before, List<Node> Nodes);

    private sealed class Layout
    {
        private readonly List<Run> outer = []; // seen by no others
        private readonly List<AttentionSegment> made = [];

        public Layout(IReadOnlyList<int[]> prompts, IReadOnlyList<(int Prompt, int[] Tokens)> continuations)
        {
            List<Node> nodes = [];
            List<Node>[] first = [.. prompts.Select(_ => new List<Node>())];
            List<long> places = [];
            foreach ((int prompt, int[] response) in continuations)
            {
                Node? at = null;
                foreach (int token in response)
                {
                    List<Node> children = at?.Children ?? first[prompt];
                    Node? next = children.FindLast(child => child.Token == token); // in ordered rows the last one, if any
                    if (next is null)
                    {
                        next = new Node(at, prompt, token, at is null ? prompts[prompt].Length : at.Position + 1) { Number = nodes.Count };
                        children.Add(next);
                        nodes.Add(next);
                    }
                    places.Add(next.Number);
                    at = next;
                }
            }
            Places = [.. places];

            List<long> tokens = [], positions = [];
            int[] ends = new int[prompts.Count];
            bool seen = nodes.Any(node => node.Children.Count > 0);
            for (int p = 0; p < prompts.Count; p++)
            {
                if (prompts[p].Length == 0) throw new RlvrException("A prompt has no tokens; the model needs at least one to predict from.");
                AttentionSegment segment = new(tokens.Count, prompts[p].Length, [], seen);
                made.Add(segment);
                tokens.AddRange(prompts[p].Select(t => (long)t));
                positions.AddRange(Enumerable.Range(0, prompts[p].Length).Select(i => (long)i));
                ends[p] = tokens.Count - 1;
            }
            // Runs that others see are placed as they are found, since those behind them name their segments; the others after all of them.
            for (int p = 0; p < prompts.Count; p++) Follow([made[p]], first[p], tokens, positions);
            foreach (Run run in outer) Take(run, seenByOthers: false, tokens, positions);
            Segments = [.. made];
            (Tokens, Positions) = ([.. tokens], [.. positions]);
            Predictors = [.. nodes.Select(node => (long)(node.Parent is { } parent ? parent.Place : ends[node.Prompt]))];
            Targets = [.. nodes.Select(node => (long)node.Token)];
        }

        public long[] Tokens { get; }

        public long[] Positions { get; }

        public long[] Predictors { get; }

        public long[] Targets { get; }

        public long[] Places { get; }

        public AttentionSegment[] Segments { get; }

        /// <summary>Goes through the tree from some children on, depth first, without recursion: responses may be long.</summary>
        private void Follow(AttentionSegment[] before, List<Node> children, List<long> tokens, List<long> positions)
        {
            Stack<(AttentionSegment[] Before, Node Start)> open = new(children.AsEnumerable().Reverse().Select(child => (before, child)));
            while (open.TryPop(out (AttentionSegment[] Before, Node Start) next))
            {
                List<Node> nodes = [];
                Node at = next.Start;
                for (; at.Children.Count == 1; at = at.Children[0]) nodes.Add(at);
                if (at.Children.Count == 0)
                {
                    // The last token of a continuation predicts nothing, so it is not an input.
                    if (nodes.Count > 0) outer.Add(new Run(next.Before, nodes));
                    continue;
                }
                nodes.Add(at);
                AttentionSegment segment = Take(new Run(next.Before, nodes), seenByOthers: true, tokens, positions);
                AttentionSegment[] behind = [.. next.Before, segment];
                foreach (Node child in at.Children.AsEnumerable().Reverse()) open.Push((behind, child));
            }
        }

        private AttentionSegment Take(Run run, bool seenByOthers, List<long> tokens, List<long> positions)
        {
            AttentionSegment segment = new(tokens.Count, run.Nodes.Count, run.Before, seenByOthers);
            foreach (Node node in run.Nodes)
            {
                node.Place = tokens.Count;
                tokens.Add(node.Token);
                positions.Add(node.Position);
            }
            made.Add(segment);
            return segment;
        }
    }
}

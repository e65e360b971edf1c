using Rlvr.Models;
using Rlvr.Rollouts.Speculation;
using Rlvr.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Rollouts;

/// <summary>
/// Generates responses in one batch. Each distinct prompt is prefilled once; rollouts whose tokens are equal so far are computed as one; finished rows leave the batch at
/// once; waiting ones enter.
/// </summary>
/// <remarks>
/// The draws of a rollout depend on (seed, step, rollout id, position) only, so its tokens do not depend on what else is in the batch, up to
/// floating-point ties: matrix products may round differently with another number of rows, and where two running sums (or, greedy,
/// two logits) are equal to within that rounding, the choice may differ. For the same reason guessing (<see cref="SamplingOptions.Speculate"/>) gives
/// the same tokens: the token at a position is a function of the logits and of the position's number, so a guess is right or wrong, and a wrong one is taken back.
/// </remarks>
public sealed class Generator
{
    private readonly Transformer model;
    private readonly Tokenizer? tokenizer;
    private readonly Func<IReadOnlyList<int[]>, int[], SamplingOptions, IDrafter?> createDrafter;

    /// <summary>Generates with a model.</summary>
    /// <param name="model">The model; it stays the caller's.</param>
    /// <param name="tokenizer">Decodes the responses; without one they have no text.</param>
    public Generator(Transformer model, Tokenizer? tokenizer = null) : this(model, tokenizer, null) { }

    /// <summary>The same with other guesses.</summary>
    internal Generator(Transformer model, Tokenizer? tokenizer, Func<IReadOnlyList<int[]>, int[], SamplingOptions, IDrafter?>? createDrafter)
    {
        this.model = model;
        this.tokenizer = tokenizer;
        this.createDrafter = createDrafter ?? Drafter;
    }

    /// <summary>
    /// Records what the layers compute, so that an update of the same parameters can go back through it: <see cref="Rollout.Trace"/>. Only where decoding is that of <see cref="CpuKvCache"/>;
    /// null records nothing. It changes no more than a rounding of the prompts' logits.
    /// </summary>
    internal ActivationTape? Tape { get; init; }

    /// <summary>Generates a response to each request.</summary>
    /// <param name="requests">What to generate.</param>
    /// <param name="options">How.</param>
    /// <param name="onToken">Called for each token as it is drawn, with the request's index; for streaming.</param>
    /// <param name="onRollout">Called for each response as soon as it is whole, with the request's index.</param>
    /// <param name="cancellation">Stops between tokens.</param>
    /// <returns>The responses, in the order of the requests.</returns>
    /// <exception cref="RlvrException">A prompt is empty or does not fit the model with the tokens asked for, or stop strings are given without a tokenizer.</exception>
    public IReadOnlyList<Rollout> Generate(
        IReadOnlyList<GenerationRequest> requests, SamplingOptions options, Action<int, int>? onToken = null, Action<int, Rollout>? onRollout = null,
        CancellationToken cancellation = default)
    {
        Check(requests, options);
        if (requests.Count == 0) return [];
        using IDisposable noGrad = no_grad();
        int[] promptOf = DistinctPrompts(requests, out List<int[]> prompts);
        bool flash = model.DecodesWithFlashAttention, shared = prompts.Count == 1 && !flash;
        int capacity = options.MaxRows > 0 ? int.Min(options.MaxRows, requests.Count) : requests.Count;
        int maxLength = options.MaxNewTokens + (shared ? 0 : prompts.Max(p => p.Length));
        ActivationTape? tape = CpuKernels.Suit(model) ? Tape : null;
        using IKvCache cache = flash ? new FlashKvCache(model.Config, capacity, maxLength, model.Device, model.ComputeType)
            : CpuKernels.Suit(model) ? new CpuKvCache(model.Config, capacity, maxLength, model.ComputeType) { Tape = tape }
            : new KvCache(model.Config, capacity, maxLength, model.Device, model.ComputeType);
        using Prefill prefill = new(model, prompts, promptOf, tape);
        IDrafter? drafter = createDrafter(prompts, promptOf, options);
        Rollout[] results = new Rollout[requests.Count];
        List<DecodingLine> lines = []; // by row of the cache
        HashSet<int> stopIds = [.. options.StopIds];
        int waiting = 0, active = 0;
        while (active > 0 || waiting < requests.Count)
        {
            cancellation.ThrowIfCancellationRequested();
            using DisposeScope scope = NewDisposeScope();
            // The lines of this round: those that decode one more token, or several as guessed, then those that enter with the logits of their prompt.
            IReadOnlyList<int[]>? drafts = drafter?.Propose(lines);
            Tensor? logits = lines.Count > 0 ? Decode(lines, drafts, cache) : null;
            int decoded = lines.Count;
            int entering = int.Min(capacity - active, requests.Count - waiting);
            if (entering > 0)
            {
                prefill.Ensure(waiting, entering);
                if (shared && waiting == 0) cache.SetSharedPrefix(prefill.KeysAndValues(0));
                (int Prompt, DecodingRow[] Rows)[] some = [.. Enumerable.Range(waiting, entering).GroupBy(i => promptOf[i]).Select(g => (g.Key, g.Select(i => new DecodingRow(i, requests[i], options, tokenizer) { Recorded = prefill.Recorded(g.Key) is { } prompt ? (prompt, []) : null }).ToArray()))];
                cache.Reserve(lines.Count + some.Length, shared ? 0 : some.Max(s => prompts[s.Prompt].Length));
                Tensor first = stack([.. some.Select(s => prefill.Logits(s.Prompt))], 0); // [E, V]
                logits = logits is null ? first : cat([logits, first], 0);
                foreach ((int prompt, DecodingRow[] rows) in some)
                {
                    cache.Add(shared ? null : prefill.KeysAndValues(prompt));
                    lines.Add(new DecodingLine(rows));
                    drafter?.Enter(lines[^1]);
                    foreach (DecodingRow _ in rows) prefill.Release(prompt);
                }
                waiting += entering;
                active += entering;
            }
            Draw(lines, drafts, logits!, options, (row, token, logProb) =>
            {
                row.Append(token, logProb, stopIds);
                onToken?.Invoke(row.Index, token);
            }, drafter, cache, decoded);
            foreach (DecodingRow ended in Split(lines, cache, drafter))
            {
                results[ended.Index] = ended.ToRollout(tape);
                onRollout?.Invoke(ended.Index, results[ended.Index]);
                active--;
            }
        }
        return results;
    }

    /// <summary>Draws the next token of every rollout, and further ones as far as guesses come true.</summary>
    private static void Draw(
        List<DecodingLine> lines, IReadOnlyList<int[]>? drafts, Tensor logits, SamplingOptions options, Action<DecodingRow, int, float> append, IDrafter? drafter, IKvCache cache, int decoded)
    {
        // By line, by position of the pass, by member: rollouts of a line draw from the same logits, each with its own number.
        List<double> uniforms = [];
        List<int> sources = [];
        int passes = 0;
        for (int i = 0; i < lines.Count; i++)
        {
            for (int position = 0; position <= Draft(drafts, i).Length; position++, passes++)
            {
                foreach (DecodingRow member in lines[i].Members)
                {
                    uniforms.Add(CounterRandom.Uniform(options.Seed, options.Step, member.Request.Id, (ulong)(member.Tokens.Count + position)));
                    sources.Add(passes);
                }
            }
        }
        (int[] tokens, float[] values) = Sampler.Draw(logits, sources, [.. uniforms], options);
        int? recorded = (cache as CpuKvCache)?.Recorded;
        for (int i = 0, at = 0; i < lines.Count; i++)
        {
            int[] draft = Draft(drafts, i);
            int members = lines[i].Members.Count, next = at, before = lines[i].First.Tokens.Count;
            int right = lines[i].Append(draft, row => append(row, tokens[next], values[next++]));
            drafter?.Drawn(lines[i], [.. lines[i].First.Tokens[before..]]);
            if (draft.Length > right) cache.Drop(i, draft.Length - right);
            if (recorded is { } first && i < decoded)
            {
                foreach (DecodingRow member in lines[i].Members) member.Recorded?.Rows.AddRange(Enumerable.Range(first, right + 1));
                recorded = first + 1 + draft.Length;
            }
            at += members * (1 + draft.Length);
        }
    }

    /// <summary>Gives lines whose rollouts went on differently rows of their own, and takes out what has ended.</summary>
    private static List<DecodingRow> Split(List<DecodingLine> lines, IKvCache cache, IDrafter? drafter)
    {
        List<DecodingRow> ended = [];
        List<int> parents = [];
        List<DecodingLine> others = [];
        for (int i = 0; i < lines.Count; i++)
        {
            DecodingRow first = lines[i].First;
            (IReadOnlyList<DecodingRow> gone, IReadOnlyList<DecodingLine> apart) = lines[i].Split();
            ended.AddRange(gone);
            others.AddRange(apart);
            parents.AddRange(Enumerable.Repeat(i, apart.Count));
            foreach (DecodingLine line in apart) drafter?.Enter(line);
            if (lines[i].Members.Count > 0 && lines[i].First != first) drafter?.Enter(lines[i]);
        }
        if (parents.Count > 0) cache.Fork(parents);
        lines.AddRange(others);
        for (int i = lines.Count - 1; i >= 0; i--)
        {
            if (lines[i].Members.Count > 0) continue;
            cache.Remove(i); // the last row takes its place, here as there
            lines[i] = lines[^1];
            lines.RemoveAt(lines.Count - 1);
        }
        return ended;
    }

    private GroupDrafter? Drafter(IReadOnlyList<int[]> prompts, int[] promptOf, SamplingOptions options) =>
        options.Speculate && CpuKernels.Suit(model) ? new GroupDrafter(prompts, promptOf, options, new DraftPolicy(PassCost.Of(model.Config))) : null;

    /// <summary>One pass: each line's last token and its guesses.</summary>
    /// <returns>[sum over lines of 1 + guesses, V].</returns>
    private Tensor Decode(List<DecodingLine> lines, IReadOnlyList<int[]>? drafts, IKvCache cache) => model.Logits(cache.Decode(model,
        [.. lines.SelectMany((line, i) => Draft(drafts, i).Prepend(line.First.Tokens[^1])).Select(t => (long)t)], [.. lines.Select((_, i) => 1 + Draft(drafts, i).Length)]));

    /// <summary>The guesses of a line; one that has just entered has none.</summary>
    private static int[] Draft(IReadOnlyList<int[]>? drafts, int line) => drafts is not null && line < drafts.Count ? drafts[line] : [];

    private void Check(IReadOnlyList<GenerationRequest> requests, SamplingOptions options)
    {
        if (options.StopStrings.Count > 0 && tokenizer is null) throw new RlvrException("Stop strings need a tokenizer; this generator was created without one.");
        if (options.MaxNewTokens < 1) throw new RlvrException($"The limit on new tokens is {options.MaxNewTokens}; it must be at least 1.");
        foreach (GenerationRequest request in requests)
        {
            if (request.Prompt.Length == 0) throw new RlvrException("A prompt has no tokens; the model needs at least one to predict from.");
            if (request.Prompt.Length + options.MaxNewTokens > model.Config.MaxPositions)
            {
                throw new RlvrException($"A prompt of {request.Prompt.Length} tokens and {options.MaxNewTokens} new ones do not fit the model's {model.Config.MaxPositions} positions. "
                    + "Lower the limit on new tokens or shorten the prompt.");
            }
            foreach (int token in request.Prompt)
            {
                if (token < 0 || token >= model.Config.VocabularySize)
                    throw new RlvrException($"The prompt has the token id {token}, but the model's vocabulary has {model.Config.VocabularySize}. Is this the model's own tokenizer?");
            }
        }
    }

    private static int[] DistinctPrompts(IReadOnlyList<GenerationRequest> requests, out List<int[]> prompts)
    {
        Dictionary<int[], int> seen = new(TokenComparer.Instance);
        prompts = [];
        int[] promptOf = new int[requests.Count];
        for (int i = 0; i < requests.Count; i++)
        {
            if (!seen.TryGetValue(requests[i].Prompt, out promptOf[i]))
            {
                promptOf[i] = seen[requests[i].Prompt] = prompts.Count;
                prompts.Add(requests[i].Prompt);
            }
        }
        return promptOf;
    }

    private sealed class TokenComparer : IEqualityComparer<int[]>
    {
        public static readonly TokenComparer Instance = new();

        public bool Equals(int[]? x, int[]? y) => ReferenceEquals(x, y) || (x is not null && y is not null && x.AsSpan().SequenceEqual(y));

        public int GetHashCode(int[] tokens)
        {
            HashCode hash = default;
            foreach (int token in tokens) hash.Add(token);
            return hash.ToHashCode();
        }
    }
}

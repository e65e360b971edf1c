using Rlvr.Models;
using Rlvr.Rollouts.Speculation;
using Rlvr.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Rollouts;

/// <summary>
/// Generates responses in one batch. Each distinct prompt is prefilled once; finished rows leave the batch at once; waiting ones enter.
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
        bool shared = prompts.Count == 1;
        int capacity = options.MaxRows > 0 ? int.Min(options.MaxRows, requests.Count) : requests.Count;
        int maxLength = options.MaxNewTokens + (shared ? 0 : prompts.Max(p => p.Length));
        using KvCache cache = new(model.Config, capacity, maxLength, model.Device, model.ComputeType);
        using Prefill prefill = new(model, prompts, promptOf);
        IDrafter? drafter = createDrafter(prompts, promptOf, options);
        Rollout[] results = new Rollout[requests.Count];
        List<DecodingRow> rows = [];
        HashSet<int> stopIds = [.. options.StopIds];
        int waiting = 0;
        while (rows.Count > 0 || waiting < requests.Count)
        {
            cancellation.ThrowIfCancellationRequested();
            using DisposeScope scope = NewDisposeScope();
            // The rows of this round: those that decode one more token, or several as guessed, then those that enter with the logits of their prompt.
            IReadOnlyList<int[]>? drafts = drafter?.Propose(rows);
            Tensor? logits = rows.Count > 0 ? Decode(rows, drafts, cache) : null;
            int entering = int.Min(capacity - rows.Count, requests.Count - waiting);
            if (entering > 0)
            {
                prefill.Ensure(waiting, entering);
                if (shared && waiting == 0) cache.SetSharedPrefix(prefill.KeysAndValues(0));
                cache.Reserve(rows.Count + entering, shared ? 0 : Enumerable.Range(waiting, entering).Max(i => requests[i].Prompt.Length));
                Tensor first = stack([.. Enumerable.Range(waiting, entering).Select(i => prefill.Logits(promptOf[i]))], 0); // [E, V]
                logits = logits is null ? first : cat([logits, first], 0);
                for (int i = 0; i < entering; i++, waiting++)
                {
                    cache.Add(shared ? null : prefill.KeysAndValues(promptOf[waiting]));
                    rows.Add(new DecodingRow(waiting, requests[waiting], options, tokenizer));
                    drafter?.Enter(waiting);
                    prefill.Release(promptOf[waiting]);
                }
            }
            double[] uniforms = [.. rows.SelectMany((row, i) => Enumerable.Range(row.Tokens.Count, 1 + Draft(drafts, i).Length)
                .Select(position => CounterRandom.Uniform(options.Seed, options.Step, row.Request.Id, (ulong)position)))];
            (Tensor drawn, Tensor logProbs) = Sampler.Draw(logits!, uniforms, options);
            int[] tokens = [.. drawn.cpu().data<long>().ToArray().Select(t => (int)t)];
            float[] values = logProbs.cpu().data<float>().ToArray();
            for (int i = 0, at = 0; i < rows.Count; i++)
            {
                int[] draft = Draft(drafts, i);
                int right = 0; // a token was drawn from the right logits if all before it are as guessed
                for (; ; right++)
                {
                    rows[i].Append(tokens[at + right], values[at + right], stopIds);
                    onToken?.Invoke(rows[i].Index, tokens[at + right]);
                    if (rows[i].Finish is not null || right == draft.Length || tokens[at + right] != draft[right]) break;
                }
                drafter?.Drawn(rows[i], tokens.AsSpan(at, 1 + right));
                cache.Drop(i, draft.Length - right);
                at += 1 + draft.Length;
            }
            for (int i = rows.Count - 1; i >= 0; i--)
            {
                if (rows[i].Finish is null) continue;
                results[rows[i].Index] = rows[i].ToRollout();
                onRollout?.Invoke(rows[i].Index, results[rows[i].Index]);
                cache.Remove(i); // the last row takes its place, here as there
                rows[i] = rows[^1];
                rows.RemoveAt(rows.Count - 1);
            }
        }
        return results;
    }

    private IDrafter? Drafter(IReadOnlyList<int[]> prompts, int[] promptOf, SamplingOptions options) =>
        options.Speculate && model.Device.type == DeviceType.CPU ? new GroupDrafter(prompts, promptOf, options, new DraftPolicy(PassCost.Of(model.Config))) : null;

    /// <summary>One pass: each row's last token and its guesses.</summary>
    /// <returns>[sum over rows of 1 + guesses, V].</returns>
    private Tensor Decode(List<DecodingRow> rows, IReadOnlyList<int[]>? drafts, KvCache cache)
    {
        int[] counts = [.. rows.Select((_, i) => 1 + Draft(drafts, i).Length)];
        Tensor tokens = tensor(rows.SelectMany((row, i) => Draft(drafts, i).Prepend(row.Tokens[^1])).Select(t => (long)t).ToArray(), device: model.Device);
        long[] at = [.. counts.SelectMany((count, i) => Enumerable.Range(cache.NextPosition(i), count)).Select(p => (long)p)];
        Tensor positions = tensor(at, device: model.Device);
        return model.Logits(model.Hidden(tokens, positions, at.Max(), cache.NextStep(model.Device, counts)));
    }

    /// <summary>The guesses of a row; a row that has just entered has none.</summary>
    private static int[] Draft(IReadOnlyList<int[]>? drafts, int row) => drafts is not null && row < drafts.Count ? drafts[row] : [];

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

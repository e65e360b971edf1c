using Rlvr.Models;
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
/// two logits) are equal to within that rounding, the choice may differ.
/// </remarks>
public sealed class Generator(Transformer model, Tokenizer? tokenizer = null)
{
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
        using IKvCache cache = flash ? new FlashKvCache(model.Config, capacity, maxLength, model.Device, model.ComputeType)
            : CpuKvCache.Suits(model) ? new CpuKvCache(model.Config, capacity, maxLength, model.ComputeType)
            : new KvCache(model.Config, capacity, maxLength, model.Device, model.ComputeType);
        using Prefill prefill = new(model, prompts, promptOf);
        Rollout[] results = new Rollout[requests.Count];
        List<Row> rows = [];
        HashSet<int> stopIds = [.. options.StopIds];
        int waiting = 0;
        while (rows.Count > 0 || waiting < requests.Count)
        {
            cancellation.ThrowIfCancellationRequested();
            using DisposeScope scope = NewDisposeScope();
            // The rows of this round: those that decode one more token, then those that enter with the logits of their prompt.
            Tensor? logits = rows.Count > 0 ? Decode(rows, cache) : null;
            int entering = int.Min(capacity - rows.Count, requests.Count - waiting);
            if (entering > 0)
            {
                prefill.Ensure(waiting, entering);
                if (shared && waiting == 0) cache.SetSharedPrefix(prefill.KeysAndValues(0));
                cache.Reserve(rows.Count + entering, shared ? 0 : Enumerable.Range(waiting, entering).Max(i => requests[i].Prompt.Length));
                Tensor first = stack([.. Enumerable.Range(waiting, entering).Select(i => prefill.Logits(promptOf[i]))], 0); // [E, V]
                logits = logits is null ? first : cat([logits, first], 0);
                foreach ((int prompt, int count) in Runs(promptOf.AsSpan(waiting, entering))) cache.Add(shared ? null : prefill.KeysAndValues(prompt), count);
                for (int i = 0; i < entering; i++, waiting++)
                {
                    rows.Add(new Row(waiting, requests[waiting], options, tokenizer));
                    prefill.Release(promptOf[waiting]);
                }
            }
            double[] uniforms = [.. rows.Select(r => CounterRandom.Uniform(options.Seed, options.Step, r.Request.Id, (ulong)r.Tokens.Count))];
            (Tensor drawn, Tensor logProbs) = Sampler.Draw(logits!, uniforms, options);
            long[] tokens = drawn.cpu().data<long>().ToArray();
            float[] values = logProbs.cpu().data<float>().ToArray();
            for (int i = 0; i < rows.Count; i++)
            {
                rows[i].Append((int)tokens[i], values[i], stopIds, options);
                onToken?.Invoke(rows[i].Index, (int)tokens[i]);
            }
            for (int i = rows.Count - 1; i >= 0; i--)
            {
                if (rows[i].Finish is not { } finish) continue;
                results[rows[i].Index] = rows[i].ToRollout(finish);
                onRollout?.Invoke(rows[i].Index, results[rows[i].Index]);
                cache.Remove(i); // the last row takes its place, here as there
                rows[i] = rows[^1];
                rows.RemoveAt(rows.Count - 1);
            }
        }
        return results;
    }

    private Tensor Decode(List<Row> rows, IKvCache cache) => 
        model.Logits(cache.Decode(model, [.. rows.Select(r => (long)r.Tokens[^1])], [.. Enumerable.Repeat(1, rows.Count)]));

    /// <summary>Neighbours that are equal, with their number.</summary>
    private static List<(int Value, int Count)> Runs(ReadOnlySpan<int> values)
    {
        List<(int Value, int Count)> runs = [];
        foreach (int value in values)
        {
            if (runs.Count > 0 && runs[^1].Value == value) runs[^1] = (value, runs[^1].Count + 1);
            else runs.Add((value, 1));
        }
        return runs;
    }

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

    /// <summary>A row being decoded.</summary>
    private sealed class Row(int index, GenerationRequest request, SamplingOptions options, Tokenizer? tokenizer)
    {
        private readonly List<float> logProbs = [];
        private readonly StreamingDecoder? stream = options.StopStrings.Count > 0 ? tokenizer!.CreateStream() : null;
        private string text = "";

        public int Index => index;

        public GenerationRequest Request => request;

        public List<int> Tokens { get; } = [];

        public FinishReason? Finish { get; private set; }

        public void Append(int token, float logProb, HashSet<int> stopIds, SamplingOptions options)
        {
            Tokens.Add(token);
            logProbs.Add(logProb);
            if (stopIds.Contains(token)) Finish = FinishReason.Stop;
            else if (FindsStopString(token, options.StopStrings)) Finish = FinishReason.StopString;
            else if (Tokens.Count >= options.MaxNewTokens) Finish = FinishReason.Length;
        }

        public Rollout ToRollout(FinishReason finish)
        {
            int[] tokens = [.. Tokens];
            string decoded = finish == FinishReason.StopString ? text : tokenizer?.Decode(tokens) ?? "";
            return new Rollout(request, tokens, [.. logProbs], finish, decoded);
        }

        private bool FindsStopString(int token, IReadOnlyList<string> stopStrings)
        {
            if (stream is null) return false;
            int before = text.Length;
            text += stream.Append(token);
            int cut = int.MaxValue;
            foreach (string stop in stopStrings)
            {
                // Only where the new text is part of it; earlier text was looked through before.
                int found = text.IndexOf(stop, int.Max(0, before - stop.Length + 1), StringComparison.Ordinal);
                if (found >= 0) cut = int.Min(cut, found);
            }
            if (cut == int.MaxValue) return false;
            text = text[..cut]; // a token can bring several of them: the first in the text counts
            return true;
        }
    }
}

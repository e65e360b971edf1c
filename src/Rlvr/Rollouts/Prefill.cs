using Rlvr.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Rollouts;

/// <summary>Runs the prompts through the model, each distinct one once, and keeps their keys, values and last logits until all their rollouts have entered.</summary>
/// <param name="model">The model.</param>
/// <param name="prompts">The distinct prompts.</param>
/// <param name="promptOf">The prompt of each request.</param>
/// <param name="tape">Records the prompts; null for nothing.</param>
internal sealed class Prefill(Transformer model, IReadOnlyList<int[]> prompts, int[] promptOf, ActivationTape? tape = null) : IDisposable
{
    /// <summary>Most prompt tokens in one forward pass (one prompt at least).</summary>
    public const int MaxTokens = 8192;

    private readonly Dictionary<int, Entry> ready = [];
    private readonly int[] waitingRows = CountRows(prompts.Count, promptOf);

    private sealed record Entry(IReadOnlyList<(Tensor Key, Tensor Value)> Layers, Tensor Logits, int? Recorded);

    /// <summary>Makes sure that the prompts of some requests are there.</summary>
    /// <param name="start">First request.</param>
    /// <param name="count">Number of requests.</param>
    public void Ensure(int start, int count)
    {
        int[] missing = [.. Enumerable.Range(start, count).Select(i => promptOf[i]).Distinct().Where(p => !ready.ContainsKey(p))];
        for (int first = 0; first < missing.Length;)
        {
            int taken = 0, tokens = 0;
            while (first + taken < missing.Length && (taken == 0 || tokens + prompts[missing[first + taken]].Length <= MaxTokens))
                tokens += prompts[missing[first + taken++]].Length;
            Run(missing.AsSpan(first, taken));
            first += taken;
        }
    }

    /// <summary>A prompt's keys and values by layer, [P, Hkv, D].</summary>
    public IReadOnlyList<(Tensor Key, Tensor Value)> KeysAndValues(int prompt) => ready[prompt].Layers;

    /// <summary>The logits after a prompt's last token, [V].</summary>
    public Tensor Logits(int prompt) => ready[prompt].Logits;

    /// <summary>The row of the tape of a prompt's first token; null where it was not recorded.</summary>
    public int? Recorded(int prompt) => ready[prompt].Recorded;

    /// <summary>Says that one of a prompt's rollouts has entered; after the last one its tensors are given back.</summary>
    public void Release(int prompt)
    {
        if (--waitingRows[prompt] > 0) return;
        Free(ready[prompt]);
        ready.Remove(prompt);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Entry entry in ready.Values) Free(entry);
        ready.Clear();
    }

    private void Run(ReadOnlySpan<int> which)
    {
        using DisposeScope scope = NewDisposeScope();
        SharedPrefixBatch batch = new([.. which.ToArray().Select(p => prompts[p])], [], model.Device);
        int? first = tape?.Take(batch.Tokens.data<long>().ToArray(), batch.Positions.data<long>().ToArray());
        (Tensor hidden, IReadOnlyList<(Tensor Key, Tensor Value)> captured) = first is null ? Capture(batch) : model.RecordPrompts(batch, tape!);
        Tensor logits = model.Logits(hidden.index_select(0, tensor(batch.PromptEnds.Select(e => (long)e).ToArray(), device: model.Device)));
        int start = 0;
        for (int i = 0; i < which.Length; i++)
        {
            int length = prompts[which[i]].Length, from = start;
            // Copies: a view would keep the whole batch alive.
            (Tensor, Tensor)[] layers = [.. captured.Select(c => (
                c.Key.narrow(0, from, length).clone().DetachFromDisposeScope(), c.Value.narrow(0, from, length).clone().DetachFromDisposeScope()))];
            ready[which[i]] = new Entry(layers, logits[i].clone().DetachFromDisposeScope(), first + start);
            start += length;
        }
    }

    private (Tensor Hidden, IReadOnlyList<(Tensor Key, Tensor Value)> Layers) Capture(SharedPrefixBatch batch)
    {
        CapturingAttention attention = new(model.Attention(batch));
        return (model.Hidden(batch.Tokens, batch.Positions, batch.MaxPosition, attention), attention.Captured);
    }

    private static void Free(Entry entry)
    {
        foreach ((Tensor key, Tensor value) in entry.Layers)
        {
            key.Dispose();
            value.Dispose();
        }
        entry.Logits.Dispose();
    }

    private static int[] CountRows(int prompts, int[] promptOf)
    {
        int[] counts = new int[prompts];
        foreach (int prompt in promptOf) counts[prompt]++;
        return counts;
    }
}

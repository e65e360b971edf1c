using Rlvr.Tensors;
using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>
/// Attention of a <see cref="SharedPrefixBatch"/> on a GPU without padding, masks or scores in memory: prompts and continuations are sequences of different
/// lengths in one call of flash attention. A continuation's keys are its prompt's and its own, so its queries are the last of its tokens.
/// </summary>
public sealed class PackedPrefixAttention : IAttention
{
    private readonly double scale;
    private readonly bool plainly;
    private readonly long longestQuery, longestKey;
    private readonly Tensor queryStarts, keyStarts; // [B + R + 1] int32
    private readonly Tensor? prompts, order;        // [sum of prompt lengths over rows], [M] int64; null without continuations

    /// <summary>Prepares the index tensors of a batch; they belong to the current dispose scope.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="config">The model's configuration.</param>
    public PackedPrefixAttention(SharedPrefixBatch batch, ModelConfig config) : this(batch, config, plainly: false) { }

    internal PackedPrefixAttention(SharedPrefixBatch batch, ModelConfig config, bool plainly)
    {
        this.plainly = plainly;
        scale = 1 / double.Sqrt(config.HeadDim);
        Device device = batch.Tokens.device;
        int[] rows = [.. Enumerable.Range(0, batch.InputLengths.Count).Where(row => batch.InputLengths[row] > 0)];
        IEnumerable<int> queries = batch.PromptLengths.Concat(rows.Select(row => batch.InputLengths[row]));
        int[] keys = [.. batch.PromptLengths.Concat(rows.Select(row => batch.PromptLengths[batch.PromptOf[row]] + batch.InputLengths[row]))];
        queryStarts = Starts(queries, device);
        keyStarts = Starts(keys, device);
        (longestQuery, longestKey) = (queries.Max(), keys.Max());
        if (rows.Length == 0) return;

        // Keys in order: the prompts' own, then for each row its prompt's, a copy, and its own.
        int promptTokens = batch.PromptLengths.Sum(), inputs = promptTokens + batch.InputLengths.Sum();
        int[] promptStarts = [.. batch.PromptEnds.Select((end, p) => end + 1 - batch.PromptLengths[p])];
        List<long> copies = [], all = [.. Enumerable.Range(0, promptTokens).Select(i => (long)i)];
        int own = promptTokens;
        foreach (int row in rows)
        {
            int prompt = batch.PromptOf[row];
            for (int i = 0; i < batch.PromptLengths[prompt]; i++)
            {
                all.Add(inputs + copies.Count);
                copies.Add(promptStarts[prompt] + i);
            }
            for (int i = 0; i < batch.InputLengths[row]; i++) all.Add(own++);
        }
        prompts = tensor(copies.ToArray(), device: device);
        order = tensor(all.ToArray(), device: device);
    }

    /// <inheritdoc/>
    public Tensor Attend(int layer, Tensor query, Tensor key, Tensor value) =>
        CudaOps.Attention(query, WithPrompts(key), WithPrompts(value), queryStarts, keyStarts, longestQuery, longestKey, scale, plainly).reshape(query.size(0), -1);

    /// <summary>[N, Hkv, D] to [M, Hkv, D]. The gradients of a prompt's copies are added up in float32: there are as many as rollouts.</summary>
    private Tensor WithPrompts(Tensor x) =>
        prompts is null ? x : cat([x, x.to(ScalarType.Float32).index_select(0, prompts).to(x.dtype)], 0).index_select(0, order!);

    private static Tensor Starts(IEnumerable<int> lengths, Device device)
    {
        List<int> starts = [0];
        foreach (int length in lengths) starts.Add(starts[^1] + length);
        return tensor(starts.ToArray(), device: device);
    }
}

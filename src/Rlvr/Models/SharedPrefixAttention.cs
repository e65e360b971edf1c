using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>
/// Attention of a <see cref="SharedPrefixBatch"/>: prompts are causal; a continuation sees its prompt and itself, causally. Only here are
/// tokens padded to rows; the layers around it work on the flat list.
/// </summary>
public sealed class SharedPrefixAttention : IAttention
{
    private readonly double scale;
    private readonly int promptTokens, promptRows, maxPrompt, rows, maxInput;
    private readonly Tensor? padPrompts, unpadPrompts;             // null: all prompts have one length, a view does it
    private readonly Tensor? padContinuations, unpadContinuations; // null: likewise
    private readonly Tensor? promptOfRow;                          // [R] int64
    private Tensor? mask;                    // [1 or R, 1, T, P + T]

    /// <summary>Prepares the index tensors and the mask of a batch; they belong to the current dispose scope.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="config">The model's configuration.</param>
    public SharedPrefixAttention(SharedPrefixBatch batch, ModelConfig config)
    {
        Device device = batch.Tokens.device;
        scale = 1 / double.Sqrt(config.HeadDim);
        promptRows = batch.PromptLengths.Count;
        promptTokens = batch.PromptLengths.Sum();
        maxPrompt = batch.PromptLengths.Max();
        (padPrompts, unpadPrompts) = Padding(batch.PromptLengths, maxPrompt, device);
        rows = batch.InputLengths.Count;
        maxInput = rows == 0 ? 0 : batch.InputLengths.Max();
        if (maxInput == 0) return;
        (padContinuations, unpadContinuations) = Padding(batch.InputLengths, maxInput, device);
        if (promptRows > 1) promptOfRow = tensor(batch.PromptOf.Select(p => (long)p).ToArray(), device: device);
        mask = Mask(batch, device);
    }

    /// <inheritdoc/>
    public Tensor Attend(int layer, Tensor query, Tensor key, Tensor value)
    {
        // On the CPU the backward pass of attention in bfloat16 takes several times as long as that in float32, the forward pass about as long (LOG.md).
        if (query.dtype == ScalarType.BFloat16 && query.device_type == DeviceType.CPU)
            return Attend(layer, query.to(ScalarType.Float32), key.to(ScalarType.Float32), value.to(ScalarType.Float32)).to(query.dtype);
        long width = query.size(1) * query.size(2);
        bool alone = maxInput == 0;
        Tensor promptKey = Rows(alone ? key : key.narrow(0, 0, promptTokens), padPrompts, promptRows, maxPrompt);       // [B, P, Hkv, D]
        Tensor promptValue = Rows(alone ? value : value.narrow(0, 0, promptTokens), padPrompts, promptRows, maxPrompt);
        Tensor promptQuery = Rows(alone ? query : query.narrow(0, 0, promptTokens), padPrompts, promptRows, maxPrompt); // [B, P, Hq, D]
        // Padding is on the right, so a causal mask keeps real queries from padded keys.
        Tensor prompts = Flat(AtenOps.ScaledDotProductAttention(
            promptQuery.transpose(1, 2), promptKey.transpose(1, 2), promptValue.transpose(1, 2), null, true, scale), unpadPrompts, width);
        if (alone) return prompts;

        if (mask!.dtype != query.dtype) mask = mask.to(query.dtype).MoveToOuterDisposeScope();
        long inputs = query.size(0) - promptTokens;
        Tensor ownQuery = Rows(query.narrow(0, promptTokens, inputs), padContinuations, rows, maxInput); // [R, T, Hq, D]
        Tensor ownKey = Rows(key.narrow(0, promptTokens, inputs), padContinuations, rows, maxInput);
        Tensor ownValue = Rows(value.narrow(0, promptTokens, inputs), padContinuations, rows, maxInput);
        Tensor continuations = Flat(AtenOps.ScaledDotProductAttention(
            ownQuery.transpose(1, 2), WithPrompt(promptKey, ownKey), WithPrompt(promptValue, ownValue), mask, false, scale), unpadContinuations, width);
        return cat([prompts, continuations], 0);
    }

    /// <summary>Flat tokens to padded rows: [N, H, D] to [R, L, H, D].</summary>
    private static Tensor Rows(Tensor flat, Tensor? pad, long rows, long length) =>
        (pad is null ? flat : flat.index_select(0, pad)).view(rows, length, flat.size(1), flat.size(2));

    /// <summary>Padded rows to flat tokens: [R, H, L, D] to [N, H * D].</summary>
    private static Tensor Flat(Tensor rows, Tensor? unpad, long width)
    {
        Tensor all = rows.transpose(1, 2).reshape(-1, width);
        return unpad is null ? all : all.index_select(0, unpad);
    }

    /// <summary>Each row's prompt before its own keys (or values): [B, P, H, D] and [R, T, H, D] to [R, H, P + T, D].</summary>
    private Tensor WithPrompt(Tensor prompt, Tensor own)
    {
        Tensor ofRow = promptOfRow is null ? prompt.expand(rows, -1, -1, -1) : prompt.index_select(0, promptOfRow);
        return cat([ofRow, own], 1).transpose(1, 2);
    }

    /// <summary>Indices that pad a flat list to rows (padding repeats token 0, whose copies nobody reads) and take the padding out again.</summary>
    private static (Tensor? Pad, Tensor? Unpad) Padding(IReadOnlyList<int> lengths, int width, Device device)
    {
        if (lengths.All(l => l == width)) return (null, null);
        long[] pad = new long[(long)lengths.Count * width], unpad = new long[lengths.Sum()];
        int flat = 0;
        for (int row = 0; row < lengths.Count; row++)
        {
            for (int i = 0; i < lengths[row]; i++, flat++)
            {
                pad[((long)row * width) + i] = flat;
                unpad[flat] = ((long)row * width) + i;
            }
        }
        return (tensor(pad, device: device), tensor(unpad, device: device));
    }

    /// <summary>0 where a continuation's token may look, minus infinity elsewhere; one mask for all rows where their prompts have one length.</summary>
    private Tensor Mask(SharedPrefixBatch batch, Device device)
    {
        Tensor own = full(maxInput, maxInput, Numbers.MinusInfinity, device: device).triu_(1).view(1, 1, maxInput, maxInput);
        if (padPrompts is null) return cat([zeros(1, 1, maxInput, maxPrompt, device: device), own], 3);
        Tensor lengths = tensor(batch.PromptOf.Select(p => (long)batch.PromptLengths[p]).ToArray(), device: device).view(-1, 1, 1, 1);
        Tensor hidden = Numbers.Range(maxPrompt, device: device).view(1, 1, 1, maxPrompt).ge(lengths); // [R, 1, 1, P]
        Tensor prompt = zeros(rows, 1, 1, maxPrompt, device: device).masked_fill_(hidden, Numbers.MinusInfinity).expand(rows, 1, maxInput, maxPrompt);
        return cat([prompt, own.expand(rows, 1, maxInput, maxInput)], 3);
    }
}

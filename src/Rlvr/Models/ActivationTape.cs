using Rlvr.Tensors;
using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>
/// What a model's layers computed for prompts and for tokens as they were decoded, kept for the way back: an update of the same parameters then does without a forward
/// pass of its own. One row for each token that went through the model, in the order in which they did.
/// </summary>
/// <remarks>
/// Memory is reserved for the most rows there can be and taken as they come. It is kept when the tape is cleared, since getting it anew from the system costs a tenth of
/// what recording saves. When the rows do not suffice, the tape is of no use until it is cleared.
/// </remarks>
internal sealed class ActivationTape : IDisposable
{
    private readonly List<Tensor> all = [];
    private readonly KeptPass rows;
    private readonly LayerAddresses[] layers;
    private readonly (nint Sum, nint Inverse) last;
    private readonly List<long> tokens = [], positions = [];
    private int first; // of the rows that are written to

    /// <summary>Reserves memory.</summary>
    /// <param name="config">The model.</param>
    /// <param name="type">Its compute type.</param>
    /// <param name="capacity">Most rows.</param>
    public ActivationTape(ModelConfig config, ScalarType type, int capacity)
    {
        Capacity = capacity;
        int size = config.HeadDim, width = (config.Heads + (2 * config.KeyValueHeads)) * size;
        bool norms = config.Architecture == ModelArchitecture.Qwen3;
        rows = new KeptPass(
            [.. Enumerable.Range(0, config.Layers).Select(_ => new KeptLayer(
                Of(ScalarType.Float32, config.HiddenSize), Of(ScalarType.Float32),
                new KeptInside(
                    Of(type, width), norms ? Of(type, (config.Heads + config.KeyValueHeads) * size) : null, Of(type, config.Heads * size), null,
                    Of(ScalarType.Float32, config.HiddenSize), Of(ScalarType.Float32), Of(type, 2 * config.IntermediateSize))))],
            Of(ScalarType.Float32, config.HiddenSize), Of(ScalarType.Float32));
        layers = [.. rows.Layers.Select(LayerAddresses.Of)];
        last = (TensorMemory.Start(rows.Sum), TensorMemory.Start(rows.Inverse));

        Tensor Of(ScalarType element, params long[] shape)
        {
            all.Add(empty([capacity, .. shape], dtype: element).DetachFromDisposeScope());
            return all[^1];
        }
    }

    /// <summary>Most rows.</summary>
    public int Capacity { get; }

    /// <summary>Bytes that all rows take.</summary>
    public long Bytes => all.Sum(t => t.numel() * t.element_size());

    /// <summary>Rows in use.</summary>
    public int Count => tokens.Count;

    /// <summary>How often it was cleared: what was recorded before is no longer there.</summary>
    public int Version { get; private set; }

    /// <summary>Whether there were more tokens than rows.</summary>
    public bool Overflowed { get; private set; }

    /// <summary>The tokens that went through the model.</summary>
    public IReadOnlyList<long> Tokens => tokens;

    /// <summary>Their positions.</summary>
    public IReadOnlyList<long> Positions => positions;

    /// <summary>Takes rows for a pass, to which all is written from then on.</summary>
    /// <param name="ofTokens">Its tokens.</param>
    /// <param name="atPositions">Their positions.</param>
    /// <returns>The first row; null where there are too few.</returns>
    public int? Take(IReadOnlyCollection<long> ofTokens, IReadOnlyCollection<long> atPositions)
    {
        Overflowed |= Count + ofTokens.Count > Capacity;
        if (Overflowed) return null;
        first = Count;
        tokens.AddRange(ofTokens);
        positions.AddRange(atPositions);
        return first;
    }

    /// <summary>The rows in use, to be gone back through. The tensors belong to the current dispose scope and share the tape's memory.</summary>
    public KeptPass InUse()
    {
        return new KeptPass([.. rows.Layers.Select(Layer)], Some(rows.Sum), Some(rows.Inverse));

        KeptLayer Layer(KeptLayer of)
        {
            KeptInside inside = of.Inside!;
            return new KeptLayer(Some(of.Input), Some(of.Inverse), new KeptInside(
                Some(inside.QueryKeyValue), inside.Raw is null ? null : Some(inside.Raw), Some(inside.Attended), null, Some(inside.Middle), Some(inside.Inverse!), Some(inside.GateUp)));
        }

        Tensor Some(Tensor of) => of.narrow(0, 0, Count);
    }

    /// <summary>Writes what a whole pass has kept.</summary>
    public void Write(KeptPass pass)
    {
        foreach ((int layer, KeptLayer kept) in pass.Layers.Index())
        {
            KeptInside inside = kept.Inside!;
            WriteInput(layer, kept.Input, kept.Inverse);
            if (inside.Raw is not null) WriteRaw(layer, inside.Raw);
            WriteAttention(layer, inside.QueryKeyValue, inside.Attended);
            WriteMiddle(layer, inside.Middle, inside.Inverse!, inside.GateUp);
        }
        WriteLast(pass.Sum, pass.Inverse);
    }

    /// <summary>Writes what goes into a layer. All that is written is contiguous: see <see cref="KeptLayer"/> and <see cref="KeptInside"/>.</summary>
    public void WriteInput(int layer, Tensor input, Tensor inverse)
    {
        Copy(input, layers[layer].Input);
        Copy(inverse, layers[layer].Inverse);
    }

    /// <summary>Writes queries and keys before they were normalised.</summary>
    /// <param name="layer">The layer's number.</param>
    /// <param name="from">[N, (Hq + Hkv) D or more].</param>
    public unsafe void WriteRaw(int layer, Tensor from)
    {
        byte* source = (byte*)TensorMemory.Start(from), target = (byte*)layers[layer].Raw;
        long stride = from.size(1) * from.element_size(), width = rows.Layers[layer].Inside!.Raw!.size(1) * from.element_size();
        for (long row = 0; row < from.size(0); row++) Buffer.MemoryCopy(source + (row * stride), target + ((first + row) * width), width, width);
    }

    /// <summary>Writes what goes into attention, rotated, and comes out of it.</summary>
    public void WriteAttention(int layer, Tensor qkv, Tensor attended)
    {
        Copy(qkv, layers[layer].QueryKeyValue);
        Copy(attended, layers[layer].Attended);
    }

    /// <summary>Writes what comes after attention.</summary>
    public void WriteMiddle(int layer, Tensor middle, Tensor inverse, Tensor gateUp)
    {
        Copy(middle, layers[layer].Middle);
        Copy(inverse, layers[layer].MiddleInverse);
        Copy(gateUp, layers[layer].GateUp);
    }

    /// <summary>Writes what goes into the final norm.</summary>
    public void WriteLast(Tensor sum, Tensor inverse)
    {
        Copy(sum, last.Sum);
        Copy(inverse, last.Inverse);
    }

    private unsafe void Copy(Tensor from, nint to)
    {
        long bytes = from.numel() * from.element_size(), row = bytes / from.size(0);
        Buffer.MemoryCopy((byte*)TensorMemory.Start(from), (byte*)to + (first * row), bytes, bytes);
    }

    /// <summary>Forgets what was recorded.</summary>
    public void Clear()
    {
        tokens.Clear();
        positions.Clear();
        Overflowed = false;
        Version++;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Clear();
        foreach (Tensor tensor in all) tensor.Dispose();
    }
}

/// <summary>Where a tape's rows begin: by address, since a decoding step writes a few rows of dozens of tensors.</summary>
internal readonly record struct LayerAddresses(nint Input, nint Inverse, nint QueryKeyValue, nint Raw, nint Attended, nint Middle, nint MiddleInverse, nint GateUp)
{
    public static LayerAddresses Of(KeptLayer layer)
    {
        KeptInside inside = layer.Inside!;
        return new(
            TensorMemory.Start(layer.Input), TensorMemory.Start(layer.Inverse), TensorMemory.Start(inside.QueryKeyValue), inside.Raw is null ? 0 : TensorMemory.Start(inside.Raw),
            TensorMemory.Start(inside.Attended), TensorMemory.Start(inside.Middle), TensorMemory.Start(inside.Inverse!), TensorMemory.Start(inside.GateUp));
    }
}

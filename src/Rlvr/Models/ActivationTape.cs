using Rlvr.Tensors;
using TorchSharp;
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
    private readonly Tensor[] all;
    private readonly KeptPass rows;
    private readonly List<long> tokens = [], positions = [];

    /// <summary>Reserves memory.</summary>
    /// <param name="config">The model.</param>
    /// <param name="type">Its compute type.</param>
    /// <param name="capacity">Most rows.</param>
    public ActivationTape(ModelConfig config, ScalarType type, int capacity)
    {
        Capacity = capacity;
        int size = config.HeadDim, width = (config.Heads + (2 * config.KeyValueHeads)) * size;
        bool norms = config.Architecture == ModelArchitecture.Qwen3;
        List<Tensor> made = [];
        rows = new KeptPass(
            [.. Enumerable.Range(0, config.Layers).Select(_ => new KeptLayer(
                Of(ScalarType.Float32, config.HiddenSize), Of(ScalarType.Float32),
                new KeptInside(
                    Of(type, width), norms ? Of(type, (config.Heads + config.KeyValueHeads) * size) : null, Of(type, config.Heads * size), null,
                    Of(ScalarType.Float32, config.HiddenSize), Of(ScalarType.Float32), Of(type, 2 * config.IntermediateSize))))],
            Of(ScalarType.Float32, config.HiddenSize), Of(ScalarType.Float32));
        all = [.. made];

        Tensor Of(ScalarType element, params long[] shape)
        {
            made.Add(empty([capacity, .. shape], dtype: element).DetachFromDisposeScope());
            return made[^1];
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

    /// <summary>Takes rows for a pass.</summary>
    /// <param name="ofTokens">Its tokens.</param>
    /// <param name="atPositions">Their positions.</param>
    /// <returns>The first row; null where there are too few.</returns>
    public int? Take(IReadOnlyCollection<long> ofTokens, IReadOnlyCollection<long> atPositions)
    {
        Overflowed |= Count + ofTokens.Count > Capacity;
        if (Overflowed) return null;
        int first = Count;
        tokens.AddRange(ofTokens);
        positions.AddRange(atPositions);
        return first;
    }

    /// <summary>Some rows, or all in use, to be written or gone back through. The tensors belong to the current dispose scope and share the tape's memory.</summary>
    public KeptPass Rows(int first, int count)
    {
        return new KeptPass([.. rows.Layers.Select(Layer)], Some(rows.Sum), Some(rows.Inverse));

        KeptLayer Layer(KeptLayer of)
        {
            KeptInside inside = of.Inside!;
            return new KeptLayer(Some(of.Input), Some(of.Inverse), new KeptInside(
                Some(inside.QueryKeyValue), inside.Raw is null ? null : Some(inside.Raw), Some(inside.Attended), null, Some(inside.Middle), Some(inside.Inverse!), Some(inside.GateUp)));
        }

        Tensor Some(Tensor of) => of.narrow(0, first, count);
    }

    /// <summary>Writes what a whole pass has kept.</summary>
    public void Write(int first, KeptPass pass)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        KeptPass to = Rows(first, (int)pass.Sum.size(0));
        to.Sum.copy_(pass.Sum);
        to.Inverse.copy_(pass.Inverse);
        foreach ((KeptLayer from, KeptLayer into) in pass.Layers.Zip(to.Layers))
        {
            (KeptInside source, KeptInside target) = (from.Inside!, into.Inside!);
            into.Input.copy_(from.Input);
            into.Inverse.copy_(from.Inverse);
            target.QueryKeyValue.copy_(source.QueryKeyValue);
            if (source.Raw is not null) target.Raw!.copy_(source.Raw);
            target.Attended.copy_(source.Attended);
            target.Middle.copy_(source.Middle);
            target.Inverse!.copy_(source.Inverse!);
            target.GateUp.copy_(source.GateUp);
        }
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

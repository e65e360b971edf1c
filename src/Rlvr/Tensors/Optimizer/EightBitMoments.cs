using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tensors;

/// <summary>
/// Moments in eight bits (Dettmers et al., arXiv 2110.02861): the first with a sign, the second without, quantised in blocks of 256
/// (<see cref="BlockQuantizer"/>). Small tensors (norms, biases) stay in float32, as in the reference implementation.
/// </summary>
internal sealed class EightBitMoments : PiecewiseMoments
{
    /// <summary>Tensors of fewer elements stay in float32 (bitsandbytes, <c>min_8bit_size</c>).</summary>
    public const int LeastElements = 4096;

    private readonly BlockQuantizer signed, unsigned;
    private readonly Moment[] first, second;

    /// <summary>A moment of a parameter: codes with a scale for each block, or float32 values without.</summary>
    private sealed record Moment(Tensor Values, Tensor? Scales);

    public EightBitMoments(IReadOnlyList<(string Name, Tensor Parameter)> parameters) : base(parameters)
    {
        using IDisposable noGrad = no_grad();
        Device device = Parameters.Length == 0 ? CPU : Parameters[0].device;
        (signed, unsigned) = (new BlockQuantizer(signed: true, device), new BlockQuantizer(signed: false, device));
        first = [.. Parameters.Select(p => Zeros(p, signed))];
        second = [.. Parameters.Select(p => Zeros(p, unsigned))];
    }

    /// <inheritdoc/>
    public override IEnumerable<(string Name, Tensor Value)> State()
    {
        for (int i = 0; i < Parameters.Length; i++)
        {
            yield return (Moments.First + Names[i], first[i].Values);
            if (first[i].Scales is { } firstScales) yield return (Moments.FirstScale + Names[i], firstScales);
            yield return (Moments.Second + Names[i], second[i].Values);
            if (second[i].Scales is { } secondScales) yield return (Moments.SecondScale + Names[i], secondScales);
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        signed.Dispose();
        unsigned.Dispose();
    }

    /// <inheritdoc/>
    protected override void Begin(AdamWStep step) { }

    /// <inheritdoc/>
    protected override (Tensor First, Tensor Second) Read(int parameter, long start, long length) =>
        (Read(first[parameter], signed, start, length), Read(second[parameter], unsigned, start, length));

    /// <inheritdoc/>
    protected override void Write(int parameter, long start, Tensor first, Tensor second)
    {
        Write(this.first[parameter], signed, start, first);
        Write(this.second[parameter], unsigned, start, second);
    }

    private static Tensor Read(Moment moment, BlockQuantizer quantizer, long start, long length)
    {
        Tensor values = moment.Values.view(-1).narrow(0, start, length);
        return moment.Scales is null ? values : quantizer.Dequantize(values, Blocks(moment.Scales, start, length));
    }

    private static void Write(Moment moment, BlockQuantizer quantizer, long start, Tensor values)
    {
        if (moment.Scales is null) return; // updated in place
        (Tensor codes, Tensor scales) = quantizer.Quantize(values);
        moment.Values.view(-1).narrow(0, start, values.numel()).copy_(codes);
        Blocks(moment.Scales, start, values.numel()).copy_(scales);
    }

    private static Tensor Blocks(Tensor scales, long start, long length) =>
        scales.narrow(0, start / BlockQuantizer.BlockSize, BlockQuantizer.Blocks(length));

    private static Moment Zeros(Tensor parameter, BlockQuantizer quantizer)
    {
        if (parameter.numel() < LeastElements) return new Moment(zeros_like(parameter).DetachFromDisposeScope(), null);
        using Scalar zero = quantizer.Zero.ToScalar();
        return new Moment(
            full_like(parameter, zero, dtype: ScalarType.Byte).DetachFromDisposeScope(),
            zeros(BlockQuantizer.Blocks(parameter.numel()), device: parameter.device).DetachFromDisposeScope());
    }
}

using static TorchSharp.torch;

namespace Rlvr.Tensors;

/// <summary>
/// Moments in bfloat16, whose neighbouring numbers are 0.4 to 0.8% apart. A moment that moves less than that in a step would stand still if it were
/// rounded to nearest: with a decay of 0.999 the second moment loses 0.1% a step and would never shrink. Such a moment is rounded stochastically (up with
/// the probability that the rest says), so that it moves as it should in the mean; one that moves fast (the first, with 0.9) is rounded to nearest,
/// which errs less.
/// </summary>
/// <remarks>
/// The random bits are a function of the step's number, so that a resumed run goes on exactly. The pieces of all parameters share them: what must be
/// independent is one element's draws from step to step.
/// </remarks>
internal sealed class BFloat16Moments : PiecewiseMoments
{
    /// <summary>A moment that forgets a smaller share of itself in a step is rounded stochastically: four times the spacing of bfloat16.</summary>
    private const double LeastForgotten = 1.0 / 32;

    private readonly Tensor[] first, second;
    private Tensor? uniforms; // [PieceElements] in [0, 1); of the step in progress
    private bool firstIsSlow, secondIsSlow;

    public BFloat16Moments(IReadOnlyList<(string Name, Tensor Parameter)> parameters) : base(parameters)
    {
        using IDisposable noGrad = no_grad();
        first = [.. Parameters.Select(Zeros)];
        second = [.. Parameters.Select(Zeros)];

        static Tensor Zeros(Tensor parameter) => zeros_like(parameter, dtype: ScalarType.BFloat16).DetachFromDisposeScope();
    }

    /// <inheritdoc/>
    public override IEnumerable<(string Name, Tensor Value)> State()
    {
        for (int i = 0; i < Parameters.Length; i++)
        {
            yield return (Moments.First + Names[i], first[i]);
            yield return (Moments.Second + Names[i], second[i]);
        }
    }

    /// <inheritdoc/>
    protected override void Begin(AdamWStep step)
    {
        (firstIsSlow, secondIsSlow) = (1 - step.Beta1 < LeastForgotten, 1 - step.Beta2 < LeastForgotten);
        if (!firstIsSlow && !secondIsSlow) return;
        long size = long.Min(PieceElements, Parameters.Select(p => p.numel()).DefaultIfEmpty(1).Max());
        Device device = Parameters.Length == 0 ? CPU : Parameters[0].device;
        using Generator generator = new(CounterRandom.Bits(0, (ulong)step.Number, 0, 0) >> 1, device);
        uniforms = rand([size], device: device, generator: generator);
    }

    /// <inheritdoc/>
    protected override (Tensor First, Tensor Second) Read(int parameter, long start, long length) =>
        (Piece(first[parameter], start, length).to(ScalarType.Float32), Piece(second[parameter], start, length).to(ScalarType.Float32));

    /// <inheritdoc/>
    protected override void Write(int parameter, long start, Tensor first, Tensor second)
    {
        Piece(this.first[parameter], start, first.numel()).copy_(firstIsSlow ? Rounded(first) : first);
        Piece(this.second[parameter], start, second.numel()).copy_(secondIsSlow ? Rounded(second) : second);
    }

    private Tensor Rounded(Tensor values) => StochasticRounding.Round(values, uniforms!.narrow(0, 0, values.numel()));

    private static Tensor Piece(Tensor moment, long start, long length) => moment.view(-1).narrow(0, start, length);
}

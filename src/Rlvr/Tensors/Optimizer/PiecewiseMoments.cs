using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tensors;

/// <summary>
/// Moments in a smaller type. A step takes each parameter in pieces: the piece's moments become float32, the fused operator makes the step with all the
/// precision that the float32 optimiser has, and what is then kept of the moments is rounded. So never more than a piece of them is in float32.
/// </summary>
internal abstract class PiecewiseMoments : IMomentStore
{
    /// <summary>Elements of a piece: 4 MiB in float32. A multiple of <see cref="BlockQuantizer.BlockSize"/>.</summary>
    internal const int PieceElements = 1 << 20;

    private readonly Tensor number; // float32 scalar; the operator reads but does not advance it

    protected PiecewiseMoments(IReadOnlyList<(string Name, Tensor Parameter)> parameters)
    {
        Names = [.. parameters.Select(p => p.Name)];
        Parameters = [.. parameters.Select(p => p.Parameter)];
        foreach ((string name, Tensor parameter) in parameters)
        {
            if (parameter.dtype != ScalarType.Float32 || !parameter.is_contiguous())
                throw new ArgumentException($"parameter '{name}' is {parameter.dtype}; contiguous Float32 expected", nameof(parameters));
        }
        number = zeros([], dtype: ScalarType.Float32, device: Parameters.FirstOrDefault()?.device).DetachFromDisposeScope();
    }

    protected string[] Names { get; }

    protected Tensor[] Parameters { get; }

    /// <inheritdoc/>
    public void Update(Tensor[] gradients, AdamWStep step)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope outer = NewDisposeScope();
        using Scalar done = step.Number.ToScalar();
        number.fill_(done);
        Begin(step);
        for (int i = 0; i < Parameters.Length; i++)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor parameter = Parameters[i].detach().view(-1), gradient = gradients[i].reshape(-1);
            for (long start = 0, count = parameter.numel(); start < count; start += PieceElements)
            {
                using DisposeScope piece = NewDisposeScope();
                long length = long.Min(PieceElements, count - start);
                (Tensor first, Tensor second) = Read(i, start, length);
                AtenOps.FusedAdamW([parameter.narrow(0, start, length)], [gradient.narrow(0, start, length)], [first], [second], [number],
                    step.LearningRate, step.Beta1, step.Beta2, step.WeightDecay, step.Epsilon);
                Write(i, start, first, second);
            }
        }
    }

    /// <inheritdoc/>
    public abstract IEnumerable<(string Name, Tensor Value)> State();

    /// <inheritdoc/>
    public virtual void Dispose()
    {
        foreach ((_, Tensor value) in State()) value.Dispose();
        number.Dispose();
    }

    /// <summary>Prepares a step; what is made belongs to the step's dispose scope.</summary>
    protected abstract void Begin(AdamWStep step);

    /// <summary>The moments of a piece of a parameter, [length], float32: copies, or live ones.</summary>
    protected abstract (Tensor First, Tensor Second) Read(int parameter, long start, long length);

    /// <summary>Keeps the moments of a piece.</summary>
    protected abstract void Write(int parameter, long start, Tensor first, Tensor second);
}

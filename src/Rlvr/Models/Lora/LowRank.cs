using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>What an adapter adds to one linear layer: s (x A^T) B^T, multiplied in the model's compute type as the layer itself.</summary>
/// <param name="a">[r, inputs].</param>
/// <param name="b">[outputs, r].</param>
/// <param name="scale">s.</param>
/// <param name="type">The compute type.</param>
internal sealed class LowRank(Tensor a, Tensor b, double scale, ScalarType type) : IDisposable
{
    private readonly Linear down = new(a, null, type), up = new(b, null, type);

    /// <summary>Adds to what the layer gave, in place: nothing of the layer's size is kept besides its output.</summary>
    /// <param name="y">[N, outputs].</param>
    /// <param name="x">[N, inputs], what the layer was given.</param>
    public Tensor AddTo(Tensor y, Tensor x) => up.AddTo(y, down.Forward(x), scale);

    /// <summary>The way back of <see cref="AddTo"/>: adds to the gradients of A and B, and to that of x.</summary>
    /// <param name="gradient">[N, outputs]: that of y.</param>
    /// <param name="x">[N, inputs].</param>
    /// <param name="back">[N, inputs]: that of x.</param>
    public void Backward(Tensor gradient, Tensor x, Tensor back)
    {
        using Scalar factor = scale.ToScalar();
        using Tensor inside = down.Forward(x).mul_(factor), insideGradient = gradient.mm(up.Matrix).mul_(factor); // [N, r]
        up.AddGradient(gradient, inside);
        down.AddGradient(insideGradient, x);
        back.addmm_(insideGradient, down.Matrix, 1, 1);
    }

    /// <summary>As <see cref="Linear.ParametersChanged"/>.</summary>
    public void ParametersChanged()
    {
        down.ParametersChanged();
        up.ParametersChanged();
    }

    /// <summary>Frees copies in the compute type; A and B are the adapter's.</summary>
    public void Dispose()
    {
        down.Dispose();
        up.Dispose();
    }
}

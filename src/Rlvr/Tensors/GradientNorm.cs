using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tensors;

/// <summary>The global L2 norm of gradients and clipping by it, as PyTorch's <c>clip_grad_norm_</c>.</summary>
public static class GradientNorm
{
    /// <summary>Norm of the parameters' gradients as one vector: a scalar tensor, not yet read. Parameters without a gradient count as 0.</summary>
    public static Tensor Compute(IEnumerable<Tensor> parameters)
    {
        using var scope = NewDisposeScope();
        var norms = new List<Tensor>();
        foreach (Tensor parameter in parameters)
            if (parameter.grad is { } gradient) norms.Add(gradient.norm());
        // The norm of the norms is the norm of everything.
        Tensor total = norms.Count == 0 ? zeros(1).sum() : stack(norms).norm();
        return total.MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Scales all gradients by min(1, maxNorm / (norm + 1e-6)) and returns the norm before that. A norm that is not finite is
    /// returned without touching the gradients, for the caller to stop on. Reads one number from the device.
    /// </summary>
    /// <param name="parameters">Parameters whose gradients are clipped in place.</param>
    /// <param name="maxNorm">Largest norm to leave; 0 or less only measures.</param>
    public static double Clip(IReadOnlyCollection<Tensor> parameters, double maxNorm)
    {
        using var scope = NewDisposeScope();
        double norm = Compute(parameters).to(ScalarType.Float64).item<double>();
        double scale = maxNorm / (norm + 1e-6);
        if (maxNorm <= 0 || !double.IsFinite(norm) || scale >= 1) return norm;
        using var _ = no_grad();
        using Scalar factor = scale.ToScalar();
        foreach (Tensor parameter in parameters) parameter.grad?.mul_(factor);
        return norm;
    }
}

using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>Root-mean-square layer norm (arXiv 1910.07467): x / sqrt(mean(x^2) + eps) * weight, over the last dimension.</summary>
public static class RmsNorm
{
    /// <summary>Normalises.</summary>
    /// <param name="x">[..., H].</param>
    /// <param name="weight">[H].</param>
    /// <param name="epsilon">Under the root.</param>
    public static Tensor Apply(Tensor x, Tensor weight, double epsilon)
    {
        if (x.device_type == DeviceType.CUDA) return CudaOps.RmsNorm(x, weight, epsilon);
        // The norm reduces in one pass; squaring first would write a second tensor of x's size.
        Tensor norm = x.norm(-1, keepdim: true);
        using Scalar width = x.size(-1).ToScalar(), least = epsilon.ToScalar();
        Tensor inverse = norm.mul(norm).div(width).add(least, Numbers.One).rsqrt(); // [..., 1]
        return is_grad_enabled() ? x.mul(inverse).mul(weight) : x.mul(inverse).mul_(weight);
    }
}

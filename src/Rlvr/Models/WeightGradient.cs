using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>The gradient of a matrix y = x W^T, added to where the parameter keeps it, in float32, without a second matrix of its size.</summary>
internal static class WeightGradient
{
    /// <summary>Most elements of the gradient that are made at a time where it is converted, on the CPU.</summary>
    internal const long PartElements = 4L << 20;

    /// <summary>Adds gradient^T input.</summary>
    /// <param name="parameter">[out, in]; nothing happens where it needs no gradient.</param>
    /// <param name="gradient">[N, out], that of y.</param>
    /// <param name="input">[N, in], of the same type.</param>
    public static void Add(Tensor parameter, Tensor gradient, Tensor input)
    {
        if (!parameter.requires_grad) return;
        Tensor sum = Of(parameter);
        if (gradient.dtype == sum.dtype)
        {
            sum.addmm_(gradient.t(), input, 1, 1);
            return;
        }
        long rows = parameter.size(0), part = parameter.device_type == DeviceType.CUDA ? rows : long.Max(1, PartElements / parameter.size(1));
        for (long row = 0; row < rows; row += part)
        {
            using DisposeScope scope = NewDisposeScope();
            long count = long.Min(part, rows - row);
            sum.narrow(0, row, count).add_(gradient.narrow(1, row, count).t().mm(input), Numbers.One); // the product rounds to the compute type, the sum does not
        }
    }

    /// <summary>Adds the gradient of a bias, the sum over rows.</summary>
    /// <param name="parameter">[out]; nothing happens where it needs no gradient.</param>
    /// <param name="gradient">[N, out].</param>
    public static void AddRows(Tensor parameter, Tensor gradient)
    {
        if (parameter.requires_grad) Of(parameter).add_(gradient.sum(0, type: ScalarType.Float32), Numbers.One);
    }

    /// <summary>Where a parameter keeps its gradient: zeros if it had none.</summary>
    public static Tensor Of(Tensor parameter)
    {
        if (parameter.grad is null) parameter.grad = zeros_like(parameter).DetachFromDisposeScope();
        return parameter.grad!;
    }
}

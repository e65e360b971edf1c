using Rlvr.Tensors;
using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>
/// A matrix of the model with its bias, multiplied in the model's compute type. Where the parameter is kept in another type (float32 master weights
/// of a model in training), passes without gradients use a copy that is made anew once the parameter has changed, and passes with gradients
/// convert it inside the graph, so that its gradient arrives in the parameter's own type.
/// </summary>
internal sealed class Linear(Tensor weight, Tensor? bias, ScalarType type) : IDisposable
{
    private readonly bool converts = weight.dtype != type;
    private Tensor? weightCopy, biasCopy;
    private bool changed = true;

    /// <summary>The matrix in the compute type, without gradient history.</summary>
    public Tensor Matrix
    {
        get
        {
            if (!converts) return weight;
            if (changed) Convert();
            return weightCopy!;
        }
    }

    /// <summary>x W^T + b.</summary>
    /// <param name="x">[..., in], in the compute type.</param>
    /// <returns>[..., out], in the compute type.</returns>
    public Tensor Forward(Tensor x)
    {
        if (!converts) return Product(x, weight, bias);
        if (weight.requires_grad && is_grad_enabled()) return nn.functional.linear(x, weight.to(type), bias?.to(type));
        if (changed) Convert();
        return Product(x, weightCopy!, biasCopy);
    }

    private static Tensor Product(Tensor x, Tensor matrix, Tensor? bias) =>
        SkinnyProduct.Suits(x, matrix) ? SkinnyProduct.Multiply(x, matrix, bias) : nn.functional.linear(x, matrix, bias);

    /// <summary>Says that the parameter has other values than before.</summary>
    public void ParametersChanged() => changed = true;

    /// <inheritdoc/>
    public void Dispose()
    {
        weightCopy?.Dispose();
        biasCopy?.Dispose();
    }

    private void Convert()
    {
        using IDisposable noGrad = no_grad();
        weightCopy = Copy(weightCopy, weight);
        if (bias is not null) biasCopy = Copy(biasCopy, bias);
        changed = false;
    }

    /// <summary>The same memory every time: it is refreshed after each update.</summary>
    private Tensor Copy(Tensor? old, Tensor parameter)
    {
        if (old is null) return parameter.detach().to(type).DetachFromDisposeScope();
        old.copy_(parameter);
        return old;
    }
}

using Rlvr.Tensors;
using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>
/// A matrix of the model with its bias, multiplied in the model's compute type. Where the parameter is kept in another type (float32 master weights
/// of a model in training), passes without gradients use a copy that is made anew once the parameter has changed, and passes with gradients
/// convert it inside the graph, so that its gradient arrives in the parameter's own type.
/// </summary>
/// <param name="weight">[out, in].</param>
/// <param name="bias">[out]; null for none.</param>
/// <param name="type">The compute type.</param>
/// <param name="keeps">Whether the copy is kept. That of a matrix in a mapped file is not: it is made for each product, so that it takes memory no longer than that.</param>
internal sealed class Linear(Tensor weight, Tensor? bias, ScalarType type, bool keeps = true) : IDisposable
{
    private const int Aligned = 64; // bytes: where torch's own tensors begin

    // The library behind torch may add in another order where a float32 matrix lies askew in memory, as it may in a mapped file: then it is copied for its product.
    private readonly bool converts = weight.dtype != type || (!keeps && type == ScalarType.Float32 && TensorMemory.Start(weight) % Aligned != 0);
    private Tensor? weightCopy, biasCopy;
    private LowRank? adapter;
    private bool changed = true;
    private int holds;

    /// <summary>The matrix in the compute type, without gradient history. Where no copy is kept, it is a new one, of the current dispose scope.</summary>
    public Tensor Matrix
    {
        get
        {
            if (!converts) return weight;
            if (Passing) return weight.detach().to(type, copy: true);
            if (changed) Convert();
            return weightCopy!;
        }
    }

    /// <summary>Makes the copy that products use, where one is kept and the parameter has changed.</summary>
    public void Refresh()
    {
        if (converts && changed && !Passing) Convert();
    }

    /// <summary>Keeps the copy in any case until the result is disposed of: for several products in a row.</summary>
    /// <returns>Null where nothing changes.</returns>
    public IDisposable? Hold() => converts && Passing ? new Held(this) : null;

    /// <summary>x W^T + b, and what an adapter adds.</summary>
    /// <param name="x">[..., in], in the compute type; [N, in] where there is an adapter.</param>
    /// <returns>[..., out], in the compute type.</returns>
    public Tensor Forward(Tensor x)
    {
        Tensor y = Product(x);
        return adapter is null ? y : adapter.AddTo(y, x);
    }

    /// <summary>y + s x W^T, in the memory of y.</summary>
    public Tensor AddTo(Tensor y, Tensor x, double s) => y.addmm_(x, (InGraph ? weight.to(type) : Matrix).t(), 1, (float)s);

    /// <summary>Adds to the gradients of matrix and bias.</summary>
    /// <param name="gradient">[N, out], that of what <see cref="Forward"/> gave, in the compute type.</param>
    /// <param name="input">[N, in], what went in.</param>
    public void AddGradient(Tensor gradient, Tensor input)
    {
        WeightGradient.Add(weight, gradient, input);
        if (bias is not null) WeightGradient.AddRows(bias, gradient);
    }

    /// <summary>The way back of some layers that multiplied the same input, whose results stand side by side: adds to the gradients of all their parameters.</summary>
    /// <param name="gradient">[N, sum of outs], in the compute type.</param>
    /// <param name="input">[N, in], what went in.</param>
    /// <param name="matrix">[sum of outs, in]: their matrices, one after another.</param>
    /// <param name="parts">The layers.</param>
    /// <returns>[N, in]: the gradient of the input.</returns>
    public static Tensor Backward(Tensor gradient, Tensor input, Tensor matrix, params Linear[] parts)
    {
        Tensor back = gradient.mm(matrix);
        long at = 0;
        foreach (Linear part in parts)
        {
            using Tensor own = gradient.narrow(1, at, part.Size.Out);
            part.AddGradient(own, input);
            part.adapter?.Backward(own, input, back);
            at += part.Size.Out;
        }
        return back;
    }

    /// <summary>Puts an adapter beside the matrix; it belongs to this object. Null takes it away.</summary>
    public void Attach(LowRank? lowRank)
    {
        adapter?.Dispose();
        adapter = lowRank;
    }

    /// <summary>
    /// Moves the matrix (and likewise the bias) in the compute type into memory that it shares with others, where they can be multiplied with at once.
    /// </summary>
    /// <param name="place">[out, in] in the compute type; a view, which belongs to this object from now on.</param>
    /// <param name="biasPlace">[out]; null where there is no bias.</param>
    public void MoveTo(Tensor place, Tensor? biasPlace)
    {
        using IDisposable noGrad = no_grad();
        place.copy_(Matrix);
        if (bias is not null) biasPlace!.copy_(converts ? biasCopy! : bias);
        if (converts)
        {
            weightCopy!.Dispose();
            biasCopy?.Dispose();
            (weightCopy, biasCopy) = (place.DetachFromDisposeScope(), bias is null ? null : biasPlace!.DetachFromDisposeScope());
            return;
        }
        CudaOps.Share(weight, place);
        if (bias is not null) CudaOps.Share(bias, biasPlace!);
    }

    /// <summary>Copies the matrix (and likewise the bias), converted.</summary>
    /// <param name="place">[out, in].</param>
    /// <param name="biasPlace">[out]; null where there is no bias.</param>
    public void CopyTo(Tensor place, Tensor? biasPlace)
    {
        place.copy_(weight);
        if (bias is not null) biasPlace!.copy_(bias);
    }

    /// <summary>Length of what comes out, and of what goes in.</summary>
    public (long Out, long In) Size => (weight.size(0), weight.size(1));

    /// <summary>Whether an adapter adds something.</summary>
    public bool HasAdapter => adapter is not null;

    /// <summary>Whether there is a bias.</summary>
    public bool HasBias => bias is not null;

    /// <summary>Says that the parameter has other values than before.</summary>
    public void ParametersChanged()
    {
        changed = true;
        adapter?.ParametersChanged();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        adapter?.Dispose();
        weightCopy?.Dispose();
        biasCopy?.Dispose();
    }

    /// <summary>Whether the parameter is converted where the gradient passes, not beforehand.</summary>
    private bool InGraph => converts && weight.requires_grad && is_grad_enabled();

    /// <summary>Whether a converted copy lives for one product only.</summary>
    private bool Passing => !keeps && holds == 0;

    private Tensor Product(Tensor x)
    {
        if (InGraph) return nn.functional.linear(x, weight.to(type), bias?.to(type));
        if (converts && Passing)
        {
            using Tensor once = Matrix;
            using Tensor? vectorOnce = bias?.detach().to(type);
            return Multiply(x, once, vectorOnce);
        }
        Tensor matrix = Matrix; // brings the copy of the bias up to date, too
        Tensor? vector = converts ? biasCopy : bias;
        return Multiply(x, matrix, vector);
    }

    /// <summary>x W^T + b in the way that suits the number of rows.</summary>
    public static Tensor Multiply(Tensor x, Tensor matrix, Tensor? vector) =>
        SkinnyProduct.Suits(x, matrix) ? SkinnyProduct.Multiply(x, matrix, vector) : nn.functional.linear(x, matrix, vector);

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
        if (old is null) return parameter.detach().to(type, copy: true).DetachFromDisposeScope();
        old.copy_(parameter);
        return old;
    }

    private sealed class Held : IDisposable
    {
        private Linear? linear;

        public Held(Linear linear)
        {
            this.linear = linear;
            linear.holds++;
        }

        public void Dispose()
        {
            if (linear is null) return;
            if (--linear.holds == 0) linear.Forget();
            linear = null;
        }
    }

    private void Forget()
    {
        weightCopy?.Dispose();
        biasCopy?.Dispose();
        (weightCopy, biasCopy, changed) = (null, null, true);
    }
}

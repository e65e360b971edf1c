using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>
/// The layers' matrices in the compute type, those that multiply the same input one after another in memory, so that decoding takes one product for
/// queries, keys and values and one for gate and up. The layers use the same memory: there is one copy of each matrix.
/// </summary>
internal sealed class JoinedLayers : IDisposable
{
    private readonly ScalarType type;
    private readonly bool mapped;

    /// <summary>Moves the layers' matrices.</summary>
    /// <param name="layers">The layers.</param>
    /// <param name="type">The compute type.</param>
    /// <param name="epsilon">Of the norms.</param>
    /// <param name="moves">Whether the matrices may be moved; where they are another model's, they stay where they are and are multiplied with one by one.</param>
    /// <param name="mapped">They are those of mapped files: they stay there, and are joined for each product, so that it is the same product as where they are moved.</param>
    public JoinedLayers(LayerParts[] layers, ScalarType type, double epsilon, bool moves, bool mapped)
    {
        Parts = layers;
        this.type = type;
        this.mapped = mapped;
        if (!moves || mapped) return;
        using DisposeScope scope = NewDisposeScope();
        List<Tensor> qkv = [], biases = [], gateUp = [];
        foreach (LayerParts layer in layers)
        {
            qkv.Add(Join([layer.Q, layer.K, layer.V], type, biases));
            gateUp.Add(Join([layer.Gate, layer.Up], type, []));
        }
        Weights = new LayerWeights(
            [.. layers.SelectMany(l => new[] { l.InputNorm, l.PostNorm })],
            [.. layers.SelectMany(l => l.QNorm is { } q && l.KNorm is { } k ? new[] { q, k } : [])],
            [.. qkv], [.. biases], [.. layers.Select(l => l.O.Matrix)], [.. gateUp], [.. layers.Select(l => l.Down.Matrix)], epsilon);
    }

    /// <summary>The layers.</summary>
    public IReadOnlyList<LayerParts> Parts { get; }

    /// <summary>The weights, as they are after <see cref="Refresh"/>; null where they were not moved.</summary>
    public LayerWeights? Weights { get; }

    /// <summary>Brings copies of parameters that have changed up to date.</summary>
    public void Refresh()
    {
        foreach (LayerParts layer in Parts)
            foreach (Linear product in layer.Products) product.Refresh();
    }

    /// <summary>Queries, keys and values of a layer.</summary>
    /// <param name="layer">Its number.</param>
    /// <param name="h">[N, hidden], in the compute type.</param>
    /// <returns>[N, (Hq + 2 Hkv) D].</returns>
    public Tensor QueryKeyValue(int layer, Tensor h) => Product(h, Weights?.QueryKeyValue[layer], Weights is { Biases.Length: > 0 } ? Weights.Biases[layer] : null, Parts[layer].Q, Parts[layer].K, Parts[layer].V);

    /// <summary>Gate and up of a layer.</summary>
    /// <param name="layer">Its number.</param>
    /// <param name="h">[N, hidden], in the compute type.</param>
    /// <returns>[N, 2 mlp].</returns>
    public Tensor GateUp(int layer, Tensor h) => Product(h, Weights?.GateUp[layer], null, Parts[layer].Gate, Parts[layer].Up);

    /// <summary>One product, unless an adapter adds to one of the parts.</summary>
    private Tensor Product(Tensor h, Tensor? matrix, Tensor? bias, params Linear[] parts) =>
        parts.Any(p => p.HasAdapter) || (matrix is null && !mapped) ? cat([.. parts.Select(p => p.Forward(h))], 1)
        : matrix is null ? JoinedProduct(h, parts)
        : Linear.Multiply(h, matrix, bias);

    /// <summary>One product with a matrix that is joined for it and given back.</summary>
    private Tensor JoinedProduct(Tensor h, Linear[] parts)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        long rows = parts.Sum(p => p.Size.Out);
        Tensor all = empty(rows, parts[0].Size.In, dtype: type);
        Tensor? bias = parts[0].HasBias ? empty(rows, dtype: type) : null;
        Place(parts, all, bias, (part, place, biasPlace) => part.CopyTo(place, biasPlace));
        return Linear.Multiply(h, all, bias).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Weights is null) return;
        foreach (Tensor tensor in Weights.QueryKeyValue.Concat(Weights.Biases).Concat(Weights.GateUp)) tensor.Dispose();
    }

    private static Tensor Join(Linear[] products, ScalarType type, List<Tensor> biases)
    {
        Device device = products[0].Matrix.device;
        long rows = products.Sum(p => p.Size.Out);
        Tensor all = empty(rows, products[0].Size.In, dtype: type, device: device).DetachFromDisposeScope();
        Tensor? bias = products[0].HasBias ? empty(rows, dtype: type, device: device).DetachFromDisposeScope() : null;
        if (bias is not null) biases.Add(bias);
        Place(products, all, bias, (product, place, biasPlace) => product.MoveTo(place, biasPlace));
        return all;
    }

    /// <summary>Gives each product its rows of what is joined.</summary>
    private static void Place(Linear[] products, Tensor all, Tensor? bias, Action<Linear, Tensor, Tensor?> put)
    {
        long at = 0;
        foreach (Linear product in products)
        {
            put(product, all.narrow(0, at, product.Size.Out), bias?.narrow(0, at, product.Size.Out));
            at += product.Size.Out;
        }
    }
}

/// <summary>What a layer consists of.</summary>
internal sealed record LayerParts(
    Tensor InputNorm, Tensor PostNorm, Tensor? QNorm, Tensor? KNorm, Linear Q, Linear K, Linear V, Linear O, Linear Gate, Linear Up, Linear Down)
{
    /// <summary>The matrices.</summary>
    public IEnumerable<Linear> Products => [Q, K, V, O, Gate, Up, Down];
}

using Rlvr.Models;

namespace Rlvr.Training;

/// <summary>Numbers of parameters by what becomes of them.</summary>
/// <param name="Tensors">Elements of each parameter tensor.</param>
/// <param name="All">All parameters.</param>
/// <param name="Norms">Those that are float32 wherever they are.</param>
/// <param name="InLayers">Matrices and biases of the layers.</param>
/// <param name="Multiplied">These and the output matrix: what a model in training has a copy of where it computes in bfloat16.</param>
internal sealed record ParameterSizes(IReadOnlyList<long> Tensors, long All, long Norms, long InLayers, long Multiplied)
{
    public static ParameterSizes Of(ModelConfig model)
    {
        List<(string Name, long Elements)> tensors = [.. model.ParameterShapes().Select(p => (p.Key, p.Value.Aggregate(1L, (product, size) => product * size)))];
        long norms = tensors.Where(t => t.Name.EndsWith("norm.weight", StringComparison.Ordinal)).Sum(t => t.Elements);
        long all = tensors.Sum(t => t.Elements), output = (long)model.VocabularySize * model.HiddenSize;
        long inLayers = all - norms - (model.TieWordEmbeddings ? output : 2 * output);
        return new ParameterSizes([.. tensors.Select(t => t.Elements)], all, norms, inLayers, inLayers + output);
    }

    /// <summary>Those of a low-rank adapter, all of which are multiplied with.</summary>
    public static ParameterSizes Of(LoraSettings adapter, ModelConfig model)
    {
        long[] tensors = [.. LoraAdapter.Shapes(adapter, model).Select(p => p.Shape.Aggregate(1L, (product, size) => product * size))];
        return new ParameterSizes(tensors, tensors.Sum(), 0, tensors.Sum(), tensors.Sum());
    }

    /// <summary>Bytes of a model that is only evaluated.</summary>
    /// <param name="computed">Bytes of an element of the compute type.</param>
    public long Frozen(int computed) => (4 * Norms) + (computed * (All - Norms));

    /// <summary>Bytes of the optimiser's moments.</summary>
    /// <param name="state">Their type: one of <see cref="Tensors.Moments.Names"/>.</param>
    public long Moments(string state) => Tensors.Sum(elements => Rlvr.Tensors.Moments.Bytes(state, elements));
}

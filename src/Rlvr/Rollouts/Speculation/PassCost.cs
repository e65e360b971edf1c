using Rlvr.Models;
using Rlvr.Tensors;

namespace Rlvr.Rollouts.Speculation;

/// <summary>
/// About how long a decoding pass of some tokens takes on the CPU, in milliseconds: a fit to a model of 0.7 million and one of 494 million parameters on one thread (LOG.md). Only ratios
/// are used, so the speed of the machine hardly matters; it is never measured, so that what depends on it can be repeated.
/// </summary>
/// <param name="Layers">Layers of the model.</param>
/// <param name="Weights">Elements of all matrices that a token is multiplied with.</param>
internal sealed record PassCost(int Layers, double Weights)
{
    private const double LayerTime = 0.02, LayerTokenTime = 0.002; // calls, attention
    private const double WeightTime = 0.2e-6, WeightTokenTime = 0.058e-6; // reading them, and multiplying with them
    private const double PackingTime = 0.3e-6; // with more rows they are laid out anew before they are multiplied with

    /// <summary>That of a model.</summary>
    public static PassCost Of(ModelConfig config) =>
        new(config.Layers, config.ParameterCount - (config.TieWordEmbeddings ? 0 : (double)config.VocabularySize * config.HiddenSize));

    /// <summary>The least that one more token costs.</summary>
    public double Token => (Layers * LayerTokenTime) + (Weights * WeightTokenTime);

    /// <summary>What a pass of so many tokens costs.</summary>
    public double Of(int tokens) => (Layers * LayerTime) + (Weights * (tokens <= SkinnyProduct.MaxRows ? WeightTime : WeightTime + PackingTime)) + (tokens * Token);
}

using Rlvr.Models;

namespace Rlvr.Rollouts.Speculation;

/// <summary>
/// About how long a decoding pass of some tokens takes on the CPU, in milliseconds: a fit to a model of 0.7 million and one of 494 million parameters on one thread (LOG.md). Only ratios
/// are used, so the speed of the machine hardly matters; it is never measured, so that what depends on it can be repeated.
/// </summary>
/// <param name="Layers">Layers of the model.</param>
/// <param name="Weights">Elements of all matrices that a token is multiplied with.</param>
internal sealed record PassCost(int Layers, double Weights)
{
    private const double LayerTime = 0.01, LayerTokenTime = 0.0045; // calls, attention and draws
    private const double WeightTime = 0.2e-6, WeightTokenTime = 0.035e-6; // reading the weights, and multiplying with them

    /// <summary>That of a model.</summary>
    public static PassCost Of(ModelConfig config) =>
        new(config.Layers, config.ParameterCount - (config.TieWordEmbeddings ? 0 : (double)config.VocabularySize * config.HiddenSize));

    /// <summary>What a pass costs before its first token.</summary>
    public double Start => (Layers * LayerTime) + (Weights * WeightTime);

    /// <summary>What each token costs.</summary>
    public double Token => (Layers * LayerTokenTime) + (Weights * WeightTokenTime);

    /// <summary>What a pass of so many tokens costs.</summary>
    public double Of(int tokens) => Start + (tokens * Token);
}

namespace Rlvr.Experiments.Measures;

/// <summary>How responses of an evaluation are drawn.</summary>
internal enum Decoding
{
    /// <summary>The likeliest token each time.</summary>
    Greedy,

    /// <summary>At a temperature above 0: the recipe's <c>evaluation.sampled_temperature</c>.</summary>
    Sampled,
}

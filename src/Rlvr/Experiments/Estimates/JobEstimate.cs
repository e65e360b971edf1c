namespace Rlvr.Experiments;

/// <summary>About what a job costs.</summary>
/// <param name="Work">What it has to do.</param>
/// <param name="Tokens">Tokens of all responses; null where not known.</param>
/// <param name="IsBound">Whether the tokens, and so the time, are the most it can be.</param>
/// <param name="Seconds">Wall-clock time; NaN where not known.</param>
/// <param name="Source">What the time comes from.</param>
/// <param name="MemoryBytes">Memory; 0 where not known.</param>
public sealed record JobEstimate(JobWork Work, double? Tokens, bool IsBound, double Seconds, EstimateSource Source, double MemoryBytes);

/// <summary>What an estimate comes from.</summary>
public enum EstimateSource
{
    /// <summary>Nothing is known yet: the model's sizes are not.</summary>
    Unknown,

    /// <summary>Finished runs of the same recipe.</summary>
    Runs,

    /// <summary>Finished runs of recipes with the same model and limits.</summary>
    Siblings,

    /// <summary>The model's arithmetic, and the speed of this machine.</summary>
    Arithmetic,
}

namespace Rlvr.Models;

/// <summary>
/// The rotary frequency scaling of Llama 3.1 and later ("rope_type": "llama3"): long wavelengths are stretched by a factor, short
/// ones are kept, and those between are blended.
/// </summary>
/// <param name="Factor">By how much long wavelengths are stretched.</param>
/// <param name="LowFrequencyFactor">Wavelengths above OriginalMaxPositions / LowFrequencyFactor are stretched in full.</param>
/// <param name="HighFrequencyFactor">Wavelengths below OriginalMaxPositions / HighFrequencyFactor are kept.</param>
/// <param name="OriginalMaxPositions">The context length of pretraining, in tokens.</param>
public sealed record Llama3RopeScaling(double Factor, double LowFrequencyFactor, double HighFrequencyFactor, int OriginalMaxPositions);

using Rlvr.Models;

namespace Rlvr.Rollouts;

/// <summary>Where a rollout's activations were recorded as it was decoded.</summary>
/// <param name="Tape">What recorded them.</param>
/// <param name="Version">Of the tape: what it held then is gone when it was cleared since.</param>
/// <param name="Prompt">The row of the prompt's first token; the others follow.</param>
/// <param name="Rows">The row of each of its tokens save the last, which went through no layer.</param>
internal sealed record RolloutTrace(ActivationTape Tape, int Version, int Prompt, int[] Rows)
{
    /// <summary>Whether the activations are still there.</summary>
    public bool IsValid => Tape.Version == Version && !Tape.Overflowed;
}

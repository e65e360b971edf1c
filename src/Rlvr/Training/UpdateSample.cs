using Rlvr.Rollouts;

namespace Rlvr.Training;

/// <summary>What an update needs of a rollout.</summary>
/// <param name="Prompt">The prompt's tokens. Equal prompts should be the same array: each is computed once in a forward pass.</param>
/// <param name="Tokens">The response's tokens.</param>
/// <param name="SamplerLogProbs">Their log-probabilities as sampled.</param>
/// <param name="Advantages">Of each token.</param>
public sealed record UpdateSample(int[] Prompt, int[] Tokens, float[] SamplerLogProbs, float[] Advantages)
{
    /// <summary>The same advantage for every token.</summary>
    public UpdateSample(int[] prompt, int[] tokens, float[] samplerLogProbs, double advantage)
        : this(prompt, tokens, samplerLogProbs, [.. Enumerable.Repeat((float)advantage, tokens.Length)]) { }

    /// <summary>Where its activations were recorded as it was sampled; null where they were not.</summary>
    internal RolloutTrace? Trace { get; init; }

    /// <summary>A row that counts as one of its micro-batch, as padded ones do, but has no token to learn from.</summary>
    public UpdateSample WithoutTokens() => this with { Tokens = [], SamplerLogProbs = [], Advantages = [] };
}

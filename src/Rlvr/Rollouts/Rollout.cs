namespace Rlvr.Rollouts;

/// <summary>Why a response ended.</summary>
public enum FinishReason
{
    /// <summary>A stop token.</summary>
    Stop,

    /// <summary>A stop string.</summary>
    StopString,

    /// <summary>The limit on new tokens.</summary>
    Length,
}

/// <summary>What is to be generated: one response to a prompt.</summary>
/// <param name="Prompt">The prompt's token ids. Equal prompts (the same array, or equal tokens) are prefilled once.</param>
/// <param name="Id">The rollout's number for the random draws: requests with different ids draw differently.</param>
public sealed record GenerationRequest(int[] Prompt, ulong Id);

/// <summary>One sampled response.</summary>
/// <param name="Request">What was asked for.</param>
/// <param name="Tokens">The response's tokens, an end token included.</param>
/// <param name="LogProbs">
/// The log-probability of each token under the distribution it was drawn from (temperature and filters applied). For greedy decoding,
/// where that is 0 by definition, the model's own (temperature 1).
/// </param>
/// <param name="Finish">Why it ended.</param>
/// <param name="Text">The decoded response without special tokens, cut before a stop string; empty without a tokenizer.</param>
public sealed record Rollout(GenerationRequest Request, int[] Tokens, float[] LogProbs, FinishReason Finish, string Text)
{
    /// <summary>Where its activations were recorded; null where they were not.</summary>
    internal RolloutTrace? Trace { get; init; }
}

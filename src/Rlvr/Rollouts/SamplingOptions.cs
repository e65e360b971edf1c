namespace Rlvr.Rollouts;

/// <summary>How tokens are drawn and when a response ends.</summary>
public sealed record SamplingOptions
{
    /// <summary>The logits are divided by this; 0 is greedy (the likeliest token, the lowest id of equals).</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Nucleus sampling (arXiv 1904.09751): keep the smallest set of likeliest tokens that has at least this probability; 1 is off.</summary>
    public double TopP { get; init; } = 1;

    /// <summary>Keep the k likeliest tokens; 0 is off.</summary>
    public int TopK { get; init; }

    /// <summary>Drop tokens with less than this share of the likeliest token's probability (arXiv 2407.01082); 0 is off.</summary>
    public double MinP { get; init; }

    /// <summary>Most tokens of a response, the end token included.</summary>
    public int MaxNewTokens { get; init; } = 1024;

    /// <summary>Tokens that end a response; they belong to it.</summary>
    public IReadOnlyList<int> StopIds { get; init; } = [];

    /// <summary>Texts that end a response; the text is cut before them, the tokens are kept. They need a tokenizer.</summary>
    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <summary>Seed of the run.</summary>
    public ulong Seed { get; init; }

    /// <summary>The training step (or any number that tells one use from another). Draws are a pure function of (seed, step, rollout, position).</summary>
    public ulong Step { get; init; }

    /// <summary>Most rows decoded at once; waiting ones enter as others finish. 0 decodes all together.</summary>
    public int MaxRows { get; init; }

    /// <summary>
    /// Guess on from the rollouts of the same prompt where few rows are left, so that one pass gives a row several tokens. The tokens are the same; only the
    /// time differs.
    /// </summary>
    public bool Speculate { get; init; } = true;
}

namespace Rlvr.Rewards;

/// <summary>What a reward may know of a response beside its text.</summary>
public readonly record struct RewardContext
{
    /// <summary>Length of the response in tokens, an end token included; null where nobody counted.</summary>
    public int? Tokens { get; init; }

    /// <summary>Whether the response was cut off at the limit on new tokens.</summary>
    public bool Truncated { get; init; }

    /// <summary>64 random bits of this rollout, a pure function of seed, step and rollout, for rewards that need chance.</summary>
    public ulong RandomBits { get; init; }
}

namespace Rlvr.Runs;

/// <summary>One response sampled in training: a line of rollouts/step-000020.jsonl.</summary>
public sealed record RolloutRecord
{
    /// <summary>The training step, from 1.</summary>
    public required int Step { get; init; }

    /// <summary>Id of the problem.</summary>
    public required string Problem { get; init; }

    /// <summary>Index of its group in the step.</summary>
    public required int Group { get; init; }

    /// <summary>Index of the rollout in the step.</summary>
    public required int Rollout { get; init; }

    /// <summary>The prompt as the model saw it.</summary>
    public required string Prompt { get; init; }

    /// <summary>What the model wrote.</summary>
    public required string Response { get; init; }

    /// <summary>The right answer.</summary>
    public required string Label { get; init; }

    /// <summary>The answer found in the response; null when there is none.</summary>
    public string? Extracted { get; init; }

    /// <summary>What became of it: Correct, Wrong, NoAnswer, UnparsableAnswer, UnparsableLabel, RewardFailed, or a word of the reward's own.</summary>
    public required string Verdict { get; init; }

    /// <summary>The reward; NaN where the response could not be scored.</summary>
    public required double Reward { get; init; }

    /// <summary>The parts of a weighted sum, before their weights; null where the reward has no parts.</summary>
    public IReadOnlyDictionary<string, double>? Components { get; init; }

    /// <summary>Why it could not be scored, or what is wrong with the label; null where nothing is to be said.</summary>
    public string? Reason { get; init; }

    /// <summary>The advantage computed from the group's rewards; 0 where the response could not be scored.</summary>
    public double Advantage { get; init; } = double.NaN;

    /// <summary>Length of the response in tokens.</summary>
    public required int Tokens { get; init; }

    /// <summary>Why it ended: <c>stop</c> or <c>length</c>.</summary>
    public required string Finish { get; init; }
}

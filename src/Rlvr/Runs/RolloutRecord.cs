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

    /// <summary>The verifier's word: Correct, Wrong, NoAnswer or UnparsableAnswer.</summary>
    public required string Verdict { get; init; }

    /// <summary>The reward.</summary>
    public required double Reward { get; init; }

    /// <summary>The advantage computed from the group's rewards.</summary>
    public double Advantage { get; init; } = double.NaN;

    /// <summary>Length of the response in tokens.</summary>
    public required int Tokens { get; init; }

    /// <summary>Why it ended: <c>stop</c> or <c>length</c>.</summary>
    public required string Finish { get; init; }
}

namespace Rlvr.Runs;

/// <summary>A problem whose label could not be read: a line of labels.jsonl.</summary>
public sealed record LabelRecord
{
    /// <summary>The data set it belongs to: what is trained on, or the name of a suite.</summary>
    public required string Set { get; init; }

    /// <summary>Id of the problem.</summary>
    public required string Problem { get; init; }

    /// <summary>The label.</summary>
    public required string Label { get; init; }

    /// <summary>Why it cannot be read.</summary>
    public required string Reason { get; init; }

    /// <summary>What became of the problem: <c>dropped</c> from training, or <c>kept</c> in a suite, where no response to it is right.</summary>
    public required string Action { get; init; }
}

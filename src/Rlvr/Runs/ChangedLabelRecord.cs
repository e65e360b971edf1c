namespace Rlvr.Runs;

/// <summary>A label that was changed on purpose, by <c>data.label</c> or <c>data.label_noise</c>: a line of changed_labels.jsonl.</summary>
public sealed record ChangedLabelRecord
{
    /// <summary>Id of the problem.</summary>
    public required string Problem { get; init; }

    /// <summary>The label that is trained with.</summary>
    public required string Label { get; init; }

    /// <summary>The data set's label.</summary>
    public required string Clean { get; init; }
}

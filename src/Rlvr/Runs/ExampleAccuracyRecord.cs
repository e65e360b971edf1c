namespace Rlvr.Runs;

/// <summary>How the examples of one training step went: a line of accuracy.jsonl.</summary>
public sealed record ExampleAccuracyRecord
{
    /// <summary>The step, from 1.</summary>
    public required int Step { get; init; }

    /// <summary>The pass over the training problems that the step belongs to, from 1. Where few problems fill a batch by repetition, every step is a pass.</summary>
    public required int Epoch { get; init; }

    /// <summary>Share of right rollouts, 0 to 1, by the problem's id, over all rows of the step that have the problem.</summary>
    public required IReadOnlyDictionary<string, double> Accuracy { get; init; }
}

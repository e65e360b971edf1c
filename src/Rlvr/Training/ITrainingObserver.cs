using Rlvr.Runs;

namespace Rlvr.Training;

/// <summary>What a run is about to do, as names and values; <c>--dry-run</c> prints it.</summary>
/// <param name="Facts">In the order to print.</param>
/// <param name="Memory">What it takes.</param>
/// <param name="AvailableMemory">What there is, in bytes; null where it is not known.</param>
public sealed record TrainingPlan(IReadOnlyList<(string Name, string Value)> Facts, MemoryPlan Memory, long? AvailableMemory)
{
    /// <summary>How long it takes; null where it was not asked for.</summary>
    public TimePlan? Time { get; init; }
}

/// <summary>Watches a run; commands draw progress from it. All calls come from the thread that runs the training.</summary>
public interface ITrainingObserver
{
    /// <summary>Everything was checked; the first evaluation or step comes next.</summary>
    void Started(TrainingPlan plan);

    /// <summary>A step is done.</summary>
    void StepDone(StepMetrics metrics, int totalSteps);

    /// <summary>An evaluation goes on.</summary>
    void EvaluationProgress(string suite, int done, int total);

    /// <summary>An evaluation is done.</summary>
    void Evaluated(EvaluationRecord record);

    /// <summary>Something worth a line: a checkpoint, a stop.</summary>
    void Note(string message);
}

/// <summary>How a run ended.</summary>
/// <param name="RunPath">Its folder.</param>
/// <param name="LastStep">Steps done.</param>
/// <param name="Stopped">Whether it was stopped before the last step; it can be resumed.</param>
/// <param name="Evaluations">All evaluations, in order.</param>
public sealed record TrainingOutcome(string RunPath, int LastStep, bool Stopped, IReadOnlyList<EvaluationRecord> Evaluations);

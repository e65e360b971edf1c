using Rlvr.Evaluation;
using Rlvr.Runs;

namespace Rlvr.Experiments;

/// <summary>What was run so far, read from the runs' files.</summary>
/// <param name="Scale">The scale.</param>
/// <param name="AllTrainings">Finished training runs of all recipes and seeds.</param>
/// <param name="AllEvaluations">Finished evaluations beyond those of the trainings.</param>
public sealed record ExperimentResults(ExperimentScale Scale, IReadOnlyList<TrainedRun> AllTrainings, IReadOnlyList<EvaluatedRun> AllEvaluations)
{
    /// <summary>The finished runs of a recipe, by seed; empty where there is none yet.</summary>
    public IReadOnlyList<TrainedRun> Trainings(string recipe) => [.. AllTrainings.Where(r => r.Recipe == recipe).OrderBy(r => r.Seed)];

    /// <summary>The finished evaluations of a name, by seed; empty where there is none yet.</summary>
    public IReadOnlyList<EvaluatedRun> Evaluations(string name) => [.. AllEvaluations.Where(e => e.Name == name).OrderBy(e => e.Seed)];
}

/// <summary>A finished training run.</summary>
/// <param name="Recipe">The recipe's name.</param>
/// <param name="Seed">Its seed.</param>
/// <param name="Metrics">The metrics, by step.</param>
/// <param name="Evaluations">The evaluations that it made itself: step 0 is the base model.</param>
/// <param name="Seconds">Wall-clock seconds it took; NaN where unknown.</param>
public sealed record TrainedRun(string Recipe, int Seed, IReadOnlyList<StepMetrics> Metrics, IReadOnlyList<EvaluationRecord> Evaluations, double Seconds);

/// <summary>A finished <see cref="PlannedEvaluation"/>.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Seed">Seed of the run whose model it is; 1 for a base model.</param>
/// <param name="Evaluations">Its numbers, a record a suite.</param>
/// <param name="Responses">All its responses.</param>
public sealed record EvaluatedRun(string Name, int Seed, IReadOnlyList<EvaluationRecord> Evaluations, IReadOnlyList<ResponseRecord> Responses);

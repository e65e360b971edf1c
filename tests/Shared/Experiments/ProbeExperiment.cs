using Rlvr.Experiments;

namespace Rlvr.Tests.Shared;

/// <summary>An experiment of a test: what it needs is given, and its page shows what it got.</summary>
internal sealed class ProbeExperiment(string id) : Experiment
{
    public override string Id => id;

    public override string Title => $"Probe {id}";

    public override string Question => "What is there?";

    public IReadOnlyList<PlannedTraining> Needs { get; init; } = [];

    public IReadOnlyList<PlannedEvaluation> Asks { get; init; } = [];

    public Func<ExperimentResults, ExperimentPage> Shows { get; init; } = _ => new ExperimentPage();

    public override IReadOnlyList<PlannedTraining> Trainings(ExperimentScale scale) => Needs;

    public override IReadOnlyList<PlannedEvaluation> Evaluations(ExperimentScale scale) => Asks;

    public override ExperimentPage Report(ExperimentResults results) => Shows(results);
}

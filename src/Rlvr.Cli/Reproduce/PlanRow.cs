using Rlvr.Experiments;

namespace Rlvr.Cli.Reproduce;

/// <summary>The jobs of a recipe, or of an evaluation, that differ in the seed only.</summary>
/// <param name="Kind">pretrain, train or evaluate.</param>
/// <param name="Name">The recipe's or the evaluation's name.</param>
/// <param name="Jobs">One a seed.</param>
/// <param name="Estimate">Of one of them, done from nothing.</param>
internal sealed record PlanRow(string Kind, string Name, IReadOnlyList<ReproductionJob> Jobs, JobEstimate Estimate)
{
    public const string Evaluate = "evaluate";

    public int Done => Jobs.Count(j => j.State == JobState.Done);

    public int ToDo => Jobs.Count - Done;

    /// <summary>Seconds of those that are not done.</summary>
    public double Seconds => ToDo == 0 ? 0 : ToDo * Estimate.Seconds;

    /// <summary>The rows of a plan, in its order.</summary>
    public static IReadOnlyList<PlanRow> Of(ReproductionPlan plan, JobEstimator estimator) =>
        [.. plan.Jobs.GroupBy(Key).Select(g => new PlanRow(g.Key.Kind, g.Key.Name, [.. g], estimator.Of(g.First())))];

    private static (string Kind, string Name) Key(ReproductionJob job) => job switch
    {
        EvaluationJob evaluation => (Evaluate, evaluation.Evaluation.Name),
        PretrainingJob => ("pretrain", job.Recipe),
        _ => ("train", job.Recipe),
    };
}

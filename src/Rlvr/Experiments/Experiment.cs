namespace Rlvr.Experiments;

/// <summary>An experiment of arXiv 2504.20571: what must be run, and what its page says of the results.</summary>
public abstract class Experiment
{
    /// <summary>Its short name, <c>E1</c> to <c>E19</c>.</summary>
    public abstract string Id { get; }

    /// <summary>A few words: "Ablation of the loss".</summary>
    public abstract string Title { get; }

    /// <summary>The question it answers, in a sentence.</summary>
    public abstract string Question { get; }

    /// <summary>The training runs it needs.</summary>
    public abstract IReadOnlyList<PlannedTraining> Trainings(ExperimentScale scale);

    /// <summary>The evaluations it needs beyond those of its trainings.</summary>
    public virtual IReadOnlyList<PlannedEvaluation> Evaluations(ExperimentScale scale) => [];

    /// <summary>
    /// Tables, figures and findings, from whatever there is: results may be missing (not run yet), and then their cells are empty and the
    /// findings that need them say so.
    /// </summary>
    public abstract ExperimentPage Report(ExperimentResults results);
}

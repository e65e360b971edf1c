namespace Rlvr.Experiments;

/// <summary>The models that an experiment is made with.</summary>
public enum ExperimentScale
{
    /// <summary>The embedded micro-maths model: minutes on two cores. Recipes of <c>recipes/micro</c>.</summary>
    Micro,

    /// <summary>The models of the paper. Recipes of <c>recipes/paper</c>.</summary>
    Paper,
}

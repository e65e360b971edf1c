namespace Rlvr.Experiments;

/// <summary>What a reproduction has to do.</summary>
/// <param name="Experiments">The experiments asked for, in the paper's order.</param>
/// <param name="Folder">Where results are.</param>
/// <param name="Jobs">All jobs, done or not; each stands behind those it waits for.</param>
public sealed record ReproductionPlan(IReadOnlyList<Experiment> Experiments, ReproductionFolder Folder, IReadOnlyList<ReproductionJob> Jobs)
{
    /// <summary>The jobs that are not done.</summary>
    public IReadOnlyList<ReproductionJob> ToDo => [.. Jobs.Where(j => j.State != JobState.Done)];
}

/// <summary>How a reproduction is planned.</summary>
public sealed record PlanOptions
{
    /// <summary>Where results are.</summary>
    public required ReproductionFolder Folder { get; init; }

    /// <summary>Seeds of the runs that the paper compares with others: 1 to this number.</summary>
    public int Seeds { get; init; } = 3;

    /// <summary>Whether results that were made in another way than they would be now are made again; else they are an error.</summary>
    public bool Redo { get; init; }

    /// <summary>The folder of the recipes; by default that of the scale.</summary>
    public string? Recipes { get; init; }

    /// <summary>Settings over every training recipe, such as <c>compute.threads=1</c>.</summary>
    public IReadOnlyList<string> Sets { get; init; } = [];
}

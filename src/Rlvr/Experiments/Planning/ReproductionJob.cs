using Rlvr.Training;

namespace Rlvr.Experiments;

/// <summary>A process that a reproduction runs.</summary>
public abstract record ReproductionJob
{
    /// <summary>Its name, unique in a plan: <c>one-shot seed 2</c>.</summary>
    public abstract string Name { get; }

    /// <summary>The recipe's name.</summary>
    public required string Recipe { get; init; }

    /// <summary>The recipe's file.</summary>
    public required string RecipePath { get; init; }

    /// <summary>What it leaves.</summary>
    public required string Folder { get; init; }

    /// <summary>How far it is.</summary>
    public JobState State { get; init; }

    /// <summary>Ids of the experiments that need it.</summary>
    public IReadOnlyList<string> Experiments { get; init; } = [];

    /// <summary>Names of the jobs that must be done before it.</summary>
    public IReadOnlyList<string> After { get; init; } = [];

    /// <summary>What the result depends on, in one line; a result with another definition is none of this job.</summary>
    public string Definition { get; init; } = "";

    /// <inheritdoc/>
    public sealed override string ToString() => Name;
}

/// <summary>How far a job is.</summary>
public enum JobState
{
    /// <summary>Nothing is there.</summary>
    New,

    /// <summary>It was stopped, and goes on.</summary>
    Unfinished,

    /// <summary>What is there was made in another way; it is removed and made again.</summary>
    Again,

    /// <summary>It is done.</summary>
    Done,
}

/// <summary>Makes a base model that recipes name and that is not there.</summary>
public sealed record PretrainingJob : ReproductionJob
{
    /// <inheritdoc/>
    public override string Name => Recipe;

    /// <summary>The resolved recipe.</summary>
    public required PretrainRecipe Settings { get; init; }
}

/// <summary>Trains after a recipe with a seed.</summary>
public sealed record TrainingJob : ReproductionJob
{
    /// <inheritdoc/>
    public override string Name => $"{Recipe} seed {Seed}";

    /// <summary>The seed.</summary>
    public required int Seed { get; init; }

    /// <summary>The resolved recipe.</summary>
    public required Recipe Settings { get; init; }

    /// <summary>The settings over the recipe's file that give <see cref="Settings"/>.</summary>
    public required IReadOnlyList<string> Sets { get; init; }
}

/// <summary>Evaluates the model of a training, or the one that it starts from.</summary>
public sealed record EvaluationJob : ReproductionJob
{
    /// <inheritdoc/>
    public override string Name => $"{Evaluation.Name} seed {Seed}";

    /// <summary>The seed of the training, and of the draws.</summary>
    public required int Seed { get; init; }

    /// <summary>What is evaluated.</summary>
    public required PlannedEvaluation Evaluation { get; init; }

    /// <summary>The recipe of the model, resolved: for its prompt and limits.</summary>
    public required Recipe Settings { get; init; }

    /// <summary>The run whose last checkpoint is evaluated, or a model.</summary>
    public required string Model { get; init; }
}

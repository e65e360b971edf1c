namespace Rlvr.Training;

/// <summary>What a memory plan must know of a run beside its recipe and its model.</summary>
public sealed record MemoryWorkload
{
    /// <summary>Tokens of a prompt that are reckoned with before any is known.</summary>
    internal const int GuessedPrompt = 256;

    /// <summary>Whether a GPU computes: there a chunk of the update is a whole micro-batch.</summary>
    public bool OnGpu { get; init; }

    /// <summary>Bytes of an element in the files that the reference can be mapped from; null where it cannot be.</summary>
    public int? MappableElement { get; init; }

    /// <summary>Tokens of the longest prompt.</summary>
    public int Prompt { get; init; } = GuessedPrompt;

    /// <summary>Different prompts of a step.</summary>
    public int Prompts { get; init; } = 1;

    /// <summary>Tokens of the longest prompt of the suites.</summary>
    public int EvaluationPrompt { get; init; } = GuessedPrompt;

    /// <summary>Problems of the largest suite; 0 evaluates nothing.</summary>
    public int EvaluationProblems { get; init; }

    /// <summary>Before the data are read: prompts are of middle length and all different.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="onGpu">Whether a GPU computes.</param>
    public static MemoryWorkload Guess(Recipe recipe, bool onGpu)
    {
        int prompt = int.Min(GuessedPrompt, recipe.Data.MaxPromptTokens);
        return new MemoryWorkload
        {
            OnGpu = onGpu,
            Prompt = prompt,
            Prompts = recipe.Data.Examples.Count > 0 ? int.Min(recipe.Data.Examples.Count, recipe.Rollout.BatchSize) : recipe.Rollout.BatchSize,
            EvaluationPrompt = prompt,
            EvaluationProblems = recipe.Evaluation.Suites.Count > 0 ? recipe.Evaluation.MaxRows : 0,
        };
    }
}

namespace Rlvr.Training;

/// <summary>What a time plan must know of a run beside its recipe.</summary>
/// <param name="Prompt">Tokens of a prompt.</param>
/// <param name="Prompts">Different prompts of a step.</param>
/// <param name="Lengths">Tokens of some responses, such as others will have; not empty.</param>
public sealed record TimeWorkload(int Prompt, int Prompts, IReadOnlyList<int> Lengths)
{
    /// <summary>Whether the lengths are those of sampled responses, not a bound.</summary>
    public bool Sampled { get; init; }

    /// <summary>Tokens of a prompt of the suites.</summary>
    public int EvaluationPrompt { get; init; } = Prompt;

    /// <summary>Tokens of some evaluated responses.</summary>
    public IReadOnlyList<int> EvaluationLengths { get; init; } = Lengths;

    /// <summary>Responses of each evaluation.</summary>
    public IReadOnlyList<long> Evaluations { get; init; } = [];
}

/// <summary>Plans how long a training run takes.</summary>
public static class TimePlanner
{
    private const int MostDecoded = 4096; // responses that are gone through one by one; of more, the time is in proportion

    /// <summary>Plans.</summary>
    /// <param name="recipe">The recipe, with its number of rows decided.</param>
    /// <param name="cost">What work costs on this machine.</param>
    /// <param name="workload">Of the run.</param>
    public static TimePlan Of(Recipe recipe, CostModel cost, TimeWorkload workload)
    {
        long rollouts = (long)recipe.Rollout.BatchSize * recipe.Rollout.GroupSize;
        double mean = workload.Lengths.Average();
        return new TimePlan(
            recipe.Steps,
            Decode(cost, workload.Lengths, rollouts, recipe.Rollout.MaxRows > 0 ? recipe.Rollout.MaxRows : int.MaxValue, workload.Prompt, workload.Prompts),
            cost.Update(UpdateWork.Of(recipe, mean, workload.Prompt, workload.Prompts)),
            workload.Evaluations.Sum(count => Decode(cost, workload.EvaluationLengths, count, recipe.Evaluation.MaxRows, workload.EvaluationPrompt, null)),
            mean,
            workload.Sampled ? workload.Lengths.Count : 0);
    }

    /// <summary>Responses of each evaluation of a recipe: before, between and after, greedily and at a temperature.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="sizes">Problems of each suite.</param>
    public static IEnumerable<long> Evaluations(Recipe recipe, IReadOnlyList<int> sizes)
    {
        EvaluationOptions options = recipe.Evaluation;
        int times = options.SampledTemperature > 0 ? 2 : 1, between = options.Every > 0 ? (recipe.Steps - 1) / options.Every : 0;
        for (int i = 0; i < times * (options.Before ? 2 : 1); i++)
            foreach (int size in sizes) yield return size;
        for (int i = 0; i < between * (options.SampledDuring ? times : 1); i++)
            foreach (int size in sizes) yield return options.Limit > 0 ? int.Min(options.Limit, size) : size;
    }

    /// <summary>Seconds of decoding so many responses with lengths such as some have.</summary>
    /// <param name="cost">What work costs.</param>
    /// <param name="lengths">Some lengths.</param>
    /// <param name="count">Responses.</param>
    /// <param name="rows">Most rows at once.</param>
    /// <param name="prompt">Tokens of a prompt.</param>
    /// <param name="prompts">Different prompts; null where each response has its own.</param>
    internal static double Decode(CostModel cost, IReadOnlyList<int> lengths, long count, int rows, int prompt, int? prompts)
    {
        if (count == 0) return 0;
        int some = (int)long.Min(count, long.Max(MostDecoded, 4L * int.Min(rows, 1 << 20)));
        int[] all = [.. Enumerable.Range(0, some).Select(i => lengths[i % lengths.Count])];
        return cost.Decode(all, rows, prompt, prompts ?? some) * count / some;
    }
}

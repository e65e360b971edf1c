using Rlvr.Runs;
using Rlvr.Training;

namespace Rlvr.Experiments;

/// <summary>What finished runs of a folder say about how long things take and how long responses are.</summary>
internal sealed class FinishedRuns
{
    private readonly List<(string Name, Measured Run)> runs = [];

    /// <summary>Reads all finished runs, those of recipes that are not asked for too.</summary>
    public FinishedRuns(ReproductionFolder folder)
    {
        string path = Path.Combine(folder.Path, "runs");
        if (!Directory.Exists(path)) return;
        foreach (string recipe in Directory.EnumerateDirectories(path).Order(StringComparer.Ordinal))
        {
            foreach (string run in Directory.EnumerateDirectories(recipe, "seed-*").Order(StringComparer.Ordinal))
                if (Read(run) is { } measured) runs.Add((Path.GetFileName(recipe), measured));
        }
    }

    /// <summary>Those of a recipe as it is now; else those of recipes with its model and limits; none where there are none.</summary>
    public (IReadOnlyList<Measured> Runs, bool Same) Like(string name, Recipe recipe)
    {
        Measured[] same = [.. runs.Where(r => r.Name == name && r.Run.Recipe.Steps == recipe.Steps && IsLike(r.Run.Recipe, recipe)).Select(r => r.Run)];
        return same.Length > 0 ? (same, true) : ([.. runs.Where(r => IsLike(r.Run.Recipe, recipe)).Select(r => r.Run)], false);
    }

    /// <summary>Those with the same limit on responses, whatever their model.</summary>
    public IReadOnlyList<Measured> WithLimit(int maxNewTokens) => [.. runs.Select(r => r.Run).Where(r => r.Recipe.Rollout.MaxNewTokens == maxNewTokens)];

    private static bool IsLike(Recipe a, Recipe b) => a.Model == b.Model && a.Rollout.MaxNewTokens == b.Rollout.MaxNewTokens && a.Rollout.BatchSize * a.Rollout.GroupSize == b.Rollout.BatchSize * b.Rollout.GroupSize;

    private static Measured? Read(string path)
    {
        try
        {
            if (JobRecord.Read(path) is not { Finished: not null, Seconds: > 0 } record || !RunDirectory.Exists(path)) return null;
            using RunDirectory run = RunDirectory.Open(path);
            Recipe recipe = RecipeFile.Load(run.RecipePath);
            IReadOnlyList<StepMetrics> metrics = run.ReadMetrics();
            IReadOnlyList<EvaluationRecord> evaluations = run.ReadEvaluations();
            if (metrics.Count == 0) return null;
            double rollout = Mean(metrics.Select(m => m["response_length_mean"])), evaluated = Mean(evaluations.Select(e => e.Length));
            return new Measured(recipe, record.Seconds, rollout, double.IsNaN(evaluated) ? rollout : evaluated, Mean(metrics.Select(m => m["tokens_per_second"])),
                metrics.Max(m => double.IsFinite(m["memory_bytes"]) ? m["memory_bytes"] : 0), evaluations.Sum(e => e.Length * e.Problems * e.Samples) + (rollout * metrics.Count * recipe.Rollout.BatchSize * recipe.Rollout.GroupSize));
        }
        catch (RlvrException)
        {
            return null; // an estimate can do without it; whoever needs the run will say what is wrong
        }
    }

    private static double Mean(IEnumerable<double> values) => values.Where(double.IsFinite).DefaultIfEmpty(double.NaN).Average();
}

/// <summary>What a finished run says.</summary>
/// <param name="Recipe">Its recipe.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="RolloutLength">Mean tokens of a rollout.</param>
/// <param name="EvaluationLength">Mean tokens of an evaluated response.</param>
/// <param name="TokensPerSecond">Of sampling; NaN where not known.</param>
/// <param name="MemoryBytes">The most that the process had; 0 where not known.</param>
/// <param name="Tokens">Of all its responses.</param>
internal sealed record Measured(Recipe Recipe, double Seconds, double RolloutLength, double EvaluationLength, double TokensPerSecond, double MemoryBytes, double Tokens)
{
    /// <summary>Of its rollouts.</summary>
    public double RolloutTokens => RolloutLength * Recipe.Steps * Recipe.Rollout.BatchSize * Recipe.Rollout.GroupSize;
}

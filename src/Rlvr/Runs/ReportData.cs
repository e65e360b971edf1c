namespace Rlvr.Runs;

/// <summary>What the report shows, read off a run's files.</summary>
internal sealed record ReportData
{
    /// <summary>Saved steps whose rollouts are shown: the first, the last, and some between.</summary>
    private const int MaxRolloutSteps = 6;

    private const int MaxRolloutsPerStep = 6;

    /// <summary>The recipe's name.</summary>
    public required string Name { get; init; }

    public required IReadOnlyList<StepMetrics> Metrics { get; init; }

    public required IReadOnlyList<SuiteResult> Suites { get; init; }

    /// <summary>Problems met in the saved rollouts, in order; one in 1-shot training.</summary>
    public required IReadOnlyList<RolloutRecord> Examples { get; init; }

    /// <summary>Some rollouts of some steps, each with how many of that step wrote the same.</summary>
    public required IReadOnlyList<(int Step, IReadOnlyList<(RolloutRecord Rollout, int Copies)> Rollouts)> Rollouts { get; init; }

    public required string Recipe { get; init; }

    public required EnvironmentInfo? Environment { get; init; }

    /// <summary>The last step done.</summary>
    public int LastStep => Metrics.Count > 0 ? Metrics[^1].Step : 0;

    public static ReportData Read(RunDirectory run)
    {
        var recipe = run.ReadRecipe();
        var steps = Spread(run.RolloutSteps(), MaxRolloutSteps);
        var rollouts = steps.Select(step => (Step: step, All: run.ReadRollouts(step))).ToList();
        return new ReportData
        {
            Name = NameOf(recipe) ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(run.Path))),
            Metrics = run.ReadMetrics(),
            Suites = SuiteResult.Group(run.ReadEvaluations()),
            Examples = [.. rollouts.SelectMany(r => r.All).DistinctBy(r => (r.Problem, r.Prompt))],
            Rollouts = [.. rollouts.Select(r => (r.Step, Choose(r.All)))],
            Recipe = recipe,
            Environment = run.ReadEnvironment(),
        };
    }

    /// <summary>Evenly spread items, always with the first and the last.</summary>
    internal static IReadOnlyList<T> Spread<T>(IReadOnlyList<T> items, int count) =>
        items.Count <= count ? items : [.. Enumerable.Range(0, count).Select(i => items[i * (items.Count - 1) / (count - 1)])];

    /// <summary>Some of each verdict, taken in turn, so that a reader sees what went right and what went wrong; no text twice.</summary>
    private static List<(RolloutRecord Rollout, int Copies)> Choose(IReadOnlyList<RolloutRecord> rollouts)
    {
        var texts = rollouts.GroupBy(r => (r.Problem, r.Response)).Select(same => (Rollout: same.First(), Copies: same.Count()));
        var turns = texts.GroupBy(t => t.Rollout.Verdict).SelectMany(group => group.Select((text, turn) => (turn, text)));
        return [.. turns.OrderBy(t => t.turn).Take(MaxRolloutsPerStep).Select(t => t.text).OrderBy(t => t.Rollout.Rollout)];
    }

    /// <summary>The value of the recipe's first key.</summary>
    private static string? NameOf(string recipe)
    {
        const string Key = "name: ";
        var line = recipe.Split('\n').FirstOrDefault(l => l.StartsWith(Key, StringComparison.Ordinal));
        return line?[Key.Length..].Trim().Trim('"');
    }
}

/// <summary>The evaluations of one suite at one temperature, by step.</summary>
/// <param name="Suite">Name of the suite.</param>
/// <param name="Temperature">Sampling temperature; 0 is greedy.</param>
/// <param name="Evaluations">At least one, by step.</param>
internal sealed record SuiteResult(string Suite, double Temperature, IReadOnlyList<EvaluationRecord> Evaluations)
{
    public EvaluationRecord First => Evaluations[0];

    public EvaluationRecord Last => Evaluations[^1];

    /// <summary>False when there was only one evaluation: nothing to compare.</summary>
    public bool HasBoth => Evaluations.Count > 1;

    public string How => Temperature == 0 ? "greedy" : FormattableString.Invariant($"temperature {Temperature}");

    public string Title => $"{Suite}, {How}";

    /// <summary>Suites in the order they were evaluated in, each greedy first.</summary>
    public static IReadOnlyList<SuiteResult> Group(IReadOnlyList<EvaluationRecord> evaluations) =>
        [.. evaluations.GroupBy(e => e.Suite).SelectMany(suite => suite.GroupBy(e => e.Temperature).OrderBy(g => g.Key)
            .Select(g => new SuiteResult(suite.Key, g.Key, [.. g.GroupBy(e => e.Step).Select(s => s.Last()).OrderBy(e => e.Step)])))];

    /// <summary>
    /// Standard error of an accuracy over so many problems: how far chance alone moves it. Binomial for one response a problem, an upper
    /// bound for several; with two right and two wrong answers added (Agresti and Coull, 1998), so that 0 of 100 is not called certain.
    /// </summary>
    public static double StandardError(double accuracy, int problems)
    {
        var share = ((accuracy * problems) + 2) / (problems + 4);
        return double.Sqrt(share * (1 - share) / (problems + 4));
    }

    /// <summary>True when chance alone hardly explains the difference: it is larger than twice its standard error.</summary>
    public static bool IsClear(double before, double after, int problems)
    {
        var (first, second) = (StandardError(before, problems), StandardError(after, problems));
        return double.Abs(after - before) > 2 * double.Sqrt((first * first) + (second * second));
    }
}

using Rlvr.Math;

namespace Rlvr.Rewards;

/// <summary>A reward that a recipe can name.</summary>
/// <param name="Name">Its name there, and in metrics.</param>
/// <param name="Create">Makes it of the section's settings and the limit on new tokens.</param>
internal sealed record RewardKind(string Name, Func<RewardOptions, int, IReward> Create)
{
    /// <summary>Whether it says which answers are right.</summary>
    public bool Judges { get; init; } = true;

    /// <summary>Whether it is made to be subtracted.</summary>
    public bool IsCost { get; init; }

    /// <summary>What its settings lack; null where they lack nothing.</summary>
    public Func<RewardOptions, int, string?> Missing { get; init; } = (_, _) => null;
}

/// <summary>The rewards that a recipe can name; docs/rewards.md explains each.</summary>
public static class RewardCatalog
{
    private static readonly RewardKind[] Kinds =
    [
        new("math", (o, _) => new MathReward(ParseProfile(o.Profile))),
        new("format", (o, _) => new FormatReward(ParseProfile(o.Profile))),
        new("random", (o, _) => new RandomReward(ParseProfile(o.Profile))),
        new("exact", (o, _) => new ExactReward(o.Trim, o.IgnoreCase, ParsePlace(o.Answer))),
        new("numeric", (o, _) => new NumericReward(o.Tolerance, o.RelativeTolerance, ParsePlace(o.Answer))),
        new("choice", (o, _) => new ChoiceReward(ParsePlace(o.Answer))),
        new("regex", (o, _) => new RegexReward(o.Pattern, o.IgnoreCase))
        {
            Missing = (o, _) => o.Pattern.Length == 0 ? "'regex' needs a pattern: set reward.pattern, such as '\\\\boxed\\{\\s*{answer}\\s*\\}'" : null,
        },
        new("program", (o, _) => new ProgramReward(Program(o)))
        {
            Missing = (o, _) => o.Program.Count == 0 ? "'program' needs a program: set reward.program, such as [python3, reward.py]" : null,
        },
        new("overlong", (o, limit) => new OverlongCost(OverlongFrom(o, limit), OverlongTo(o, limit)))
        {
            Judges = false,
            IsCost = true,
            Missing = (o, limit) => OverlongFrom(o, limit) > OverlongTo(o, limit)
                ? $"reward.overlong_from ({OverlongFrom(o, limit)}) is above reward.overlong_to ({OverlongTo(o, limit)}); expected at most that" : null,
        },
        new("tokens", (_, _) => new LengthCost(LengthUnit.Tokens)) { Judges = false },
        new("characters", (_, _) => new LengthCost(LengthUnit.Characters)) { Judges = false },
        new("repetition", (o, _) => new RepetitionCost(o.RepetitionNgram)) { Judges = false, IsCost = true },
    ];

    /// <summary>All names.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Kinds.Select(k => k.Name)];

    /// <summary>Makes the reward of a recipe. Where it is disposable, the caller disposes of it.</summary>
    /// <param name="options">The recipe's section.</param>
    /// <param name="maxNewTokens">The limit on the tokens of a response, for costs that are measured by it.</param>
    /// <exception cref="RlvrException">A name is unknown, a setting is missing, or a program cannot be started.</exception>
    public static IReward Create(RewardOptions options, int maxNewTokens)
    {
        if (ProblemOf(options, maxNewTokens) is { } problem) throw new RlvrException(problem);
        RewardExpression sum = RewardExpression.Parse(options.Kind);
        if (sum.IsSingle) return Find(sum.Terms[0].Name)!.Create(options, maxNewTokens);
        return new WeightedSum([.. sum.Terms.Select(t => new RewardTerm(t.Name, t.Weight, Find(t.Name)!.Create(options, maxNewTokens)))]);
    }

    /// <summary>What settings the rewards of a recipe lack, or where they contradict each other; null where nothing is wrong.</summary>
    /// <param name="options">The recipe's section, whose values are each in their range.</param>
    /// <param name="maxNewTokens">The limit on the tokens of a response.</param>
    public static string? ProblemOf(RewardOptions options, int maxNewTokens)
    {
        if (RewardExpression.ProblemOf(options.Kind) is { } problem) return $"reward.kind: {problem}";
        return RewardExpression.Parse(options.Kind).Terms.Select(t => Find(t.Name)!.Missing(options, maxNewTokens)).FirstOrDefault(missing => missing is not null);
    }

    /// <summary>Reads the name of a verifier profile.</summary>
    /// <exception cref="RlvrException">The name is unknown.</exception>
    public static VerifierProfile ParseProfile(string name) => name switch
    {
        "strict" => VerifierProfile.Strict,
        "training" => VerifierProfile.Training,
        "evaluation" => VerifierProfile.Evaluation,
        _ => throw new RlvrException($"reward.profile: unknown profile '{name}'; expected strict, training or evaluation."),
    };

    internal static RewardKind? Find(string name) => Array.Find(Kinds, k => k.Name == name);

    private static AnswerPlace ParsePlace(string name) => name switch
    {
        "box" => AnswerPlace.Box,
        "usual" => AnswerPlace.Usual,
        "response" => AnswerPlace.Response,
        _ => throw new RlvrException($"reward.answer: unknown place '{name}'; expected box, usual or response."),
    };

    private static int OverlongTo(RewardOptions options, int limit) => options.OverlongTo > 0 ? options.OverlongTo : limit;

    // DAPO's share: 16,384 of 20,480 tokens are free.
    private static int OverlongFrom(RewardOptions options, int limit) => options.OverlongFrom > 0 ? options.OverlongFrom : (int)(OverlongTo(options, limit) * 4L / 5);

    // Like a recipe's other paths, a program's is looked for from the working folder upwards; a bare name is one on the PATH.
    private static ProgramOptions Program(RewardOptions options)
    {
        string name = options.Program[0];
        bool isPath = name.Contains('/', StringComparison.Ordinal) || name.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal);
        return new ProgramOptions
        {
            Command = [isPath ? Path.GetFullPath(FileLocator.Find(name)) : name, .. options.Program.Skip(1)],
            Timeout = TimeSpan.FromSeconds(options.ProgramTimeout),
            Workers = options.ProgramWorkers,
            Retries = options.ProgramRetries,
        };
    }
}

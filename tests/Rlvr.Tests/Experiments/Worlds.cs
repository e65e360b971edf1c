namespace Rlvr.Tests.Experiments;

/// <summary>Worlds in which the paper is right, in which nothing that is trained has an effect, and in which nobody can tell.</summary>
internal static class Worlds
{
    /// <summary>Accuracies after training of micro recipes, in the paper's order.</summary>
    private static readonly Dictionary<string, double> Paper = new()
    {
        ["one-shot-label-guess"] = 0.50,
        ["one-shot-label-far"] = 0.54,
        ["format"] = 0.62,
        ["full-set-format"] = 0.62,
        ["format-no-entropy"] = 0.58,
        ["full-set-format-no-entropy"] = 0.58,
        ["one-shot-hard"] = 0.45,
        ["entropy-alone-slow"] = 0.50,
        ["one-shot-policy-only"] = 0.72,
        ["one-shot-policy-decay"] = 0.715,
        ["one-shot-no-entropy"] = 0.71,
        ["one-shot-temperature-1"] = 0.78,
        ["one-shot-decay-kl"] = 0.36,
        ["one-shot-decay-kl-entropy"] = 0.6,
        ["entropy-alone"] = 0.50,
        ["one-shot-simplified"] = 0.6,
        ["noise-60"] = 0.73,
        ["noise-90"] = 0.66,
        ["ppo-noise-60"] = 0.73,
        ["ppo-noise-90"] = 0.66,
        ["weak-one-shot"] = 0.44,
        ["weak-full-set"] = 0.57,
        ["instruct-one-shot"] = 0.745,
    };

    public static SyntheticWorld AsThePaper { get; } = new()
    {
        After = recipe => Paper.GetValueOrDefault(recipe, 0.75),
        Before = Base,
        Progress = (recipe, step) => recipe.StartsWith("entropy-alone", StringComparison.Ordinal) && step == 20 ? 2 : step / 100.0, // it rises first and then collapses
        Planned = planned => planned.Name switch { "in-context" or "in-context-sampled" => 0.59, _ => planned.Base ? 0.36 : Paper.GetValueOrDefault(planned.Recipe, 0.75) },
    };

    /// <summary>No training changes anything, and the base does not know the example.</summary>
    public static SyntheticWorld WithoutEffect { get; } = new()
    {
        After = Base,
        Before = Base,
        Boxed = (_, _) => 0.6,
        Reflection = _ => 0.05,
        Length = step => 10 + step,
        Norm = step => step <= 20 ? 1 : 0,
        FrequentAnswer = "31",
        SaturatedAt = 90,
    };

    public static SyntheticWorld TooFewProblems { get; } = new() { After = recipe => 0.45, Before = _ => 0.4, Problems = 12, Seeds = 1, Reflection = step => 0.05 };

    private static double Base(string recipe) => recipe.Split('-')[0] switch { "weak" => 0.03, "instruct" => 0.7, _ => 0.36 };
}

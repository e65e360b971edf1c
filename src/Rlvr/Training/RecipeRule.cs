using System.Globalization;

namespace Rlvr.Training;

/// <summary>What the value of one key must satisfy, with the words that say so.</summary>
public sealed class RecipeRule
{
    private readonly Func<object, bool> _holds;
    private readonly IReadOnlyList<string> _choices;
    private Func<object, string?>? _problem;

    private RecipeRule(string key, string requirement, Func<object, bool> holds, IReadOnlyList<string>? choices = null)
    {
        Key = key;
        Requirement = requirement;
        _holds = holds;
        _choices = choices ?? [];
    }

    /// <summary><c>key</c> or <c>section.key</c>.</summary>
    public string Key { get; }

    /// <summary>Ends the sentence "'key' must ...".</summary>
    public string Requirement { get; }

    /// <summary>The number is at least <paramref name="low"/>.</summary>
    public static RecipeRule AtLeast(string key, double low) =>
        new(key, $"be at least {Text(low)}", v => Number(v) >= low);

    /// <summary>The number is larger than <paramref name="low"/>.</summary>
    public static RecipeRule Above(string key, double low) =>
        new(key, $"be above {Text(low)}", v => Number(v) > low);

    /// <summary>The number is in the closed interval.</summary>
    public static RecipeRule Between(string key, double low, double high) =>
        new(key, $"be from {Text(low)} to {Text(high)}", v => Number(v) >= low && Number(v) <= high);

    /// <summary>The number is at least <paramref name="low"/> and below <paramref name="high"/>.</summary>
    public static RecipeRule FromUpTo(string key, double low, double high) =>
        new(key, $"be at least {Text(low)} and below {Text(high)}", v => Number(v) >= low && Number(v) < high);

    /// <summary>The number is above <paramref name="low"/> and at most <paramref name="high"/>.</summary>
    public static RecipeRule AboveUpTo(string key, double low, double high) =>
        new(key, $"be above {Text(low)} and at most {Text(high)}", v => Number(v) > low && Number(v) <= high);

    /// <summary>The text is one of the choices.</summary>
    public static RecipeRule OneOf(string key, params string[] choices) =>
        new(key, $"be {string.Join(", ", choices[..^1].Select(Quote))}{(choices.Length > 1 ? " or " : "")}{Quote(choices[^1])}",
            v => choices.Contains((string)v, StringComparer.Ordinal), choices);

    /// <summary>The text is not empty; <paramref name="hint"/> says what it should be.</summary>
    public static RecipeRule NotEmpty(string key, string hint) =>
        new(key, $"be set: {hint}", v => !string.IsNullOrWhiteSpace((string)v));

    /// <summary>The text is one that <paramref name="problem"/> finds nothing wrong with.</summary>
    /// <param name="key">The key.</param>
    /// <param name="problem">What is wrong with a text, as a sentence with its full stop; null where nothing is.</param>
    public static RecipeRule Valid(string key, Func<string, string?> problem) =>
        new(key, "be valid", v => problem((string)v) is null) { _problem = v => problem((string)v) };

    /// <summary>The list is one that <paramref name="problem"/> finds nothing wrong with.</summary>
    /// <param name="key">The key.</param>
    /// <param name="problem">What is wrong with a list, as a sentence with its full stop; null where nothing is.</param>
    public static RecipeRule Valid(string key, Func<IReadOnlyList<string>, string?> problem) =>
        new(key, "be valid", v => problem((IReadOnlyList<string>)v) is null) { _problem = v => problem((IReadOnlyList<string>)v) };

    internal bool Holds(object value) => _holds(value);

    /// <summary>Null when the rule holds, otherwise the sentence for the user.</summary>
    internal string? Complaint(object value) => _problem is not null
        ? _problem(value) is { } found ? $"'{Key}': {found}" : null
        : Holds(value) ? null : $"'{Key}' must {Requirement}; found {Show(value)}.{Suggestion.DidYouMean(value as string ?? "", _choices)}";

    private static double Number(object value) => Convert.ToDouble(value, CultureInfo.InvariantCulture);

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Quote(string text) => $"'{text}'";

    private static string Show(object value) =>
        value is string text ? (text.Length == 0 ? "nothing" : Quote(text)) : Convert.ToString(value, CultureInfo.InvariantCulture)!;
}

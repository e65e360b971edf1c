using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Rlvr.Data;

namespace Rlvr.Rewards;

/// <summary>
/// 1 if the response matches a regular expression, else 0. Matching takes time in proportion to the response's length, whatever the
/// pattern: the engine does not backtrack (so it has no look-around and no back-references).
/// </summary>
public sealed class RegexReward : IReward
{
    /// <summary>What stands for the label in a pattern; the label is inserted as literal text.</summary>
    public const string AnswerPlaceholder = "{answer}";

    /// <summary>Longer responses, in characters, are not searched: they get <see cref="RewardVerdicts.UnparsableAnswer"/>.</summary>
    public const int MaxResponseLength = 65_536;

    private const int MaxPatternLength = 10_000;
    private const int MaxCached = 1_024;
    private const int MaxExtracted = 1_000;
    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;

    // Far beyond what a text of this length needs; against a pattern that grows exponentially all the same.
    private static readonly TimeSpan MatchTimeout = TimeSpan.FromSeconds(2);

    private readonly string pattern;
    private readonly bool ignoreCase;
    private readonly bool hasLabel;
    private readonly ConcurrentDictionary<string, Regex> cache = new(StringComparer.Ordinal);

    /// <summary>Makes the reward.</summary>
    /// <param name="pattern">
    /// A .NET regular expression, searched anywhere in the response (anchor it with <c>^</c> and <c>$</c>). <c>{answer}</c> in it stands for the
    /// label, and a group named <c>answer</c> says what the answer was, for the rollouts.
    /// </param>
    /// <param name="ignoreCase">Whether capital and small letters are the same.</param>
    /// <exception cref="RlvrException">The pattern cannot be used.</exception>
    public RegexReward(string pattern, bool ignoreCase = false)
    {
        if (ProblemOf(pattern) is { } problem) throw new RlvrException($"The pattern '{pattern}' cannot be used: {problem}");
        this.pattern = pattern;
        this.ignoreCase = ignoreCase;
        hasLabel = pattern.Contains(AnswerPlaceholder, StringComparison.Ordinal);
    }

    /// <summary>Why a pattern cannot be used; null where it can.</summary>
    public static string? ProblemOf(string pattern)
    {
        if (pattern.Length is 0 or > MaxPatternLength) return $"expected 1 to {MaxPatternLength} characters, found {pattern.Length}.";
        return Compile(Insert(pattern, "1"), RegexOptions.None, out string problem) is null ? problem : null;
    }

    /// <inheritdoc/>
    public RewardResult Score(Problem problem, string response, RewardContext context = default)
    {
        if (LabelProblem(problem) is { } reason) return RewardResult.UnparsableLabel(reason);
        if (response.Length > MaxResponseLength) return new(0, false, RewardVerdicts.UnparsableAnswer) { Reason = $"longer than {MaxResponseLength} characters" };
        try
        {
            Match match = RegexFor(problem.Answer, out _)!.Match(response);
            if (!match.Success) return RewardResult.Judged(false, null);
            string extracted = match.Groups["answer"] is { Success: true } answer ? answer.Value : match.Value;
            return RewardResult.Judged(true, extracted.Length > MaxExtracted ? extracted[..MaxExtracted] : extracted);
        }
        catch (RegexMatchTimeoutException)
        {
            return RewardResult.Failed($"the pattern did not match or fail within {MatchTimeout.TotalSeconds:0} s");
        }
    }

    /// <inheritdoc/>
    public string? LabelProblem(Problem problem)
    {
        if (!hasLabel) return null;
        if (string.IsNullOrWhiteSpace(problem.Answer)) return "empty";
        return RegexFor(problem.Answer, out string reason) is null ? reason : null;
    }

    // A pattern without a label is compiled once, one with it once for each of the labels, which come again and again.
    private Regex? RegexFor(string label, out string problem)
    {
        problem = "";
        string key = hasLabel ? label : "";
        if (cache.TryGetValue(key, out Regex? known)) return known;
        if (hasLabel && label.Length > MaxPatternLength) problem = $"longer than {MaxPatternLength} characters";
        else if (Compile(Insert(pattern, label), ignoreCase ? RegexOptions.IgnoreCase : RegexOptions.None, out problem) is { } regex)
        {
            if (cache.Count >= MaxCached) cache.Clear();
            return cache[key] = regex;
        }
        return null;
    }

    private static string Insert(string pattern, string label) => pattern.Replace(AnswerPlaceholder, "(?:" + Regex.Escape(label.Trim()) + ")", StringComparison.Ordinal);

    private static Regex? Compile(string pattern, RegexOptions more, out string problem)
    {
        try
        {
            problem = "";
            return new Regex(pattern, Options | more, MatchTimeout);
        }
        catch (RegexParseException error)
        {
            problem = $"at character {error.Offset}: {error.Error}.";
        }
        catch (NotSupportedException error)
        {
            problem = $"it has something that only a backtracking engine can do (look-around, a back-reference, an atomic group) or is too large: {error.Message}";
        }
        return null;
    }
}

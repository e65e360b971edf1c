using System.Globalization;
using System.Text.RegularExpressions;

namespace Rlvr.MicroMath.Tests;

/// <summary>What a problem's text asks, worked out from its words alone: a second opinion on the generators.</summary>
/// <param name="Answer">The answer.</param>
/// <param name="Key">A canonical name of the computation, made here in its own way.</param>
/// <param name="Core">The same without a final remainder.</param>
internal sealed record Reading(int Answer, string Key, string Core)
{
    public static Reading Of(string text)
    {
        var n = Regex.Matches(text, @"\d+").Select(m => int.Parse(m.Value, CultureInfo.InvariantCulture)).ToArray();
        if (Regex.IsMatch(text, @"^Compute [\d+*-]+\.$"))
            return Terms(text["Compute ".Length..^1]);
        if (text.Contains("remainder of term", StringComparison.Ordinal))
            return Modulo(Term(n[0], n[1], n[2]), n[3]);
        if (Regex.Match(text, @"^(?:What is the remainder of|Find) ([\d+*]+) (?:divided by|mod) ") is { Success: true } sum)
            return Modulo(Terms(sum.Groups[1].Value), n[^1]);
        if (text.StartsWith("There are", StringComparison.Ordinal))
            return Terms($"{n[0]}*{n[1]}+{n[2]}");
        if (text.Contains(" sells ", StringComparison.Ordinal))
            return Terms($"{n[0]}*{n[1]}+{n[2]}*{n[3]}-{n[4]}*{n[5]}");
        if (text.EndsWith(" in all?", StringComparison.Ordinal))
            return Terms($"{n[0]}+{n[1]}*{n[2]}");
        if (Regex.IsMatch(text, @"^(Solve|If) \d+x\+\d+=\d+\b") || text.Contains("times a number plus", StringComparison.Ordinal))
            return Equation(n[0], n[1], n[2]);
        if (text.Contains("pairs of different colours", StringComparison.Ordinal))
            return Terms($"{n[0]}*{n[1]}+{n[0]}*{n[2]}+{n[1]}*{n[2]}");
        if (text.Contains("pick", StringComparison.Ordinal))
            return Terms($"{n[0]}*{n[1]}+{n[2]}*{n[3]}");
        if (text.StartsWith("Cut", StringComparison.Ordinal))
            return Terms($"{n[2]}*{n[3]}-{n[0]}*{n[1]}");
        if (text.Contains("hole", StringComparison.Ordinal))
            return Terms($"{n[0]}*{n[1]}-{n[2]}*{n[3]}");
        if (text.Contains("perimeter", StringComparison.Ordinal) || text.Contains("walks around", StringComparison.Ordinal))
            return Perimeter(n[0], n[1]);
        if (text.Contains("sequence", StringComparison.Ordinal) || text.StartsWith("Start at", StringComparison.Ordinal))
            return Term(n[0], n[1], n[2]);
        throw new FormatException($"No reading of '{text}'.");
    }

    private static Reading Terms(string expression)
    {
        var terms = Regex.Matches(expression, @"([+-]?)(\d+)(?:\*(\d+))?").Select(m =>
        {
            int[] factors = m.Groups[3].Success ? [Number(m.Groups[2]), Number(m.Groups[3])] : [Number(m.Groups[2])];
            Array.Sort(factors);
            var negative = m.Groups[1].Value == "-";
            return (Value: factors.Aggregate(negative ? -1 : 1, (a, b) => a * b), Name: (negative ? "-" : "+") + string.Join('x', factors));
        }).ToArray();
        var key = string.Join(' ', terms.Select(t => t.Name).Order(StringComparer.Ordinal));
        return new(terms.Sum(t => t.Value), key, key);
    }

    // By counting on, not by the formula that the worked solutions use.
    private static Reading Term(int start, int step, int n)
    {
        var value = start;
        for (var i = 1; i < n; i++)
            value += step;
        var sum = Terms($"{start}+{step}*{n - 1}");
        Assert.Equal(value, sum.Answer);
        return sum;
    }

    private static Reading Modulo(Reading sum, int divisor)
    {
        var left = sum.Answer;
        while (left >= divisor)
            left -= divisor;
        return new(left, $"{sum.Key} mod {divisor}", sum.Core);
    }

    private static Reading Equation(int a, int b, int c)
    {
        var x = Enumerable.Range(0, 1000).Single(x => (a * x) + b == c);
        return new(x, $"{a}?+{b}={c}", $"{a}?+{b}={c}");
    }

    private static Reading Perimeter(int a, int b)
    {
        var key = $"around {int.Min(a, b)} {int.Max(a, b)}";
        return new(a + b + a + b, key, key);
    }

    private static int Number(Group group) => int.Parse(group.Value, CultureInfo.InvariantCulture);
}

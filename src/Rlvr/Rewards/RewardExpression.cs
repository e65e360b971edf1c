using System.Globalization;

namespace Rlvr.Rewards;

/// <summary>
/// The sum of rewards that a recipe's <c>reward.kind</c> names: terms joined by + and -, each a name with its weight before it,
/// <c>math + 0.1 format - 0.5 repetition</c>.
/// </summary>
public sealed class RewardExpression
{
    private RewardExpression(IReadOnlyList<(double Weight, string Name)> terms) => Terms = terms;

    /// <summary>Weights (negative after a minus) and names, in order.</summary>
    public IReadOnlyList<(double Weight, string Name)> Terms { get; }

    /// <summary>Whether it is one reward with weight 1, which needs no sum.</summary>
    public bool IsSingle => Terms is [(1, _)];

    /// <summary>Whether a reward is one of the terms.</summary>
    public bool Has(string name) => Terms.Any(t => t.Name == name);

    /// <summary>What is wrong with a text as such a sum, with what was expected; null where nothing is.</summary>
    public static string? ProblemOf(string text)
    {
        try
        {
            Parse(text);
            return null;
        }
        catch (RlvrException e)
        {
            return e.Message;
        }
    }

    /// <summary>Reads a sum.</summary>
    /// <exception cref="RlvrException">It cannot be read, names an unknown reward, or makes no sense as a reward.</exception>
    public static RewardExpression Parse(string text)
    {
        List<(double Weight, string Name)> terms = [];
        int at = 0;
        while (SkipSpace(text, ref at) || terms.Count == 0)
        {
            double weight = Sign(text, ref at, isFirst: terms.Count == 0) * Number(text, ref at);
            string name = Name(text, ref at);
            Check(terms, weight, name);
            terms.Add((weight, name));
        }
        if (!terms.Any(t => RewardCatalog.Find(t.Name)!.Judges))
        {
            throw new RlvrException($"'{text}' measures responses but judges none of them, so that nobody would know how many are right. "
                + $"Add a reward that does; where it should not count, with weight 0: '0 math {(text.TrimStart() is ['-' or '+', ..] ? "" : "+ ")}{text.Trim()}'.");
        }
        return new RewardExpression(terms);
    }

    private static void Check(List<(double Weight, string Name)> before, double weight, string name)
    {
        RewardKind kind = RewardCatalog.Find(name)
            ?? throw new RlvrException($"there is no reward '{name}'.{Suggestion.DidYouMean(name, RewardCatalog.Names)} The rewards are {string.Join(", ", RewardCatalog.Names)}.");
        if (before.Any(t => t.Name == name)) throw new RlvrException($"'{name}' is there twice; add up its weights.");
        if (kind.IsCost && weight > 0)
        {
            throw new RlvrException(string.Create(CultureInfo.InvariantCulture,
                $"'{name}' is a cost, from 0 to 1: expected it to be subtracted, '- {(weight == 1 ? "" : weight + " ")}{name}', found it added."));
        }
    }

    private static bool SkipSpace(string text, ref int at)
    {
        while (at < text.Length && char.IsWhiteSpace(text[at])) at++;
        return at < text.Length;
    }

    private static double Sign(string text, ref int at, bool isFirst)
    {
        bool signed = at < text.Length && text[at] is '+' or '-';
        if (!signed && !isFirst) throw new RlvrException($"expected '+' or '-' and another reward, such as 'math + 0.1 format', found '{text[at..]}'.");
        double sign = signed && text[at] == '-' ? -1 : 1;
        if (signed) at++;
        SkipSpace(text, ref at);
        return sign;
    }

    // 0.1 or 1e-3, with or without * behind it; 1 where there is none.
    private static double Number(string text, ref int at)
    {
        int start = at;
        while (at < text.Length && (char.IsAsciiDigit(text[at]) || text[at] == '.' || (at > start && text[at] is 'e' or 'E' && HasExponent(text, at))))
        {
            if (text[at] is 'e' or 'E') at++; // and the sign or digit behind it
            at++;
        }
        if (at == start) return 1;
        if (!double.TryParse(text.AsSpan(start, at - start), NumberStyles.Float, CultureInfo.InvariantCulture, out double weight) || !double.IsFinite(weight))
            throw new RlvrException($"expected a weight such as 0.1, found '{text[start..at]}'.");
        SkipSpace(text, ref at);
        if (at < text.Length && text[at] == '*') at++;
        SkipSpace(text, ref at);
        return weight;
    }

    // The e of 1e-3, not that of 1exact.
    private static bool HasExponent(string text, int e)
    {
        int digit = e + 1 < text.Length && text[e + 1] is '+' or '-' ? e + 2 : e + 1;
        return digit < text.Length && char.IsAsciiDigit(text[digit]);
    }

    private static string Name(string text, ref int at)
    {
        int start = at;
        while (at < text.Length && (char.IsLetterOrDigit(text[at]) || text[at] == '_')) at++;
        return at > start ? text[start..at]
            : throw new RlvrException($"expected the name of a reward ({string.Join(", ", RewardCatalog.Names)}), found {(at < text.Length ? $"'{text[at..]}'" : "the end")}.");
    }
}

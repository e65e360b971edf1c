using System.Collections.Frozen;
using System.Numerics;
using Fractions;

namespace Rlvr.Math.Reading;

/// <summary>English number words: "three hundred forty-eight".</summary>
internal static class NumberWords
{
    private const int MaxTokens = 64;

    private static readonly FrozenDictionary<string, int> Small = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase)
    {
        ["zero"] = 0,
        ["one"] = 1,
        ["two"] = 2,
        ["three"] = 3,
        ["four"] = 4,
        ["five"] = 5,
        ["six"] = 6,
        ["seven"] = 7,
        ["eight"] = 8,
        ["nine"] = 9,
        ["ten"] = 10,
        ["eleven"] = 11,
        ["twelve"] = 12,
        ["thirteen"] = 13,
        ["fourteen"] = 14,
        ["fifteen"] = 15,
        ["sixteen"] = 16,
        ["seventeen"] = 17,
        ["eighteen"] = 18,
        ["nineteen"] = 19,
        ["twenty"] = 20,
        ["thirty"] = 30,
        ["forty"] = 40,
        ["fourty"] = 40,
        ["fifty"] = 50,
        ["sixty"] = 60,
        ["seventy"] = 70,
        ["eighty"] = 80,
        ["ninety"] = 90,
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenDictionary<string, int> Powers = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase)
    {
        ["hundred"] = 2,
        ["thousand"] = 3,
        ["million"] = 6,
        ["billion"] = 9,
        ["trillion"] = 12,
        ["hundreds"] = 2,
        ["thousands"] = 3,
        ["millions"] = 6,
        ["billions"] = 9,
        ["trillions"] = 12,
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenDictionary<string, int> Parts = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase)
    {
        ["half"] = 2,
        ["halves"] = 2,
        ["third"] = 3,
        ["thirds"] = 3,
        ["quarter"] = 4,
        ["quarters"] = 4,
        ["fourth"] = 4,
        ["fourths"] = 4,
        ["fifth"] = 5,
        ["fifths"] = 5,
        ["sixth"] = 6,
        ["sixths"] = 6,
        ["eighth"] = 8,
        ["eighths"] = 8,
        ["tenth"] = 10,
        ["tenths"] = 10,
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether the word can begin a number in words.</summary>
    public static bool IsNumber(string word) => Small.ContainsKey(word);

    /// <summary>Whether the word is part of a number in words.</summary>
    public static bool IsPart(string word) => Small.ContainsKey(word) || Powers.ContainsKey(word);

    /// <summary>The value of a single small number word (for bases: "six").</summary>
    public static bool TrySmall(string word, out int value) => Small.TryGetValue(word, out value);

    /// <summary>The factor of "million" and the like after a number written in digits.</summary>
    public static bool TryScale(string word, out BigInteger factor)
    {
        bool found = Powers.TryGetValue(word, out int exponent);
        factor = BigInteger.Pow(10, exponent);
        return found;
    }

    /// <summary>Like <see cref="TryRead"/>, also "half", "one third", "three quarters".</summary>
    public static bool TryReadFraction(IReadOnlyList<Token> tokens, ref int at, int end, out Fraction value)
    {
        value = Fraction.One;
        int next = at;
        bool number = TryRead(tokens, ref next, end, out BigInteger count);
        if (number) value = new Fraction(count);
        if (next < end && tokens[next].Kind == TokenKind.Minus) next++;
        bool part = next < end && tokens[next].Kind == TokenKind.Word && Parts.TryGetValue(tokens[next].Text, out int denominator)
            && (number || denominator == 2);
        if (part)
        {
            value /= Parts[tokens[next].Text];
            next++;
        }
        else if (number && tokens[next - 1].Kind == TokenKind.Minus) next--;
        if (part || number) at = next;
        return part || number;
    }

    /// <summary>
    /// Reads the longest number in words from <paramref name="at"/> on ("and" and hyphens may stand inside) and moves past it.
    /// </summary>
    public static bool TryRead(IReadOnlyList<Token> tokens, ref int at, int end, out BigInteger value)
    {
        value = 0;
        if (at >= end || tokens[at].Kind != TokenKind.Word || !IsNumber(tokens[at].Text)) return false;
        BigInteger total = 0, group = 0;
        int last = -1; // the value of the small word just read, or -1 after a power of ten
        int i = at;
        while (i < end && i - at < MaxTokens)
        {
            Token token = tokens[i];
            bool joined = token.Kind is TokenKind.Minus or TokenKind.And;
            if (joined)
            {
                if (i + 1 >= end || tokens[i + 1].Kind != TokenKind.Word || !IsNumber(tokens[i + 1].Text)) break;
                bool hyphen = token.Kind == TokenKind.Minus;
                if (hyphen ? last is < 20 : last >= 0) break; // "twenty-one", "two hundred and five"; not "two and five"
                i++;
                token = tokens[i];
            }
            if (token.Kind != TokenKind.Word) break;
            if (Small.TryGetValue(token.Text, out int small))
            {
                bool fits = last < 0 || (last >= 20 && small is > 0 and < 10);
                if (!fits) break;
                group += small;
                last = small;
            }
            else if (Powers.TryGetValue(token.Text, out int power))
            {
                if (power == 2) group *= 100;
                else { total += group * BigInteger.Pow(10, power); group = 0; }
                last = -1;
            }
            else break;
            i++;
        }
        if (i == at) return false;
        at = i;
        value = total + group;
        return true;
    }
}

using Fractions;
using Rlvr.Math.Answers;

namespace Rlvr.Math.Reading;

/// <summary>Reads what may follow a value: units, nouns, a percent sign, a remark in parentheses.</summary>
internal sealed class UnitReader(TokenSequence sequence)
{
    private const int MaxTokens = 32;

    private readonly SortedDictionary<string, int> _dimensions = new(StringComparer.Ordinal);
    private Fraction _scale = Fraction.One;
    private bool _any;
    private int _sign = 1;
    private int _pendingPower = 1;
    private (string Dimension, Fraction Scale, int Power) _last;

    public bool SawPercent { get; private set; }

    public Unit? Unit => _any ? new Unit(_dimensions, _scale) : null;

    public void AddCurrency(string name)
    {
        string unit = name switch { "$" => "usd", "pounds" => "gbp", _ => name };
        Add(unit, Fraction.One, 1);
    }

    /// <summary>Reads [at, hi); false where it says something that a unit or a harmless remark does not say.</summary>
    public bool Read(int at, int hi, bool degree)
    {
        if (hi - at > MaxTokens) return false;
        if (degree) Add("degree", Fraction.One, 1);
        List<Token> tokens = sequence.Tokens;
        for (int i = at; i < hi; i++)
        {
            Token token = tokens[i];
            switch (token.Kind)
            {
                case TokenKind.Word when token.IsWord("mod"):
                    AddModulus(i + 1, hi);
                    return true;
                case TokenKind.Word:
                    if (!ReadWord(token.Text)) return false;
                    break;
                case TokenKind.LeftParen when sequence.Kind(i + 1) == TokenKind.Word && tokens[i + 1].IsWord("mod"):
                    AddModulus(i + 2, hi);
                    return true;
                case TokenKind.Letter:
                    if (!ReadLetter(token, i)) return false;
                    break;
                case TokenKind.Function when token.Text is "min" or "sec":
                    if (!ReadWord(token.Text)) return false;
                    break;
                case TokenKind.Caret:
                    if (!_any || !TryReadPower(ref i, hi)) return false;
                    break;
                case TokenKind.Slash when _any || i == at: _sign = -1; break;
                case TokenKind.Times when _any: break;
                case TokenKind.Minus when _any && tokens[i + 1].InText && i + 1 < hi: break; // N-m
                case TokenKind.Percent: SawPercent = true; break;
                case TokenKind.Degree: Add("degree", Fraction.One, 1); break;
                case TokenKind.Prime when i == at: Add("degree", new Fraction(1, 60), 1); break;
                case TokenKind.Quote when i == at: Add("degree", new Fraction(1, 3600), 1); break;
                case TokenKind.Currency: AddCurrency(token.Text); break;
                case TokenKind.Period or TokenKind.Comma or TokenKind.Quote: break;
                case TokenKind.LeftGroup or TokenKind.RightGroup: break;
                case TokenKind.LeftParen:
                    int close = sequence.Match[i];
                    if (close < 0 || close >= hi || !IsRemark(i + 1, close)) return false;
                    i = close;
                    break;
                default: return false;
            }
        }
        return true;
    }

    private void Add(string dimension, Fraction scale, int power)
    {
        power *= _sign * _pendingPower;
        _pendingPower = 1;
        _sign = 1;
        _any = true;
        _last = (dimension, scale, power);
        Apply(dimension, scale, power);
    }

    private void Apply(string dimension, Fraction scale, int power)
    {
        int total = _dimensions.GetValueOrDefault(dimension) + power;
        if (total == 0) _dimensions.Remove(dimension);
        else _dimensions[dimension] = total;
        Fraction factor = Fraction.One;
        for (int i = 0; i < int.Abs(power); i++) factor *= scale;
        _scale = power >= 0 ? _scale * factor : _scale / factor;
    }

    private bool ReadWord(string word)
    {
        string lower = word.ToLowerInvariant();
        switch (lower)
        {
            case "percent" or "percentage" or "pct": SawPercent = true; return true;
            case "square" or "sq": _pendingPower = 2; return true;
            case "cubic" or "cu": _pendingPower = 3; return true;
            case "squared": return TryRaise(2);
            case "cubed": return TryRaise(3);
            case "per" or "each": _sign = lower == "per" ? -1 : _sign; return true;
            case "of" or "the" or "in" or "total" or "a" or "an" or "all" or "only" or "exactly" or "th" or "st" or "nd" or "rd" when !(lower == "in" && !_any): return true;
            case "celsius" or "fahrenheit" or "centigrade":
                Temperature(lower == "fahrenheit" ? "fahrenheit" : "celsius");
                return true;
            case "mph" or "kmh" or "kph" or "kmph":
                Add("m", lower == "mph" ? new Fraction(1609344, 1000) : new Fraction(1000), 1);
                _sign = -1;
                Add("s", new Fraction(3600), 1);
                return true;
            default: break;
        }
        if (Words.IsContradicting(lower) || NumberWords.IsPart(lower)) return false;
        if (Units.TryGet(word, out Units.Entry unit)) { Add(unit.Dimension, unit.Scale, unit.Power); return true; }
        Add("#" + Stem(lower), Fraction.One, 1);
        return true;
    }

    // 5 (mod 7): the modulus is like a unit.
    private void AddModulus(int lo, int hi) =>
        Add("mod " + AnswerParser.Flatten(sequence.Tokens, lo, hi).Replace(nameof(TokenKind.RightParen), "").Trim(), Fraction.One, 1);

    // 25° C
    private void Temperature(string scale)
    {
        if (_dimensions.Remove("degree")) _any = false;
        Add(scale, Fraction.One, 1);
    }

    private bool ReadLetter(Token token, int at)
    {
        if (_dimensions.ContainsKey("degree") && token.Text is "C" or "F")
        {
            Temperature(token.Text == "C" ? "celsius" : "fahrenheit");
            return true;
        }
        if (!token.InText && !_any && !sequence.IsSpeed(at)) return false;
        if (Units.TryGet(token.Text, out Units.Entry unit)) { Add(unit.Dimension, unit.Scale, unit.Power); return true; }
        if (token.Text == "a") return true;
        if (!token.InText) return false;
        Add("#" + token.Text, Fraction.One, 1);
        return true;
    }

    private bool TryRaise(int power)
    {
        if (!_any || power is < -9 or > 9) return false;
        Apply(_last.Dimension, _last.Scale, _last.Power * (power - 1));
        return true;
    }

    private bool TryReadPower(ref int i, int hi)
    {
        int at = i + 1, sign = 1;
        bool group = sequence.Kind(at) == TokenKind.LeftGroup;
        if (group) at++;
        if (sequence.Kind(at) == TokenKind.Minus) { sign = -1; at++; }
        if (at >= hi || sequence.Kind(at) != TokenKind.Number || !int.TryParse(sequence.Tokens[at].Text, out int power)) return false;
        i = group ? at + 1 : at;
        return TryRaise(sign * power);
    }

    // "(in total)"; a remark that denies or adds something is none.
    private bool IsRemark(int lo, int hi)
    {
        for (int i = lo; i < hi; i++)
        {
            Token token = sequence.Tokens[i];
            if (token.Kind is TokenKind.Or or TokenKind.Number or TokenKind.Equal) return false;
            if (token.Kind == TokenKind.Word && Words.IsContradicting(token.Text) && !(hi - lo == 1 && token.IsWord("times"))) return false; // 3 (times)
        }
        return true;
    }

    private static string Stem(string noun)
    {
        if (noun is "children") return "child";
        if (noun is "people" or "persons") return "person";
        if (noun.Length > 4 && noun.EndsWith("ies", StringComparison.Ordinal)) return noun[..^3] + "y";
        if (noun.Length > 4 && noun.EndsWith("es", StringComparison.Ordinal) && noun[^3] is 's' or 'x' or 'h' or 'z') return noun[..^2];
        return noun.Length > 2 && noun[^1] == 's' ? noun[..^1] : noun;
    }
}

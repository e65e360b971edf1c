using System.Globalization;
using System.Text;
using Fractions;
using Rlvr.Math.Answers;
using Rlvr.Math.Expressions;

namespace Rlvr.Math.Reading;

/// <content>Brackets, bases, times, ratios, choices, values with units, words.</content>
internal sealed partial class AnswerParser
{
    // (1, 2)  [0, 1)  \{1, 2\}  \{x \mid x > 2\}
    private Answer? ReadBracketed(int lo, int hi, int depth)
    {
        TokenKind open = _tokens[lo].Kind, close = _tokens[hi - 1].Kind;
        if (open is not (TokenKind.LeftParen or TokenKind.LeftBracket or TokenKind.LeftAngle or TokenKind.LeftSet)) return null;
        List<Answer> items = [];
        bool separated = false;
        if (open == TokenKind.LeftSet)
        {
            if (lo + 1 == hi - 1) return new CollectionAnswer(Joining.Braces, []);
            for (int i = lo + 1; i < hi - 1 && i < lo + 16; i++)
            {
                // The condition of a set-builder is the set.
                if (i > lo + 1 && _tokens[i].Kind is TokenKind.Mid or TokenKind.Bar or TokenKind.Colon) return ReadAnswer(i + 1, hi - 1, depth + 1);
                if (_tokens[i].Kind == TokenKind.LeftParen && _sequence.Match[i] > i && i == lo + 1) i = _sequence.Match[i];
                else if (_tokens[i].Kind is not (TokenKind.In or TokenKind.NumberSet or TokenKind.Letter)) break;
            }
        }
        else if (!ContainsSeparator(lo, hi)) return null;
        int start = lo + 1;
        for (int i = start; i < hi; i++)
        {
            if (i < hi - 1)
            {
                TokenKind kind = _tokens[i].Kind;
                bool separator = kind is TokenKind.Comma or TokenKind.Semicolon || (kind is TokenKind.And or TokenKind.Or && open == TokenKind.LeftSet);
                if (!separator) { i = Skip(i); continue; }
                separated = true;
            }
            if (items.Count > MaxItems) return null;
            Answer? item = ReadAnswer(start, i, depth + 1);
            if (item is null) return null;
            items.Add(item);
            start = i + 1;
        }
        if (open == TokenKind.LeftSet) return new CollectionAnswer(Joining.Braces, [.. items]);
        return separated ? new TupleAnswer(open, close, [.. items]) : null;
    }

    private bool ContainsSeparator(int lo, int hi)
    {
        for (int i = lo + 1; i < hi - 1; i++)
        {
            if (_tokens[i].Kind is TokenKind.Comma or TokenKind.Semicolon) return true;
            i = Skip(i);
        }
        return false;
    }

    // Cases: pairs of a value and its condition; without conditions, equations that hold together.
    private CollectionAnswer? ReadCases(int lo, int hi, int depth)
    {
        if (_tokens[lo].Text is not ("cases" or "aligned" or "align" or "array" or "gathered" or "split")) return null;
        List<Answer> rows = [];
        int start = lo + 1, mark = -1;
        for (int i = start; i < hi; i++)
        {
            TokenKind kind = _tokens[i].Kind;
            if (i < hi - 1 && TokenSequence.IsOpen(kind)) { i = Skip(i); continue; }
            if (kind == TokenKind.Ampersand && mark < 0 && _tokens[lo].Text is "cases" or "array") mark = i;
            if (i < hi - 1 && kind != TokenKind.RowEnd) continue;
            if (i > start)
            {
                Answer? row;
                if (mark < 0) row = ReadAnswer(start, i, depth + 1);
                else
                {
                    int condition = mark + 1;
                    while (condition < i && (_tokens[condition].IsWord("if") || _tokens[condition].IsWord("for") || _tokens[condition].IsWord("when"))) condition++;
                    row = ReadAnswer(start, mark, depth + 1) is { } value && ReadAnswer(condition, i, depth + 1) is { } when
                        ? new TupleAnswer(TokenKind.LeftAngle, TokenKind.RightAngle, [value, when])
                        : null;
                }
                if (row is null) return null;
                rows.Add(row);
            }
            (start, mark) = (i + 1, -1);
        }
        return rows.Count == 0 ? null : new CollectionAnswer(Joining.And, [.. rows]);
    }

    // (1, 2)^T
    private Answer? ReadTransposed(int lo, int hi, int depth)
    {
        if (hi - lo < 5) return null;
        int mark = Kind(hi - 1) == TokenKind.RightGroup ? hi - 4 : hi - 2;
        int letter = mark + (Kind(hi - 1) == TokenKind.RightGroup ? 2 : 1);
        if (mark <= lo || Kind(mark) != TokenKind.Caret || _tokens[letter].Text is not ("T" or "top")) return null;
        if (Kind(mark - 1) is not (TokenKind.RightParen or TokenKind.RightBracket or TokenKind.EndEnvironment) || _sequence.Match[mark - 1] != lo) return null;
        return ReadAnswer(lo, mark, depth + 1) switch
        {
            TupleAnswer tuple => tuple,
            MatrixAnswer matrix when Array.TrueForAll(matrix.Rows, row => row.Length == matrix.Rows[0].Length) => new MatrixAnswer(
                [.. Enumerable.Range(0, matrix.Rows[0].Length).Select(column => matrix.Rows.Select(row => row[column]).ToArray())]),
            _ => null,
        };
    }

    // 101_2  (4343)_{\text{six}}  1A_{16}  101 base 2
    private BaseAnswer? ReadBase(int lo, int hi)
    {
        int mark = -1;
        for (int i = lo; i < hi && mark < 0; i++)
        {
            if (_tokens[i].Kind == TokenKind.Underscore || _tokens[i].IsWord("base")) mark = i;
            else i = Skip(i);
        }
        if (mark <= lo) return null;
        (int from, int to) = (mark + 1, hi);
        while (from < to && (_tokens[from].Kind == TokenKind.LeftGroup || _tokens[from].IsWord("base"))) from++;
        while (to > from && _tokens[to - 1].Kind == TokenKind.RightGroup) to--;
        if (to - from != 1) return null;
        Token radix = _tokens[from];
        int @base;
        if (radix.Kind == TokenKind.Number) { if (!int.TryParse(radix.Text, NumberStyles.None, CultureInfo.InvariantCulture, out @base)) return null; }
        else if (radix.Kind != TokenKind.Word || !NumberWords.TrySmall(radix.Text, out @base)) return null;
        if (@base is < 2 or > 36) return null;
        (int start, int end) = (lo, mark);
        while (end - start >= 3 && Kind(start) is TokenKind.LeftParen or TokenKind.LeftGroup && _sequence.Match[start] == end - 1) { start++; end--; }
        StringBuilder digits = new();
        bool number = false;
        for (int i = start; i < end; i++)
        {
            Token token = _tokens[i];
            number |= token.Kind == TokenKind.Number;
            if (token.Kind is not (TokenKind.Number or TokenKind.Letter or TokenKind.Word or TokenKind.Minus) || token.Text.Length > 2000) return null;
            digits.Append(token.Kind == TokenKind.Minus ? "-" : token.Text.ToUpperInvariant());
        }
        if (!number && (end - start < 2 || @base < 11)) return null; // x_2 is a variable
        string text = digits.ToString();
        foreach (char c in text.AsSpan().TrimStart('-'))
        {
            int digit = char.IsAsciiDigit(c) ? c - '0' : char.IsAsciiLetterUpper(c) ? c - 'A' + 10 : c == '.' ? 0 : 99;
            if (digit >= @base) return null;
        }
        bool negative = text[0] == '-';
        text = text.TrimStart('-').TrimStart('0');
        return new BaseAnswer((negative ? "-" : "") + (text.Length == 0 ? "0" : text), @base);
    }

    private TimeAnswer? ReadTime(int lo, int hi)
    {
        int at = lo;
        int[] parts = [0, 0, 0];
        int count = 0;
        while (at < hi && count < 3 && _tokens[at].Kind == TokenKind.Number)
        {
            string text = _tokens[at].Text;
            if (text.Length > 2 || !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out parts[count])) return null;
            if (count > 0 && (text.Length != 2 || parts[count] > 59)) return null;
            count++;
            at++;
            if (at < hi && _tokens[at].Kind == TokenKind.Colon) at++;
            else break;
        }
        if (count < 2 || parts[0] > 24) return null;
        bool? afternoon = null;
        if (at < hi)
        {
            if (_tokens[at].IsWord("am")) afternoon = false;
            else if (_tokens[at].IsWord("pm")) afternoon = true;
            else return null;
            if (at + 1 < hi && Kind(at + 1) != TokenKind.Period) return null;
        }
        else return null; // without a.m. or p.m. it may as well be a ratio
        return new TimeAnswer((((parts[0] % 12 * 60) + parts[1]) * 60) + parts[2], afternoon);
    }

    // 3:05 may be a time of day; 3:5 is none.
    private bool LooksLikeTime(int lo, int hi) => hi - lo == 3 && Kind(lo + 1) == TokenKind.Colon && Kind(lo) == TokenKind.Number && Kind(lo + 2) == TokenKind.Number
        && _tokens[lo + 2].Text.Length == 2 && string.CompareOrdinal(_tokens[lo + 2].Text, "60") < 0
        && int.TryParse(_tokens[lo].Text, NumberStyles.None, CultureInfo.InvariantCulture, out int hours) && hours <= 24;

    private RatioAnswer? ReadRatio(int lo, int hi)
    {
        List<Expression> parts = [];
        int start = lo;
        for (int i = lo; i <= hi; i++)
        {
            if (i < hi && Kind(i) != TokenKind.Colon && !_tokens[i].IsWord("to")) { i = Skip(i); continue; }
            if (i == start || parts.Count > 16) return null;
            (int from, int to) = (start, i);
            Trim(ref from, ref to);
            if (_expressions.ParseWhole(from, to) is not { } part) return null;
            parts.Add(part);
            start = i + 1;
        }
        return parts.Count >= 2 ? new RatioAnswer([.. parts], LooksLikeTime(lo, hi)) : null;
    }

    // (A)  A)  A.  Option B  \text{(C) } 5
    private ChoiceAnswer? ReadChoice(int lo, int hi, int depth)
    {
        if (depth > 1) return null;
        int at = lo;
        bool said = false;
        while (at < hi && (_tokens[at].IsWord("option") || _tokens[at].IsWord("choice") || _tokens[at].IsWord("answer"))) { at++; said = true; }
        if (said && Kind(at) == TokenKind.Colon) at++;
        bool paren = Kind(at) == TokenKind.LeftParen;
        if (paren) at++;
        if (Kind(at) != TokenKind.Letter || at >= hi) return null;
        Token letter = _tokens[at];
        if (paren && at + 2 == hi && Kind(at + 1) == TokenKind.RightParen && letter.Text is "a" or "b" or "c" or "d") return new ChoiceAnswer(char.ToUpperInvariant(letter.Text[0]), null);
        if (letter.Text.Length != 1 || letter.Text[0] is not (>= 'A' and <= 'J')) return null;
        int next = at + 1;
        bool closed = Kind(next) == TokenKind.RightParen && next < hi && (paren || _sequence.Match[next] < 0);
        if (paren && !closed) return null;
        if (closed) next++;
        else if (Kind(next) == TokenKind.Colon && Kind(next + 1) == TokenKind.Letter && next + 1 < hi && !_tokens[next + 1].Space) return null; // A:B = 2
        else if (next < hi && Kind(next) is TokenKind.Period or TokenKind.Colon) { next++; closed = true; }
        bool textual = letter.InText || said || closed;
        if (next >= hi) return textual ? new ChoiceAnswer(letter.Text[0], null) : null;
        if (!closed || (paren && !letter.InText && !_tokens[next].Space)) return null;
        // (A) + 1 is a sum.
        if (!letter.InText && Kind(next) is TokenKind.Plus or TokenKind.Minus or TokenKind.Times or TokenKind.Slash or TokenKind.Caret or TokenKind.Underscore
            or TokenKind.PlusMinus) return null;
        Answer? content = ReadAnswer(next, hi, depth + 1);
        return content is null or CollectionAnswer { Joining: Joining.Or } ? null : new ChoiceAnswer(letter.Text[0], content);
    }

    private Answer? ReadScalar(int lo, int hi)
    {
        int at = lo;
        string? currency = null;
        bool negative = false;
        if (Kind(at) is TokenKind.Minus && Kind(at + 1) == TokenKind.Currency) { negative = true; at++; }
        // Rs. 500, USD 500
        if (Kind(at) == TokenKind.Word && Units.TryGet(_tokens[at].Text, out Units.Entry money) && money.Dimension is "usd" or "euro" or "gbp" or "rupee" or "yen" or "yuan")
        {
            currency = money.Dimension;
            at++;
            if (Kind(at) == TokenKind.Period) at++;
        }
        else if (Kind(at) == TokenKind.Currency) currency = _tokens[at++].Text;
        else if (Kind(at) == TokenKind.LeftGroup && Kind(at + 1) == TokenKind.Currency && _sequence.Match[at] == at + 2)
        {
            currency = _tokens[at + 1].Text;
            at += 3;
        }
        if (at >= hi) return null;
        Expression? value = _expressions.Parse(at, hi);
        if (value is null || _expressions.At == at || _expressions.PlusMinusSigns > MaxSigns) return null;
        if (negative) value = Expression.Negate(value);
        bool percent = _expressions.SawPercent;
        UnitReader units = new(_sequence);
        if (currency is not null) units.AddCurrency(currency);
        if (!units.Read(_expressions.At, hi, _expressions.SawDegree)) return null;
        if (ExpressionTraits.Of(value).HasMatrix) return Matrices.TryRead(value) is { } rows ? new MatrixAnswer(rows) : null;
        return new ScalarAnswer(value)
        {
            Unit = units.Unit,
            IsPercent = percent || units.SawPercent,
            PlusMinusSigns = _expressions.PlusMinusSigns,
        };
    }

    // 1 hour 30 minutes, 5 feet and 6 inches
    private ScalarAnswer? ReadCompound(int lo, int hi)
    {
        if (Kind(lo) != TokenKind.Number || hi - lo > 16) return null;
        ScalarAnswer? total = null;
        List<Expression> terms = [];
        int start = lo;
        for (int i = lo + 1; i <= hi; i++)
        {
            if (i < hi && _tokens[i].Kind != TokenKind.Number) continue;
            int end = Kind(i - 1) is TokenKind.And or TokenKind.Comma ? i - 1 : i;
            if (ReadScalar(start, end) is not ScalarAnswer { Unit: { } unit, PlusMinusSigns: 0 } part) return null;
            if (total is not null && (!unit.HasSameDimensions(total.Unit!) || unit.Scale.CompareTo(total.Unit!.Scale) >= 0)) return null;
            total ??= part;
            terms.Add(new ProductExpression([part.Value, new RationalExpression(unit.Scale / total.Unit!.Scale)]));
            start = i;
        }
        return terms.Count < 2 ? null : new ScalarAnswer(Expression.Sum(terms)) { Unit = total!.Unit };
    }

    // 63^\circ 45' 36''
    private ScalarAnswer? ReadDegrees(int lo, int hi)
    {
        bool negative = Kind(lo) == TokenKind.Minus;
        int at = negative ? lo + 1 : lo;
        Fraction total = Fraction.Zero;
        int parts = 0;
        foreach ((TokenKind mark, int count, int scale) in new[] { (TokenKind.Degree, 1, 1), (TokenKind.Prime, 1, 60), (TokenKind.Prime, 2, 3600) })
        {
            if (at >= hi && parts > 0) break;
            if (Kind(at) != TokenKind.Number || _expressions.Decimals.Read(_tokens[at].Text) is not { } value) return null;
            at++;
            if (Kind(at) == TokenKind.Caret) at++;
            bool group = Kind(at) == TokenKind.LeftGroup;
            if (group) at++;
            bool bare = count == 2 && at >= hi; // its quotation mark was taken for punctuation
            if (count == 2 && Kind(at) == TokenKind.Quote && !bare) at++;
            else if (!bare)
            {
                for (int i = 0; i < count; i++)
                    if (Kind(at++) != mark) return null;
            }
            if (group && Kind(at++) != TokenKind.RightGroup) return null;
            total += value / scale;
            parts++;
        }
        if (parts < 2 || at != hi) return null;
        UnitReader unit = new(_sequence);
        unit.Read(hi, hi, true);
        return new ScalarAnswer(new RationalExpression(negative ? -total : total)) { Unit = unit.Unit };
    }

    // y = \sqrt{x} (x > 0): a statement under a condition.
    private CollectionAnswer? ReadConditioned(int lo, int hi, int depth)
    {
        int open = Kind(hi - 1) == TokenKind.RightParen ? _sequence.Match[hi - 1] : -1;
        if (open <= lo || Kind(open) != TokenKind.LeftParen || Kind(open - 1) is TokenKind.Function or TokenKind.Underscore) return null;
        Survey condition = Look(open + 1, hi - 1);
        if (!(condition.Relations || condition.In >= 0) || condition.Separators || condition.Words) return null;
        if (ReadAnswer(lo, open, depth + 1) is not { } main || ReadAnswer(open + 1, hi - 1, depth + 1) is not { } when) return null;
        return new CollectionAnswer(Joining.And, when is NumberSetAnswer { Name: "R" } ? [main] : [main, when]);
    }

    // A(2, 3)
    private bool IsNamedPoint(int lo, int hi) => hi - lo > 5 && _tokens[lo] is { Kind: TokenKind.Letter, Text: [>= 'A' and <= 'Z'] }
        && Kind(lo + 1) == TokenKind.LeftParen && _sequence.Match[lo + 1] == hi - 1 && Kind(hi - 1) == TokenKind.RightParen && ContainsSeparator(lo + 1, hi);

    /// <summary>Sentences, and formulas that are not evaluated (integrals, limits): equal only to the same words and signs.</summary>
    private TextAnswer? ReadProse(int lo, int hi)
    {
        Trim(ref lo, ref hi);
        bool content = false;
        for (int i = lo; i < hi && !content; i++)
            content = _tokens[i].Kind is TokenKind.Word or TokenKind.Symbol or TokenKind.NumberSet or TokenKind.Begin or TokenKind.Sum or TokenKind.Product or TokenKind.Ellipsis
                or TokenKind.Union or TokenKind.In or TokenKind.Arrow or TokenKind.Function || (_tokens[i].Kind == TokenKind.Unknown && _tokens[i].Text.Length > 2);
        if (!content) return null;
        for (int start = SkipIntroduction(lo, hi); start > lo; start = SkipIntroduction(lo, hi)) lo = start;
        return lo < hi ? new TextAnswer(Flatten(lo, hi)) { IsProse = true } : null;
    }

    private TextAnswer? ReadText(int lo, int hi)
    {
        bool words = false;
        for (int i = lo; i < hi; i++)
        {
            Token token = _tokens[i];
            switch (token.Kind)
            {
                case TokenKind.Word: words = true; break;
                case TokenKind.Letter: words |= token.InText; break;
                case TokenKind.Ellipsis or TokenKind.Angle: words |= hi - lo > 1; break; // 1 + 2 + ... + n is not evaluated, but may be repeated
                case TokenKind.Symbol: words = true; break;
                case TokenKind.Degree: break;
                case TokenKind.Plus or TokenKind.Times or TokenKind.Caret or TokenKind.Underscore or TokenKind.Fraction or TokenKind.Factorial: break;
                case TokenKind.Number or TokenKind.Quote or TokenKind.Period or TokenKind.Comma or TokenKind.Prime or TokenKind.Minus or TokenKind.And
                    or TokenKind.LeftParen or TokenKind.RightParen or TokenKind.Colon or TokenKind.Slash or TokenKind.Semicolon or TokenKind.Or
                    or TokenKind.Function or TokenKind.LeftGroup or TokenKind.RightGroup or TokenKind.Pi or TokenKind.Infinity:
                    break;
                default: return null;
            }
        }
        return words ? new TextAnswer(Flatten(lo, hi)) : null;
    }

    private string Flatten(int lo, int hi) => Flatten(_tokens, lo, hi);

    /// <summary>Words in lower case without articles, quotation marks and final punctuation.</summary>
    public static string Flatten(List<Token> tokens, int lo, int hi)
    {
        StringBuilder text = new();
        for (int i = lo; i < hi; i++)
        {
            Token token = tokens[i];
            if (token.Kind is TokenKind.Quote or TokenKind.Period) continue;
            // Braces round one token say nothing, nor do commas between words.
            if (token.Kind == TokenKind.LeftGroup && i + 2 < hi && tokens[i + 2].Kind == TokenKind.RightGroup) continue;
            if (token.Kind == TokenKind.RightGroup && i - 2 >= lo && tokens[i - 2].Kind == TokenKind.LeftGroup) continue;
            if (token.Kind == TokenKind.Comma && (i == lo || i + 1 == hi || tokens[i - 1].Kind == TokenKind.Word || tokens[i + 1].Kind == TokenKind.Word)) continue;
            if (token.Kind == TokenKind.Word && (token.IsWord("the") || token.IsWord("an") || token.IsWord("only"))) continue;
            bool joined = token.Kind == TokenKind.Letter && !token.Space && i > lo && tokens[i - 1].Kind == TokenKind.Letter;
            if (text.Length > 0 && !joined) text.Append(' ');
            text.Append(token.Text.Length > 0 ? token.Text.ToLowerInvariant() : token.Kind.ToString());
        }
        return text.ToString();
    }
}

using System.Globalization;
using System.Numerics;
using Fractions;
using Rlvr.Math.Expressions;

namespace Rlvr.Math.Reading;

/// <content>Numbers, letters, brackets, functions, matrices.</content>
internal sealed partial class ExpressionParser
{
    private Expression? ParsePrimary(int depth)
    {
        if (IsTooDeep(depth)) return null;
        Token token = Current;
        switch (token.Kind)
        {
            case TokenKind.Number:
                return ParseNumber();
            case TokenKind.Letter:
                return ParseLetter(token);
            case TokenKind.Pi:
                At++;
                return ConstantExpression.Pi;
            case TokenKind.Infinity:
                At++;
                return ConstantExpression.Infinity;
            case TokenKind.LeftGroup when sequence.Match[At] == At + 2 && At + 3 < _end && sequence.Kind(At + 1) == TokenKind.Letter
                && (sequence.Kind(At + 3) is TokenKind.Underscore or TokenKind.Prime || (sequence.Kind(At + 3) == TokenKind.Caret && sequence.Kind(At + 4) == TokenKind.LeftGroup && sequence.Kind(At + 5) == TokenKind.Prime)):
                At += 2; // \mathbf{u}_1: the braces belong to the typeface
                return ParseLetter(_tokens[At - 1]);
            case TokenKind.LeftParen or TokenKind.LeftBracket or TokenKind.LeftGroup:
                return ParseBracketed(depth);
            case TokenKind.LeftFloor:
                return ParseBracketed(depth) is { } floor ? new CallExpression("floor", floor) : null;
            case TokenKind.LeftCeiling:
                return ParseBracketed(depth) is { } ceiling ? new CallExpression("ceil", ceiling) : null;
            case TokenKind.Bar:
                At++;
                _bars++;
                Expression? inside = ParseSum(depth + 1);
                _bars--;
                if (inside is null || Kind != TokenKind.Bar) return null;
                At++;
                return new CallExpression("abs", inside);
            case TokenKind.Norm:
                At++;
                Expression? vector = ParseSum(depth + 1);
                if (vector is null || Kind != TokenKind.Norm) return null;
                At++;
                return new CallExpression("norm", vector);
            case TokenKind.Fraction:
                At++;
                return ParseArgument(depth) is { } numerator && ParseArgument(depth) is { } denominator
                    ? Quotient(numerator, denominator)
                    : null;
            case TokenKind.Binomial:
                At++;
                return ParseArgument(depth) is { } upper && ParseArgument(depth) is { } lower ? new CallExpression("binomial", upper, lower) : null;
            case TokenKind.Sqrt:
                return ParseRoot(depth);
            case TokenKind.Overline:
                At++;
                return Marked(token.Text, ParseArgument(depth));
            case TokenKind.Function:
                return ParseFunction(depth);
            case TokenKind.Sum or TokenKind.Product:
                return ParseSeries(depth);
            case TokenKind.Begin:
                return ParseMatrix(depth);
            case TokenKind.Word:
                int at = At;
                if (!NumberWords.TryReadFraction(_tokens, ref at, _end, out Fraction value)) return depth > 0 ? ParseUprightLetters(token) : null;
                At = at;
                return new RationalExpression(value);
            default:
                return null;
        }
    }

    // \frac{\mathrm{gb}}{f}: inside an expression a short upright run that is no word is a product.
    private Expression? ParseUprightLetters(Token token)
    {
        if (token.Text.Length > 3 || Words.IsKnown(token.Text)) return null;
        At++;
        return Expression.Product([.. token.Text.Select(letter => (Expression)new VariableExpression(UnicodeForms.LetterName(letter)))]);
    }

    // A fraction of two integers is a number.
    private static Expression Quotient(Expression numerator, Expression denominator) =>
        numerator is RationalExpression top && denominator is RationalExpression { Value.IsZero: false } bottom
            ? new RationalExpression(top.Value / bottom.Value)
            : new QuotientExpression(numerator, denominator);

    private RationalExpression? ParseNumber()
    {
        string text = Current.Text;
        if (Decimals.Read(text) is not { } value) return null;
        At++;
        // 0.1\overline{6}
        if (Kind == TokenKind.Overline && !Current.Space && text.Contains('.', StringComparison.Ordinal) && !text.Contains('e', StringComparison.Ordinal)
            && TryGroupedDigits(At + 1, out string period, out int next) && period.Length + text.Length < 400)
        {
            int places = text.Length - text.IndexOf('.', StringComparison.Ordinal) - 1;
            BigInteger nines = BigInteger.Pow(10, period.Length) - 1;
            value += new Fraction(BigInteger.Parse(period, CultureInfo.InvariantCulture), nines * BigInteger.Pow(10, places));
            At = next;
        }
        // 0.333...
        if (Kind == TokenKind.Ellipsis && text.Length is > 4 and < 400 && text.IndexOf('.', StringComparison.Ordinal) is >= 0 and var mark && text.Length - mark > 3
            && text[^1] == text[^2] && text[^2] == text[^3] && char.IsAsciiDigit(text[^3]))
        {
            value += new Fraction(text[^1] - '0', 9 * BigInteger.Pow(10, text.Length - mark - 1));
            At++;
        }
        // 3.2 million
        if (Kind == TokenKind.Word && NumberWords.TryScale(Current.Text, out BigInteger factor))
        {
            value *= new Fraction(factor);
            At++;
        }
        return new RationalExpression(value);
    }

    private bool TryGroupedDigits(int at, out string digits, out int next)
    {
        digits = "";
        bool group = sequence.Kind(at) == TokenKind.LeftGroup && sequence.Match[at] == at + 2;
        next = group ? at + 3 : at + 1;
        int number = group ? at + 1 : at;
        if (number >= _end || _tokens[number].Kind != TokenKind.Number || _tokens[number].Text.AsSpan().ContainsAnyExceptInRange('0', '9')) return false;
        digits = _tokens[number].Text;
        return true;
    }

    private Expression? ParseLetter(Token token)
    {
        At++;
        string name = token.Text;
        if (Kind == TokenKind.Underscore)
        {
            if (!TryReadSubscript(out string subscript)) return null;
            name = name + "_" + subscript;
        }
        while (Kind == TokenKind.Prime) { name += "'"; At++; }
        if (Kind == TokenKind.Caret) TryReadPrimes(ref name);
        // I(0) is the value of a function, not a product with zero.
        if (Kind == TokenKind.LeftParen && !Current.Space && sequence.Match[At] == At + 2 && _tokens[At + 1] is { Kind: TokenKind.Number, Text: "0" } && At + 2 < _end)
        {
            At += 3;
            return new VariableExpression(name + "(0)");
        }
        return name switch
        {
            "e" => ConstantExpression.E,
            "i" => ConstantExpression.I,
            _ => new VariableExpression(name),
        };
    }

    // \bar{x}, \dot{x}_0: another variable than x; over more than a letter the mark means nothing.
    private Expression? Marked(string mark, Expression? operand)
    {
        if (operand is not VariableExpression variable) return operand;
        string name = $"{mark}({variable.Name})";
        if (Kind == TokenKind.Underscore)
        {
            if (!TryReadSubscript(out string subscript)) return null;
            name += "_" + subscript;
        }
        return new VariableExpression(name);
    }

    // y^{\prime}, as many primes as there are; false where something else is raised.
    private bool TryReadPrimes(ref string name)
    {
        int at = At + 1, count = 0;
        bool group = sequence.Kind(at) == TokenKind.LeftGroup;
        if (group) at++;
        while (at < _end && sequence.Kind(at) == TokenKind.Prime) { at++; count++; }
        if (count == 0 || (group && sequence.Kind(at) != TokenKind.RightGroup)) return false;
        name += new string('\'', count);
        At = group ? at + 1 : at;
        return true;
    }

    private bool TryReadSubscript(out string subscript)
    {
        subscript = "";
        int at = At + 1;
        if (at >= _end) return false;
        if (_tokens[at].Kind == TokenKind.LeftGroup && sequence.Match[at] > 0)
        {
            int close = sequence.Match[at];
            if (close - at > 12) return false;
            for (int i = at + 1; i < close; i++) subscript += _tokens[i].Text.Length > 0 ? _tokens[i].Text : _tokens[i].Kind.ToString();
            At = close + 1;
            return true;
        }
        subscript = _tokens[at].Text;
        At = at + 1;
        return subscript.Length > 0;
    }

    // Any bracket round one expression. Layers of brackets directly inside each other cost no depth.
    private Expression? ParseBracketed(int depth)
    {
        int open = At, close = sequence.Match[open];
        if (close < 0 || close >= _end) return null;
        int innerOpen = open, innerClose = close;
        while (TokenSequence.IsOpen(sequence.Kind(innerOpen + 1)) && sequence.Match[innerOpen + 1] == innerClose - 1
            && sequence.Kind(innerOpen + 1) is TokenKind.LeftParen or TokenKind.LeftGroup && innerOpen + 1 < innerClose - 1)
        {
            innerOpen++;
            innerClose--;
        }
        if (!Matching(innerOpen, innerClose)) return null;
        (int outerEnd, int outerBars) = (_end, _bars);
        At = innerOpen + 1;
        _end = innerClose;
        _bars = 0;
        Expression? inside = ParseSum(depth + 1);
        bool whole = At == innerClose;
        _end = outerEnd;
        _bars = outerBars;
        if (inside is null || !whole) return null;
        At = close + 1;
        return inside;
    }

    private bool Matching(int open, int close) => (_tokens[open].Kind, _tokens[close].Kind)
        is not ((TokenKind.LeftParen, TokenKind.RightBracket) or (TokenKind.LeftBracket, TokenKind.RightParen));

    // The argument of a command: a group, or a single token.
    private Expression? ParseArgument(int depth)
    {
        if (Kind == TokenKind.LeftGroup) return ParseBracketed(depth);
        bool negative = Kind == TokenKind.Minus;
        if (negative) At++;
        Expression? argument = ParsePrimary(depth + 1);
        return argument is not null && negative ? Expression.Negate(argument) : argument;
    }

    private CallExpression? ParseRoot(int depth)
    {
        At++;
        Expression? index = null;
        if (Kind == TokenKind.LeftBracket && sequence.Match[At] is int close && close > 0 && close < _end
            && sequence.Kind(close + 1) is TokenKind.LeftGroup or TokenKind.Number or TokenKind.Letter or TokenKind.LeftParen && _tokens[close].Kind == TokenKind.RightBracket)
        {
            index = ParseBracketed(depth);
            if (index is null) return null;
        }
        Expression? radicand = Kind is TokenKind.LeftParen or TokenKind.LeftBracket ? ParseBracketed(depth) : ParseArgument(depth);
        if (radicand is null) return null;
        return index is null ? new CallExpression("sqrt", radicand) : new CallExpression("root", radicand, index);
    }

    private static bool IsAngular(string function) => function is "sin" or "cos" or "tan" or "cot" or "sec" or "csc" or "cis";

    private Expression? ParseFunction(int depth)
    {
        string name = Current.Text;
        At++;
        Expression? index = null, power = null;
        while (Kind is TokenKind.Underscore or TokenKind.Caret)
        {
            bool below = Kind == TokenKind.Underscore;
            At++;
            Expression? script = below ? ParseArgument(depth) : ParseExponent(depth + 1);
            if (script is null) return null;
            if (below) index = script;
            else power = script;
        }
        if (power is RationalExpression inverse && inverse.Value.Equals(Fraction.MinusOne) && IsAngular(name))
        {
            name = "arc" + name;
            power = null;
        }
        _angles += IsAngular(name) ? 1 : 0;
        List<Expression>? arguments = ParseArguments(depth);
        _angles -= IsAngular(name) ? 1 : 0;
        if (arguments is null) return null;
        if (index is not null)
        {
            if (name != "log") return null;
            arguments.Add(index);
        }
        if (name == "det") return arguments is [MatrixExpression matrix] ? Determinant(matrix) : null;
        Expression call = new CallExpression(name, [.. arguments]);
        return power is null ? call : new PowerExpression(call, power);
    }

    // sin(x), \max(1, 2), \sin 2x
    private List<Expression>? ParseArguments(int depth)
    {
        if (Kind is TokenKind.LeftParen or TokenKind.LeftBracket or TokenKind.LeftSet && sequence.Match[At] is int close && close > 0 && close < _end)
        {
            List<Expression> arguments = [];
            int outer = _end, start = At + 1;
            for (int i = start; i <= close; i++)
            {
                if (i < close && TokenSequence.IsOpen(_tokens[i].Kind) && sequence.Match[i] > i) { i = sequence.Match[i]; continue; }
                if (i < close && _tokens[i].Kind != TokenKind.Comma) continue;
                (At, _end) = (start, i);
                Expression? argument = ParseSum(depth + 1);
                bool whole = At == i;
                _end = outer;
                if (argument is null || !whole) return null;
                arguments.Add(argument);
                start = i + 1;
            }
            At = close + 1;
            return arguments;
        }
        List<Expression> factors = [];
        while (factors.Count == 0 || (StartsFactor(Kind) && Kind is not (TokenKind.Function or TokenKind.LeftParen or TokenKind.Begin)))
        {
            if (depth > MaxDepth) return null;
            bool negative = factors.Count == 0 && Kind == TokenKind.Minus;
            if (negative) At++;
            Expression? factor = ParsePower(depth + 1, true);
            if (factor is null) return null;
            factors.Add(negative ? Expression.Negate(factor) : factor);
            // \sin 2 \cdot x is \sin 2x; \sin x \cdot y is not.
            if (Kind == TokenKind.Times && factors is [RationalExpression] && sequence.Kind(At + 1) is TokenKind.Letter or TokenKind.Pi && At + 1 < _end) At++;
        }
        return [Expression.Product(factors)];
    }

    private SeriesExpression? ParseSeries(int depth)
    {
        bool product = Kind == TokenKind.Product;
        At++;
        string? index = null;
        Expression? from = null, to = null;
        while (Kind is TokenKind.Underscore or TokenKind.Caret)
        {
            bool below = Kind == TokenKind.Underscore;
            At++;
            if (!below) to = ParseExponent(depth + 1);
            else
            {
                int open = At, close = Kind == TokenKind.LeftGroup ? sequence.Match[open] : -1;
                if (close < 0 || close >= _end || sequence.Kind(open + 1) != TokenKind.Letter || sequence.Kind(open + 2) != TokenKind.Equal) return null;
                index = _tokens[open + 1].Text;
                (int outer, At, _end) = (_end, open + 3, close);
                from = ParseSum(depth + 1);
                _end = outer;
                if (At != close) return null;
                At = close + 1;
            }
        }
        if (index is null || from is null || to is null || index is "e") return null;
        Expression? body = ParseTerm(depth + 1);
        return body is null ? null : new SeriesExpression(product, index, from, to, body);
    }
}

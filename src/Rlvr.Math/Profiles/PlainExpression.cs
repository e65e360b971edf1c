using Rlvr.Math.Expressions;
using Rlvr.Math.Reading;

namespace Rlvr.Math.Profiles;

/// <summary>
/// Reads an expression written in plain text, with implicit multiplication: 2sqrt(3)/3, 3x^2. Every letter is a variable but those of
/// sqrt and pi.
/// </summary>
internal sealed class PlainExpression
{
    private const int MaxDepth = 60;
    private const int MaxHeight = 300;

    private readonly string _text;
    private readonly DecimalReader _decimals;
    private int _at;
    private int _inside; // exponents and roots round this place
    private bool _decimal;
    private bool _decimalInside;

    private PlainExpression(string text, DecimalReader decimals) => (_text, _decimals) = (text, decimals);

    /// <summary>What was read, and where decimal points stand in it.</summary>
    /// <param name="Expression">The expression.</param>
    /// <param name="HasDecimal">Whether a number has a decimal point.</param>
    /// <param name="HasDecimalInside">Whether one stands in an exponent or under a root.</param>
    public sealed record Result(Expression Expression, bool HasDecimal, bool HasDecimalInside);

    public static Result? Parse(string text, DecimalReader decimals)
    {
        PlainExpression parser = new(text, decimals);
        Expression? expression = parser.Sum(0);
        return expression is not null && parser._at == text.Length ? new(expression, parser._decimal, parser._decimalInside) : null;
    }

    /// <summary>The value in double precision; null where there are roots, constants or variables.</summary>
    public static double? ToDouble(Expression expression)
    {
        switch (expression)
        {
            case RationalExpression rational:
                return rational.Value.ToDouble();
            case SumExpression sum:
                double total = 0;
                foreach (Expression term in sum.Terms)
                {
                    if (ToDouble(term) is not { } value) return null;
                    total += value;
                }
                return total;
            case ProductExpression product:
                double result = 1;
                foreach (Expression factor in product.Factors)
                {
                    if (ToDouble(factor) is not { } value) return null;
                    result *= value;
                }
                return result;
            case QuotientExpression quotient:
                return ToDouble(quotient.Numerator) / ToDouble(quotient.Denominator);
            case PowerExpression power:
                return ToDouble(power.Base) is { } @base && ToDouble(power.Exponent) is { } exponent ? double.Pow(@base, exponent) : null;
            default:
                return null;
        }
    }

    private char Current => _at < _text.Length ? _text[_at] : '\0';

    private Expression? Sum(int depth)
    {
        if (depth > MaxDepth) return null;
        List<Expression> terms = [];
        while (true)
        {
            bool negative = false, any = terms.Count == 0;
            while (Current is '+' or '-')
            {
                negative ^= Current == '-';
                any = true;
                _at++;
            }
            if (!any) return Expression.Sum(terms);
            Expression? term = Product(depth);
            if (term is null) return null;
            terms.Add(negative ? Expression.Negate(term) : term);
        }
    }

    private Expression? Product(int depth)
    {
        Expression? current = Power(depth);
        List<Expression> factors = [];
        while (current is not null)
        {
            factors.Add(current);
            char c = Current;
            if (c == '*')
            {
                _at++;
                current = SignedPower(depth);
            }
            else if (c == '/')
            {
                _at++;
                if (SignedPower(depth) is not { } divisor) return null;
                current = new QuotientExpression(Expression.Product(factors), divisor);
                if (current.Height > MaxHeight) return null;
                factors = [];
            }
            else if (char.IsAsciiDigit(c) || c is '(' or '.' || char.IsLetter(c)) current = Power(depth);
            else return Expression.Product(factors);
        }
        return null;
    }

    private Expression? SignedPower(int depth)
    {
        bool negative = false;
        while (Current is '+' or '-')
        {
            negative ^= Current == '-';
            _at++;
        }
        Expression? power = Power(depth);
        return power is not null && negative ? Expression.Negate(power) : power;
    }

    private Expression? Power(int depth)
    {
        if (depth > MaxDepth) return null;
        Expression? primary = Primary(depth);
        for (int i = 0; i < 3 && primary is not null && Current == '!'; i++)
        {
            _at++;
            primary = new CallExpression("factorial", primary);
        }
        if (primary is null) return null;
        bool stars = Current == '*' && _at + 1 < _text.Length && _text[_at + 1] == '*';
        if (Current != '^' && !stars) return primary;
        _at += stars ? 2 : 1;
        bool negative = false;
        while (Current is '+' or '-')
        {
            negative ^= Current == '-';
            _at++;
        }
        _inside++;
        Expression? exponent = Power(depth + 1);
        _inside--;
        return exponent is null ? null : new PowerExpression(primary, negative ? Expression.Negate(exponent) : exponent);
    }

    private Expression? Primary(int depth)
    {
        char c = Current;
        if (char.IsAsciiDigit(c) || c == '.')
        {
            int start = _at;
            while (char.IsAsciiDigit(Current) || Current == '.') _at++;
            string digits = _text[start.._at];
            if (digits.AsSpan().Count('.') > 1 || digits == ".") return null;
            if (Current == 'e' && _at + 1 < _text.Length && (char.IsAsciiDigit(_text[_at + 1]) || (_text[_at + 1] is '-' or '+' && _at + 2 < _text.Length && char.IsAsciiDigit(_text[_at + 2]))))
            {
                int mark = _at;
                _at += 2;
                while (char.IsAsciiDigit(Current)) _at++;
                digits += _text[mark.._at];
            }
            _decimal |= digits.Contains('.', StringComparison.Ordinal);
            if (_decimals.Read(digits) is not { } value) return null;
            _decimalInside |= _inside > 0 && !value.Denominator.IsOne;
            return new RationalExpression(value);
        }
        if (c == '(')
        {
            _at++;
            Expression? inside = Sum(depth + 1);
            if (inside is null || Current != ')') return null;
            _at++;
            return inside;
        }
        if (_text.AsSpan(_at).StartsWith("sqrt("))
        {
            _at += 4;
            _inside++;
            Expression? radicand = Primary(depth);
            _inside--;
            return radicand is null ? null : new CallExpression("sqrt", radicand);
        }
        if (_text.AsSpan(_at).StartsWith("ln("))
        {
            _at += 2;
            return Primary(depth) is { } argument ? new CallExpression("ln", argument) : null;
        }
        if (_text.AsSpan(_at).StartsWith("pi"))
        {
            _at += 2;
            return ConstantExpression.Pi;
        }
        if (!char.IsLetter(c)) return null;
        _at++;
        return new VariableExpression(c.ToString());
    }
}

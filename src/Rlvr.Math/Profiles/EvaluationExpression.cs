using System.Runtime.CompilerServices;
using System.Text;
using Fractions;
using Rlvr.Math.Expressions;
using Rlvr.Math.Reading;

namespace Rlvr.Math.Profiles;

/// <summary>
/// Reads LaTeX as the evaluation's reader does: as much from the left as makes an expression or one relation; every letter and every
/// unknown command is a variable (pi, e and i too), a colon divides, and a character it does not know makes the text unreadable.
/// </summary>
internal sealed class EvaluationExpression
{
    private const int MaxDepth = 60;
    private const int MaxHeight = 300;

    private static readonly string[] Ignored = ["quad", "qquad", "left", "right", "negthinspace", "thinspace"];

    private readonly string _text;
    private readonly DecimalReader _decimals = new();
    private int _at;
    private bool _failed;

    private EvaluationExpression(string text) => _text = text;

    /// <summary>An expression, or the difference of the sides of a relation.</summary>
    /// <param name="Difference">The expression, or left side less right side.</param>
    /// <param name="Operator">The relation, where it is one.</param>
    public sealed record Result(Expression Difference, string? Operator);

    public static Result? Read(string text)
    {
        EvaluationExpression reader = new(text.Replace("\\\\", "\\"));
        Expression? left = reader.Sum(0);
        if (left is null || reader._failed) return null;
        string? op = reader.Relation();
        if (op is null) return reader._failed || reader.AtUnknown() ? null : new(left, null);
        Expression? right = reader.Sum(0);
        // A chain of relations cannot be read.
        return right is null || reader._failed || reader.Relation() is not null || reader.AtUnknown()
            ? null
            : new(new SumExpression([left, Expression.Negate(right)]), op);
    }

    private char Current
    {
        get
        {
            Skip();
            return _at < _text.Length ? _text[_at] : '\0';
        }
    }

    // Spaces and spacing commands.
    private void Skip()
    {
        while (_at < _text.Length)
        {
            if (char.IsWhiteSpace(_text[_at]) || _text[_at] == '~') { _at++; continue; }
            if (_text[_at] != '\\') return;
            if (_at + 1 < _text.Length && _text[_at + 1] is ',' or ';' or ':' or '!') { _at += 2; continue; }
            string name = Command();
            if (!Ignored.Contains(name)) return;
            _at += name.Length + 1;
        }
    }

    private string Command()
    {
        int end = _at + 1;
        while (end < _text.Length && char.IsAsciiLetter(_text[end])) end++;
        return _text[(_at + 1)..end];
    }

    private bool AtUnknown()
    {
        char c = Current;
        if (_at >= _text.Length) return false;
        return c == '\\' ? Command().Length == 0 : c is not (',' or ')' or ']' or '}' or '|' or '&' or '_' or '\'');
    }

    private string? Relation()
    {
        char c = Current;
        if (c is '=' or '<' or '>')
        {
            _at++;
            return c.ToString();
        }
        if (c != '\\') return null;
        string name = Command();
        if (name is not ("le" or "ge" or "ne" or "lt" or "gt" or "leq" or "geq" or "neq")) return null;
        _at += name.Length + 1;
        return name;
    }

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
        List<Expression> factors = [];
        Expression? next = Power(depth);
        while (next is not null)
        {
            factors.Add(next);
            char c = Current;
            string command = c == '\\' ? Command() : "";
            if (c == '*' || command is "cdot" or "times")
            {
                _at += c == '*' ? 1 : command.Length + 1;
                next = Signed(depth);
            }
            else if (c is '/' or ':' || command == "div")
            {
                _at += c == '\\' ? 4 : 1;
                if (Signed(depth) is not { } divisor) return null;
                Expression quotient = new QuotientExpression(Expression.Product(factors), divisor);
                if (quotient.Height > MaxHeight) return null;
                factors.Clear();
                next = quotient;
            }
            else if (StartsFactor(c, command)) next = Power(depth);
            else return Expression.Product(factors);
        }
        return null;
    }

    private static bool StartsFactor(char c, string command) => char.IsAsciiLetterOrDigit(c) || c is '(' or '[' or '{' or '.'
        || (c == '\\' && command.Length > 0 && command is not ("le" or "ge" or "ne" or "lt" or "gt" or "leq" or "geq" or "neq" or "rfloor" or "rceil" or "end"));

    private Expression? Signed(int depth)
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
        Expression? result = depth > MaxDepth ? null : Primary(depth);
        while (result is not null && result.Height <= MaxHeight)
        {
            if (Current == '!')
            {
                _at++;
                result = new CallExpression("factorial", result);
                continue;
            }
            if (Current != '^') return result;
            _at++;
            Expression? exponent = Current == '{' ? Group(depth + 1) : Single();
            if (exponent is null) return null;
            result = new PowerExpression(result, exponent);
        }
        return null;
    }

    // Without braces an exponent or argument is one character or command; numbers stay whole in exponents.
    private Expression? Single()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack()) return null;
        char c = Current;
        if (c == '-')
        {
            _at++;
            return Single() is { } operand ? Expression.Negate(operand) : null;
        }
        return char.IsAsciiDigit(c) ? Number() : char.IsAsciiLetter(c) ? Letter() : c == '\\' ? Primary(MaxDepth) : null;
    }

    private RationalExpression? Number()
    {
        // Digits with spacing commands between them are one number.
        StringBuilder number = new();
        bool point = false;
        while (true)
        {
            char c = Current;
            if (char.IsAsciiDigit(c)) number.Append(c);
            else if (c == '.' && !point && _at + 1 < _text.Length && char.IsAsciiDigit(_text[_at + 1]))
            {
                point = true;
                number.Append(c);
            }
            else if (!(c == ',' && !point && _at + 3 < _text.Length && char.IsAsciiDigit(_text[_at + 1]) && char.IsAsciiDigit(_text[_at + 2])
                && char.IsAsciiDigit(_text[_at + 3]) && (_at + 4 == _text.Length || !char.IsAsciiDigit(_text[_at + 4])))) break;
            _at++;
        }
        string digits = number.ToString();
        return digits.Length > 0 && _decimals.Read(digits) is { } value ? new RationalExpression(value) : null;
    }

    private VariableExpression Letter()
    {
        string name = _text[_at++].ToString();
        if (_at < _text.Length && _text[_at] == '_')
        {
            int end = _at + 1 < _text.Length && _text[_at + 1] == '{' ? _text.IndexOf('}', _at) + 1 : _at + 2;
            if (end > _at && end <= _text.Length)
            {
                name += _text[_at..end].Replace("{", "").Replace("}", "");
                _at = end;
            }
        }
        return new VariableExpression(name);
    }

    private Expression? Group(int depth)
    {
        char open = Current;
        char close = open switch { '(' => ')', '[' => ']', _ => '}' };
        _at++;
        Expression? inside = Sum(depth + 1);
        if (inside is null || Current != close)
        {
            _failed = true;
            return null;
        }
        _at++;
        return inside;
    }

    private Expression? Primary(int depth)
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack()) return null;
        char c = Current;
        if (char.IsAsciiDigit(c) || (c == '.' && _at + 1 < _text.Length && char.IsAsciiDigit(_text[_at + 1]))) return Number();
        if (char.IsAsciiLetter(c)) return Letter();
        if (c is '(' or '[' or '{') return Group(depth);
        if (c == '|')
        {
            _at++;
            Expression? inside = Sum(depth + 1);
            if (inside is null || Current != '|') return null;
            _at++;
            return new CallExpression("abs", inside);
        }
        if (c != '\\') return null;
        string name = Command();
        if (name.Length == 0) return null;
        _at += name.Length + 1;
        switch (name)
        {
            case "frac" or "binom":
                if (Argument(depth) is not { } upper || Argument(depth) is not { } lower) return null;
                return name == "frac" ? new QuotientExpression(upper, lower) : new CallExpression("binomial", upper, lower);
            case "sqrt":
                Expression? index = Current == '[' ? Group(depth) : null;
                if (Argument(depth) is not { } radicand) return null;
                return index is null ? new CallExpression("sqrt", radicand) : new CallExpression("root", radicand, index);
            case "lfloor" or "lceil":
                Expression? inside = Sum(depth + 1);
                if (inside is null || Current != '\\' || Command() != "r" + name[1..]) return null;
                _at += name.Length + 1;
                return new CallExpression(name == "lfloor" ? "floor" : "ceil", inside);
            case "sin" or "cos" or "tan" or "cot" or "sec" or "csc" or "ln" or "exp" or "arcsin" or "arccos" or "arctan" or "log":
                return Function(name, depth);
            case "infty":
                return ConstantExpression.Infinity;
            case "sum" or "prod" or "int" or "lim" or "begin" or "end":
                _failed = true;
                return null;
            default:
                return new VariableExpression("\\" + name);
        }
    }

    // \sin^{3}(x), \sin^{-1}(x), \log_{2}(x)
    private Expression? Function(string name, int depth)
    {
        Expression? power = null, index = null;
        while (Current is '^' or '_')
        {
            bool above = Current == '^';
            _at++;
            if (Argument(depth) is not { } script) return null;
            if (above) power = script;
            else index = script;
        }
        Expression? argument = Current is '(' or '{' or '[' ? Group(depth) : Product(depth + 1);
        if (argument is null) return null;
        if (power is RationalExpression inverse && inverse.Value.Equals(Fraction.MinusOne) && name is "sin" or "cos" or "tan") (name, power) = ("arc" + name, null);
        Expression call = index is not null && name == "log" ? new CallExpression(name, argument, index) : new CallExpression(name, argument);
        return power is null ? call : new PowerExpression(call, power);
    }

    private Expression? Argument(int depth)
    {
        if (Current == '{') return Group(depth);
        if (!char.IsAsciiDigit(Current)) return Single();
        return _decimals.Read(_text[_at++].ToString()) is { } digit ? new RationalExpression(digit) : null;
    }
}

using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using Fractions;
using Rlvr.Math.Expressions;

namespace Rlvr.Math.Reading;

/// <summary>
/// Reads an expression from tokens by recursive descent of bounded depth. A method that cannot read returns null; nothing throws.
/// </summary>
internal sealed partial class ExpressionParser(TokenSequence sequence)
{
    /// <summary>Nesting beyond this is not read.</summary>
    public const int MaxDepth = 160;

    /// <summary>Trees higher than this are not built: <c>1/2/3/...</c> is a high tree without nesting.</summary>
    private const int MaxHeight = 400;

    private readonly List<Token> _tokens = sequence.Tokens;
    private int _end;
    private int _bars;
    private int _angles; // inside the argument of a trigonometric function

    /// <summary>Reads the numbers of this answer.</summary>
    public DecimalReader Decimals { get; } = new();

    /// <summary>The next token to read.</summary>
    public int At { get; private set; }

    /// <summary>Whether a degree sign stood behind a value that is no argument of a trigonometric function.</summary>
    public bool SawDegree { get; private set; }

    public bool SawPercent { get; private set; }

    public int PlusMinusSigns { get; private set; }

    private Token Current => At < _end ? _tokens[At] : new Token(TokenKind.End, "", false, false);

    private TokenKind Kind => At < _end ? _tokens[At].Kind : TokenKind.End;

    /// <summary>Reads as much of [start, end) as makes an expression; <see cref="At"/> tells where it stopped.</summary>
    public Expression? Parse(int start, int end)
    {
        (At, _end, _bars, _angles) = (start, end, 0, 0);
        (SawDegree, SawPercent, PlusMinusSigns) = (false, false, 0);
        return ParseSum(0);
    }

    /// <summary>Reads [start, end) as one expression, or nothing.</summary>
    public Expression? ParseWhole(int start, int end)
    {
        Expression? expression = Parse(start, end);
        return At == end ? expression : null;
    }

    // Deep enough for everything that is read, and for the stack.
    private static bool IsTooDeep(int depth) => depth > MaxDepth || !RuntimeHelpers.TryEnsureSufficientExecutionStack();

    private Expression? ParseSum(int depth)
    {
        if (IsTooDeep(depth)) return null;
        List<Expression> terms = [];
        while (true)
        {
            bool negative = false;
            int signs = 0; // 1: plus-minus, 2: minus-plus
            bool any = false;
            while (Kind is TokenKind.Plus or TokenKind.Minus or TokenKind.PlusMinus or TokenKind.MinusPlus)
            {
                if (Kind == TokenKind.Minus) negative = !negative;
                if (Kind == TokenKind.PlusMinus) signs = 1;
                if (Kind == TokenKind.MinusPlus) signs = 2;
                At++;
                any = true;
            }
            if (terms.Count > 0 && !any) break;
            Expression? term = ParseTerm(depth);
            if (term is null) return null;
            if (negative) term = Expression.Negate(term);
            if (signs != 0) term = new PlusMinusExpression(term, signs == 2, PlusMinusSigns++);
            terms.Add(term);
            if (Kind is TokenKind.Over or TokenKind.Choose)
            {
                bool choose = Kind == TokenKind.Choose;
                At++;
                Expression? below = ParseSum(depth + 1);
                if (below is null) return null;
                Expression above = Expression.Sum(terms);
                return choose ? new CallExpression("binomial", above, below) : new QuotientExpression(above, below);
            }
        }
        return Expression.Sum(terms);
    }

    private Expression? ParseTerm(int depth)
    {
        Expression? first = ParsePower(depth, true);
        if (first is null) return null;
        List<Expression>? factors = null;
        Expression current = first;
        while (true)
        {
            TokenKind kind = Kind;
            Expression? next;
            if (kind == TokenKind.Times)
            {
                At++;
                next = ParseSignedPower(depth);
            }
            else if (kind == TokenKind.Slash)
            {
                At++;
                next = ParseSignedPower(depth);
                if (next is null) return null;
                Expression numerator = factors is null ? current : Expression.Product(factors);
                current = new QuotientExpression(numerator, next);
                if (current.Height > MaxHeight) return null;
                factors = null;
                continue;
            }
            else if (StartsFactor(kind))
            {
                next = ParsePower(depth, false);
            }
            else break;
            if (next is null) return null;
            factors ??= [current];
            factors.Add(next);
        }
        return factors is null ? current : Expression.Product(factors);
    }

    private bool StartsFactor(TokenKind kind) => kind switch
    {
        TokenKind.Letter => IsFactorLetter(At),
        TokenKind.Pi or TokenKind.Infinity or TokenKind.Function or TokenKind.Sqrt or TokenKind.Fraction or TokenKind.Binomial
            or TokenKind.LeftGroup or TokenKind.LeftFloor or TokenKind.LeftCeiling or TokenKind.Begin or TokenKind.Sum or TokenKind.Product
            or TokenKind.Overline => true,
        TokenKind.LeftParen or TokenKind.LeftBracket => !_tokens[At].InText && !IsRemark(At), // a remark: 5 \text{ (in total)}
        TokenKind.Number => At > 0 && _tokens[At - 1].Kind is not TokenKind.Number,
        TokenKind.Bar => _bars == 0,
        _ => false,
    };

    // 9 (apples): words in parentheses are no factor.
    private bool IsRemark(int at)
    {
        Token first = _tokens[at + 1];
        if (first.Kind == TokenKind.Word) return !NumberWords.IsPart(first.Text);
        if (!_tokens[at].Space || sequence.Kind(at - 1) != TokenKind.Number || sequence.Match[at] < at + 3) return false;
        bool words = false;
        int letters = 0; // of a run that was taken for a product
        for (int i = at + 1; i < sequence.Match[at]; i++)
        {
            if (_tokens[i].Kind == TokenKind.Word) words = true;
            else if (_tokens[i].Kind != TokenKind.Pi && (_tokens[i].Kind != TokenKind.Letter || _tokens[i].Text.Length != 1)) return false;
            letters = i > at + 1 && _tokens[i].Space ? 1 : letters + (_tokens[i].Kind == TokenKind.Pi ? 2 : 1);
            words |= letters >= 3;
        }
        return words;
    }

    // Letters inside \text{} are units, but for the few that are hardly ever; after a degree sign C and F are temperatures.
    private bool IsFactorLetter(int at)
    {
        Token letter = _tokens[at];
        if (sequence.IsSpeed(at)) return false;
        if (letter.InText) return letter.Text is "i" or "e" or "x" or "y" or "n";
        bool afterDegree = sequence.Kind(at - 1) == TokenKind.Degree
            || (sequence.Kind(at - 1) == TokenKind.RightGroup && sequence.Kind(at - 2) == TokenKind.Degree);
        return !(afterDegree && letter.Text is "C" or "F");
    }

    private Expression? ParseSignedPower(int depth)
    {
        bool negative = false;
        while (Kind is TokenKind.Plus or TokenKind.Minus)
        {
            negative ^= Kind == TokenKind.Minus;
            At++;
        }
        Expression? power = ParsePower(depth, true);
        return power is not null && negative ? Expression.Negate(power) : power;
    }

    private Expression? ParsePower(int depth, bool mayBeMixed)
    {
        Expression? result = ParsePostfix(depth, mayBeMixed);
        if (result is null || Kind != TokenKind.Caret) return result;
        At++;
        Expression? exponent = ParseExponent(depth + 1);
        if (exponent is null) return null;
        Expression power = Combinatorial(result, exponent) ?? new PowerExpression(result, exponent);
        return ParseTrailing(power);
    }

    // C_5^2 is a binomial coefficient, A_5^2 and P_5^2 count arrangements.
    private static Expression? Combinatorial(Expression letter, Expression exponent)
    {
        if (letter is not VariableExpression { Name: ['C' or 'A' or 'P', '_', .. var subscript] } || exponent is not RationalExpression { Value: var k }) return null;
        if (!int.TryParse(subscript, NumberStyles.None, CultureInfo.InvariantCulture, out int n) || !k.Denominator.IsOne || k.IsNegative || k.CompareTo(new Fraction(n)) > 0) return null;
        Expression upper = new RationalExpression(new Fraction(n));
        Expression choose = new CallExpression("binomial", upper, exponent);
        return letter is VariableExpression { Name: ['C', ..] } ? choose : new ProductExpression([choose, new CallExpression("factorial", exponent)]);
    }

    // What follows ^: a group, or one token with its sign and, right-associated, its own exponent.
    private Expression? ParseExponent(int depth)
    {
        if (IsTooDeep(depth)) return null;
        if (Kind == TokenKind.LeftGroup)
        {
            Expression? group = ParseBracketed(depth);
            if (group is null || Kind != TokenKind.Caret) return group;
            At++;
            Expression? higher = ParseExponent(depth + 1);
            return higher is null ? null : new PowerExpression(group, higher);
        }
        bool negative = false;
        while (Kind is TokenKind.Minus or TokenKind.Plus)
        {
            negative ^= Kind == TokenKind.Minus;
            At++;
        }
        Expression? exponent = ParsePrimary(depth);
        if (exponent is not null && Kind == TokenKind.Caret)
        {
            At++;
            Expression? higher = ParseExponent(depth + 1);
            if (higher is null) return null;
            exponent = new PowerExpression(exponent, higher);
        }
        return exponent is not null && negative ? Expression.Negate(exponent) : exponent;
    }

    private Expression? ParsePostfix(int depth, bool mayBeMixed)
    {
        if (mayBeMixed && Kind == TokenKind.Number && TryParseMixed() is { } mixed) return ParseTrailing(mixed);
        Expression? primary = ParsePrimary(depth);
        return primary is null ? null : ParseTrailing(primary);
    }

    // Factorials, degrees, percent signs.
    private Expression? ParseTrailing(Expression operand)
    {
        while (true)
        {
            if (operand.Height > MaxHeight) return null;
            if (Kind == TokenKind.Factorial)
            {
                At++;
                operand = new CallExpression("factorial", operand);
            }
            else if (Kind == TokenKind.Caret && OrdinalAt(At + 1) is int end && end > 0) At = end;
            else if (Kind == TokenKind.Degree) { At++; operand = WithDegree(operand); }
            else if (Kind == TokenKind.Caret && sequence.Kind(At + 1) == TokenKind.Degree && At + 1 < _end) { At += 2; operand = WithDegree(operand); }
            else if (Kind == TokenKind.Caret && sequence.Kind(At + 1) == TokenKind.LeftGroup && sequence.Kind(At + 2) == TokenKind.Degree
                && sequence.Kind(At + 3) == TokenKind.RightGroup && At + 3 < _end) { At += 4; operand = WithDegree(operand); }
            else if (Kind == TokenKind.Percent) { At++; SawPercent = true; }
            else if (Kind == TokenKind.LeftGroup && sequence.Kind(At + 1) == TokenKind.Percent && sequence.Match[At] == At + 2)
            {
                At += 3;
                SawPercent = true;
            }
            else return operand;
        }
    }

    // 5^{th}: where the ending stops, 0 where there is none.
    private int OrdinalAt(int at)
    {
        bool group = sequence.Kind(at) == TokenKind.LeftGroup;
        int word = group ? at + 1 : at;
        if (word >= _end || _tokens[word].Kind != TokenKind.Word || _tokens[word].Text is not ("th" or "st" or "nd" or "rd")) return 0;
        return !group ? word + 1 : sequence.Match[at] == word + 1 ? word + 2 : 0;
    }

    private Expression WithDegree(Expression operand)
    {
        if (_angles > 0)
            return new QuotientExpression(new ProductExpression([operand, ConstantExpression.Pi]), new RationalExpression(new Fraction(180)));
        SawDegree = true;
        return operand;
    }

    // 3 1/2, 3\frac{1}{2}: an integer directly before a proper fraction of two integers.
    private RationalExpression? TryParseMixed()
    {
        if (!TryInteger(At, out BigInteger whole)) return null;
        int at = At + 1;
        BigInteger numerator, denominator;
        int next;
        if (sequence.Kind(at) == TokenKind.Fraction)
        {
            if (!TryGroupedInteger(at + 1, out numerator, out next) || !TryGroupedInteger(next, out denominator, out next)) return null;
        }
        else if (sequence.Kind(at) == TokenKind.Number && _tokens[at].Space && sequence.Kind(at + 1) == TokenKind.Slash
            && TryInteger(at, out numerator) && TryInteger(at + 2, out denominator)) next = at + 3;
        else return null;
        if (next > _end || numerator.Sign <= 0 || numerator >= denominator) return null;
        At = next;
        return new RationalExpression(new Fraction((whole * denominator) + numerator, denominator));
    }

    private bool TryInteger(int at, out BigInteger value)
    {
        value = default;
        return at < _end && _tokens[at].Kind == TokenKind.Number && _tokens[at].Text.Length < 400
            && BigInteger.TryParse(_tokens[at].Text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }

    private bool TryGroupedInteger(int at, out BigInteger value, out int next)
    {
        if (sequence.Kind(at) == TokenKind.LeftGroup && sequence.Match[at] == at + 2)
        {
            next = at + 3;
            return TryInteger(at + 1, out value);
        }
        next = at + 1;
        return TryInteger(at, out value);
    }
}

using Fractions;

namespace Rlvr.Math.Expressions;

/// <summary>A mathematical expression as it was written: nothing is evaluated yet.</summary>
internal abstract class Expression
{
    public static RationalExpression Zero { get; } = new(Fraction.Zero);
    public static RationalExpression One { get; } = new(Fraction.One);
    public static RationalExpression MinusOne { get; } = new(Fraction.MinusOne);

    public static Expression Negate(Expression operand) => operand is RationalExpression rational
        ? new RationalExpression(-rational.Value)
        : new ProductExpression([MinusOne, operand]);

    public static Expression Sum(List<Expression> terms) => terms.Count == 1 ? terms[0] : new SumExpression([.. terms]);

    public static Expression Product(List<Expression> factors) => factors.Count == 1 ? factors[0] : new ProductExpression([.. factors]);
}

/// <summary>A rational number.</summary>
internal sealed class RationalExpression(Fraction value) : Expression
{
    public Fraction Value { get; } = value;
    public override string ToString() => Value.Denominator.IsOne ? Value.Numerator.ToString() : $"{Value.Numerator}/{Value.Denominator}";
}

/// <summary>Named constants.</summary>
internal enum Constant { Pi, E, I, Infinity }

internal sealed class ConstantExpression(Constant constant) : Expression
{
    public static ConstantExpression Pi { get; } = new(Constant.Pi);
    public static ConstantExpression E { get; } = new(Constant.E);
    public static ConstantExpression I { get; } = new(Constant.I);
    public static ConstantExpression Infinity { get; } = new(Constant.Infinity);

    public Constant Constant { get; } = constant;
    public override string ToString() => Constant switch { Constant.Pi => "pi", Constant.E => "e", Constant.I => "i", _ => "infinity" };
}

internal sealed class VariableExpression(string name) : Expression
{
    public string Name { get; } = name;
    public override string ToString() => Name;
}

internal sealed class SumExpression(Expression[] terms) : Expression
{
    public Expression[] Terms { get; } = terms;
    public override string ToString() => $"({string.Join(" + ", Terms.AsEnumerable())})";
}

internal sealed class ProductExpression(Expression[] factors) : Expression
{
    public Expression[] Factors { get; } = factors;
    public override string ToString() => string.Join("*", Factors.AsEnumerable());
}

internal sealed class QuotientExpression(Expression numerator, Expression denominator) : Expression
{
    public Expression Numerator { get; } = numerator;
    public Expression Denominator { get; } = denominator;
    public override string ToString() => $"({Numerator})/({Denominator})";
}

internal sealed class PowerExpression(Expression @base, Expression exponent) : Expression
{
    public Expression Base { get; } = @base;
    public Expression Exponent { get; } = exponent;
    public override string ToString() => $"({Base})^({Exponent})";
}

/// <summary>Plus-minus (or minus-plus) of the operand: two values.</summary>
internal sealed class PlusMinusExpression(Expression operand, bool minusFirst, int index) : Expression
{
    public Expression Operand { get; } = operand;
    public bool MinusFirst { get; } = minusFirst;

    /// <summary>Its place among the plus-minus signs of the whole expression.</summary>
    public int Index { get; } = index;

    public override string ToString() => $"{(MinusFirst ? "-+" : "+-")}({Operand})";
}

/// <summary>A function of one or more arguments, also factorial, binomial, root(index), abs, floor, ceil.</summary>
internal sealed class CallExpression(string function, params Expression[] arguments) : Expression
{
    public string Function { get; } = function;
    public Expression[] Arguments { get; } = arguments;
    public override string ToString() => $"{Function}({string.Join(", ", Arguments.AsEnumerable())})";
}

/// <summary>A sum or product over an index.</summary>
internal sealed class SeriesExpression(bool product, string index, Expression from, Expression to, Expression body) : Expression
{
    public bool IsProduct { get; } = product;
    public string Index { get; } = index;
    public Expression From { get; } = from;
    public Expression To { get; } = to;
    public Expression Body { get; } = body;
    public override string ToString() => $"{(IsProduct ? "product" : "sum")}({Index}, {From}, {To}, {Body})";
}

/// <summary>A matrix or vector; rows may differ in length.</summary>
internal sealed class MatrixExpression(Expression[][] rows) : Expression
{
    public Expression[][] Rows { get; } = rows;
    public override string ToString() => "matrix[" + string.Join("; ", Rows.Select(row => string.Join(", ", row.AsEnumerable()))) + "]";
}

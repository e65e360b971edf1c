using Fractions;

namespace Rlvr.Math.Expressions;

/// <summary>A mathematical expression as it was written: nothing is evaluated yet.</summary>
internal abstract class Expression : IForm
{
    /// <summary>Levels of the tree; the parser bounds it, so that everything that walks a tree may recurse.</summary>
    public int Height { get; protected init; } = 1;

    protected static int Above(params ReadOnlySpan<Expression> children)
    {
        int height = 0;
        foreach (Expression child in children) height = int.Max(height, child.Height);
        return height + 1;
    }

    public abstract void Write(FormWriter form);

    /// <summary>The normal form.</summary>
    public sealed override string ToString() => FormWriter.Of(this);

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
    public override void Write(FormWriter form) => form.Append(Value);
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
    public override void Write(FormWriter form) => form.Append(Constant switch { Constant.Pi => "pi", Constant.E => "e", Constant.I => "i", _ => "infinity" });
}

internal sealed class VariableExpression(string name) : Expression
{
    public string Name { get; } = name;
    public override void Write(FormWriter form) => form.Append(Name);
}

internal sealed class SumExpression : Expression
{
    public SumExpression(Expression[] terms)
    {
        Terms = terms;
        Height = Above(terms);
    }

    public Expression[] Terms { get; }
    public override void Write(FormWriter form) => form.Append("(").Join(" + ", Terms).Append(")");
}

internal sealed class ProductExpression : Expression
{
    public ProductExpression(Expression[] factors)
    {
        Factors = factors;
        Height = Above(factors);
    }

    public Expression[] Factors { get; }
    public override void Write(FormWriter form) => form.Join("*", Factors);
}

internal sealed class QuotientExpression : Expression
{
    public QuotientExpression(Expression numerator, Expression denominator)
    {
        (Numerator, Denominator) = (numerator, denominator);
        Height = Above(numerator, denominator);
    }

    public Expression Numerator { get; }
    public Expression Denominator { get; }
    public override void Write(FormWriter form) => form.Append("(").Append(Numerator).Append(")/(").Append(Denominator).Append(")");
}

internal sealed class PowerExpression : Expression
{
    public PowerExpression(Expression @base, Expression exponent)
    {
        (Base, Exponent) = (@base, exponent);
        Height = Above(@base, exponent);
    }

    public Expression Base { get; }
    public Expression Exponent { get; }
    public override void Write(FormWriter form) => form.Append("(").Append(Base).Append(")^(").Append(Exponent).Append(")");
}

/// <summary>Plus-minus (or minus-plus) of the operand: two values.</summary>
internal sealed class PlusMinusExpression : Expression
{
    public PlusMinusExpression(Expression operand, bool minusFirst, int index)
    {
        (Operand, MinusFirst, Index) = (operand, minusFirst, index);
        Height = Above(operand);
    }

    public Expression Operand { get; }
    public bool MinusFirst { get; }

    /// <summary>Its place among the plus-minus signs of the whole expression.</summary>
    public int Index { get; }

    public override void Write(FormWriter form) => form.Append(MinusFirst ? "-+(" : "+-(").Append(Operand).Append(")");
}

/// <summary>A function of one or more arguments, also factorial, binomial, root(index), abs, floor, ceil.</summary>
internal sealed class CallExpression : Expression
{
    public CallExpression(string function, params Expression[] arguments)
    {
        (Function, Arguments) = (function, arguments);
        Height = Above(arguments);
    }

    public string Function { get; }
    public Expression[] Arguments { get; }
    public override void Write(FormWriter form) => form.Append(Function).Append("(").Join(", ", Arguments).Append(")");
}

/// <summary>A sum or product over an index.</summary>
internal sealed class SeriesExpression : Expression
{
    public SeriesExpression(bool product, string index, Expression from, Expression to, Expression body)
    {
        (IsProduct, Index, From, To, Body) = (product, index, from, to, body);
        Height = Above(from, to, body);
    }

    public bool IsProduct { get; }
    public string Index { get; }
    public Expression From { get; }
    public Expression To { get; }
    public Expression Body { get; }
    public override void Write(FormWriter form) => form.Append(IsProduct ? "product(" : "sum(").Append(Index).Append(", ").Join(", ", [From, To, Body]).Append(")");
}

/// <summary>A matrix or vector; rows may differ in length.</summary>
internal sealed class MatrixExpression : Expression
{
    public MatrixExpression(Expression[][] rows)
    {
        Rows = rows;
        foreach (Expression[] row in rows) Height = int.Max(Height, Above(row));
    }

    public Expression[][] Rows { get; }
    public override void Write(FormWriter form) => form.Append("matrix[").Rows(Rows).Append("]");
}

using System.Runtime.CompilerServices;

namespace Rlvr.Math.Expressions;

/// <summary>Whether two expressions are written the same way: all that can be said of what cannot be evaluated.</summary>
internal static class SameForm
{
    /// <summary>The same tree; products in products are one product.</summary>
    public static bool Of(Expression a, Expression b)
    {
        if (ReferenceEquals(a, b)) return true;
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack()) return false;
        return (a, b) switch
        {
            (RationalExpression x, RationalExpression y) => x.Value.Equals(y.Value),
            (ConstantExpression x, ConstantExpression y) => x.Constant == y.Constant,
            (VariableExpression x, VariableExpression y) => x.Name == y.Name,
            (SumExpression x, SumExpression y) => Of(x.Terms, y.Terms),
            (ProductExpression x, ProductExpression y) => Of(Factors(x, []), Factors(y, [])),
            (QuotientExpression x, QuotientExpression y) => Of(x.Numerator, y.Numerator) && Of(x.Denominator, y.Denominator),
            (PowerExpression x, PowerExpression y) => Of(x.Base, y.Base) && Of(x.Exponent, y.Exponent),
            (PlusMinusExpression x, PlusMinusExpression y) => x.MinusFirst == y.MinusFirst && Of(x.Operand, y.Operand),
            (CallExpression x, CallExpression y) => x.Function == y.Function && Of(x.Arguments, y.Arguments),
            (SeriesExpression x, SeriesExpression y) => x.IsProduct == y.IsProduct && x.Index == y.Index && Of(x.From, y.From) && Of(x.To, y.To) && Of(x.Body, y.Body),
            (MatrixExpression x, MatrixExpression y) => x.Rows.Length == y.Rows.Length && x.Rows.Zip(y.Rows, (left, right) => Of(left, right)).All(same => same),
            _ => false,
        };
    }

    private static bool Of(IReadOnlyList<Expression> a, IReadOnlyList<Expression> b)
    {
        if (a.Count != b.Count) return false;
        for (int i = 0; i < a.Count; i++)
            if (!Of(a[i], b[i])) return false;
        return true;
    }

    private static List<Expression> Factors(ProductExpression product, List<Expression> factors)
    {
        foreach (Expression factor in product.Factors)
        {
            if (factor is ProductExpression inner && RuntimeHelpers.TryEnsureSufficientExecutionStack()) Factors(inner, factors);
            else factors.Add(factor);
        }
        return factors;
    }
}

namespace Rlvr.Math.Expressions;

/// <summary>Matrices with a scalar factor or divisor in front.</summary>
internal static class Matrices
{
    /// <summary>The entries of a matrix, a multiple of one, or a sum of some; null for everything else.</summary>
    public static Expression[][]? TryRead(Expression expression)
    {
        switch (expression)
        {
            case MatrixExpression matrix:
                return matrix.Rows;
            case QuotientExpression quotient:
                return Map(TryRead(quotient.Numerator), entry => new QuotientExpression(entry, quotient.Denominator));
            case ProductExpression product:
                int at = Array.FindIndex(product.Factors, factor => ExpressionTraits.Of(factor).HasMatrix);
                if (at < 0) return null;
                List<Expression> scalars = [.. product.Factors];
                scalars.RemoveAt(at);
                if (scalars.Exists(factor => ExpressionTraits.Of(factor).HasMatrix)) return null;
                return Map(TryRead(product.Factors[at]), entry => new ProductExpression([.. scalars, entry]));
            case SumExpression sum:
                Expression[][]? total = null;
                foreach (Expression term in sum.Terms)
                {
                    if (TryRead(term) is not { } next) return null;
                    if (total is null) { total = next; continue; }
                    if (total.Length != next.Length) return null;
                    Expression[][] rows = new Expression[next.Length][];
                    for (int i = 0; i < next.Length; i++)
                    {
                        if (total[i].Length != next[i].Length) return null;
                        rows[i] = [.. total[i].Zip(next[i], (a, b) => new SumExpression([a, b]))];
                    }
                    total = rows;
                }
                return total;
            default:
                return null;
        }
    }

    /// <summary>The determinant of a square matrix of at most four rows, written out; null for others.</summary>
    public static Expression? Determinant(Expression[][] rows)
    {
        int n = rows.Length;
        if (n is 0 or > 4 || Array.Exists(rows, row => row.Length != n)) return null;
        if (n == 1) return rows[0][0];
        List<Expression> terms = [];
        for (int column = 0; column < n; column++)
        {
            Expression[][] minor = [.. rows.Skip(1).Select(row => row.Where((_, at) => at != column).ToArray())];
            Expression term = new ProductExpression([rows[0][column], Determinant(minor)!]);
            terms.Add(column % 2 == 0 ? term : Expression.Negate(term));
        }
        return Expression.Sum(terms);
    }

    private static Expression[][]? Map(Expression[][]? rows, Func<Expression, Expression> map) =>
        rows?.Select(row => row.Select(map).ToArray()).ToArray();
}

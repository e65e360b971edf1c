namespace Rlvr.Math.Expressions;

/// <summary>What has to be known about an expression before it is evaluated.</summary>
internal sealed class ExpressionTraits
{
    /// <summary>More names than this are not told apart: nothing is done with so many variables.</summary>
    private const int MaxVariables = 64;

    private readonly List<string> _bound = []; // indices of the sums and products round this place
    private int _uses; // how often a free variable stood somewhere

    /// <summary>Names of the free variables, in an order that does not depend on where they stand.</summary>
    public List<string> Variables { get; } = [];

    /// <summary>Number of plus-minus signs.</summary>
    public int PlusMinusSigns { get; private set; }

    /// <summary>Whether a minus-plus stands among them, so that the signs belong together.</summary>
    public bool HasMinusPlus { get; private set; }

    /// <summary>Whether variables stand where only integers make sense (factorials, binomials, rounding, exponents of negative numbers).</summary>
    public bool WantsIntegers { get; private set; }

    public bool HasMatrix { get; private set; }

    public bool HasImaginaryUnit { get; private set; }

    /// <summary>Whether something that contains a variable is rounded: such functions may differ at few integers only.</summary>
    public bool HasRounding { get; private set; }

    /// <summary>Whether it may follow different formulas on different sides of a point: absolute values, roots, the larger of two.</summary>
    public bool HasBranches { get; private set; }

    /// <summary>Integers above 1 that occur in it, at most eight: what is rounded changes near their multiples, and what has branches, on their other side.</summary>
    public List<int> Constants { get; } = [];

    public static ExpressionTraits Of(params ReadOnlySpan<Expression> expressions)
    {
        ExpressionTraits traits = new();
        foreach (Expression expression in expressions) traits.Visit(expression);
        if (traits.Variables.Count > 1) traits.Variables.Sort(StringComparer.Ordinal);
        return traits;
    }

    // Depth is bounded by the parser.
    private void Visit(Expression expression)
    {
        switch (expression)
        {
            case RationalExpression { Value: var value }:
                AddConstant(value.Numerator);
                AddConstant(value.Denominator);
                break;
            case ConstantExpression { Constant: Constant.I }:
                HasImaginaryUnit = true;
                break;
            case VariableExpression variable:
                if (_bound.Contains(variable.Name)) break;
                _uses++;
                if (Variables.Count < MaxVariables && !Variables.Contains(variable.Name)) Variables.Add(variable.Name);
                break;
            case SumExpression sum:
                foreach (Expression term in sum.Terms) Visit(term);
                break;
            case ProductExpression product:
                foreach (Expression factor in product.Factors) Visit(factor);
                break;
            case QuotientExpression quotient:
                Visit(quotient.Numerator);
                Visit(quotient.Denominator);
                break;
            case PowerExpression power:
                int before = _uses;
                Visit(power.Base);
                int middle = _uses;
                Visit(power.Exponent);
                HasBranches |= power.Exponent is not RationalExpression { Value.Denominator.IsOne: true } && _uses > before;
                if (_uses > middle && IsNegative(power.Base)) WantsIntegers = true;
                break;
            case PlusMinusExpression plusMinus:
                PlusMinusSigns++;
                HasMinusPlus |= plusMinus.MinusFirst;
                Visit(plusMinus.Operand);
                break;
            case CallExpression call:
                int outside = _uses;
                foreach (Expression argument in call.Arguments) Visit(argument);
                if (_uses == outside) break;
                HasBranches |= call.Function is "abs" or "max" or "min" or "sqrt" or "root" or "cbrt";
                HasRounding |= call.Function is "floor" or "ceil";
                WantsIntegers |= call.Function is "factorial" or "binomial" or "floor" or "ceil" or "gcd" or "lcm";
                break;
            case SeriesExpression series:
                _bound.Add(series.Index);
                Visit(series.Body);
                _bound.RemoveAt(_bound.Count - 1);
                int body = _uses;
                Visit(series.From);
                Visit(series.To);
                if (_uses > body) WantsIntegers = true;
                break;
            case MatrixExpression matrix:
                HasMatrix = true;
                foreach (Expression[] row in matrix.Rows)
                    foreach (Expression entry in row) Visit(entry);
                break;
            default:
                break;
        }
    }

    private void AddConstant(System.Numerics.BigInteger value)
    {
        value = System.Numerics.BigInteger.Abs(value);
        if (value > 1 && value < 1_000_000 && Constants.Count < 8 && !Constants.Contains((int)value)) Constants.Add((int)value);
    }

    private static bool IsNegative(Expression expression) => expression is RationalExpression { Value.IsNegative: true }
        or ProductExpression { Factors: [RationalExpression { Value.IsNegative: true }, ..] };
}

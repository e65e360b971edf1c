using System.Numerics;
using System.Runtime.CompilerServices;
using Fractions;
using Rlvr.Math.Expressions;

namespace Rlvr.Math.Numerics;

/// <summary>
/// Evaluates expressions at a point, exactly while rationals suffice, and within a budget of work: whatever exceeds it is undefined.
/// </summary>
internal sealed class Evaluator(WorkBudget budget)
{
    private const long MaxBits = 200_000;
    private const int MaxFactorial = 6_000;

    private readonly Dictionary<string, Number> _variables = new(StringComparer.Ordinal);

    /// <summary>Bit i decides the sign of the i-th plus-minus.</summary>
    public int Signs { get; set; }

    /// <summary>Whether all plus-minus signs take the upper or all the lower sign together.</summary>
    public bool SignsTogether { get; set; }

    /// <summary>The exponent of the largest inexact term met; bounds the error of cancellation.</summary>
    public long Scale { get; private set; }

    public void Set(string variable, Number value) => _variables[variable] = value;

    public Number Evaluate(Expression expression)
    {
        if (!budget.Spend(80) || !RuntimeHelpers.TryEnsureSufficientExecutionStack()) return Number.Undefined;
        switch (expression)
        {
            case RationalExpression rational:
                return Number.Of(rational.Value);
            case ConstantExpression constant:
                return ValueOf(constant.Constant);
            case VariableExpression variable:
                return _variables.TryGetValue(variable.Name, out Number value) ? value : Number.Undefined;
            case SumExpression sum:
                return EvaluateSum(sum);
            case ProductExpression product:
                return EvaluateProduct(product);
            case QuotientExpression quotient:
                return EvaluateQuotient(quotient);
            case PowerExpression power:
                return EvaluatePower(power);
            case PlusMinusExpression plusMinus:
                return EvaluatePlusMinus(plusMinus);
            case CallExpression call:
                return EvaluateCall(call);
            case SeriesExpression series:
                return EvaluateSeries(series);
            default:
                return Number.Undefined;
        }
    }

    // Every case has a method of its own, so that a level of nesting takes little of the stack.
    private static Number ValueOf(Constant constant) => constant switch
    {
        Constant.Pi => Number.Of(BigComplex.FromReal(BigFloat.Pi)),
        Constant.E => Elementary.E,
        Constant.I => Number.Of(BigComplex.ImaginaryUnit),
        _ => Number.Infinity(1),
    };

    private Number EvaluateQuotient(QuotientExpression quotient)
    {
        Number numerator = Evaluate(quotient.Numerator), denominator = Evaluate(quotient.Denominator);
        return Charge(numerator, denominator) ? numerator / denominator : Number.Undefined;
    }

    private Number EvaluatePlusMinus(PlusMinusExpression plusMinus)
    {
        bool negative = ((Signs >> (SignsTogether ? 0 : plusMinus.Index)) & 1) != 0;
        if (SignsTogether) negative ^= plusMinus.MinusFirst;
        Number operand = Evaluate(plusMinus.Operand);
        return negative ? -operand : operand;
    }

    private bool Charge(Number a, Number b)
    {
        long words = (a.Bits + b.Bits) / 64;
        // A sum or product of fractions takes a greatest common divisor, as dear as working in approximate numbers.
        return budget.Spend((a.IsExactInteger && b.IsExactInteger ? 300 : 800) + (words * words * 4));
    }

    private void Track(Number term)
    {
        if (!term.IsExact && term.IsFinite) Scale = long.Max(Scale, term.Approximate.Magnitude);
    }

    private Number EvaluateSum(SumExpression sum)
    {
        Number total = Number.Of(Fraction.Zero);
        foreach (Expression term in sum.Terms)
        {
            Number value = Evaluate(term);
            if (!Charge(total, value)) return Number.Undefined;
            Track(value);
            total += value;
            if (total.IsUndefined) return total;
        }
        return total;
    }

    private Number EvaluateProduct(ProductExpression product)
    {
        Number total = Number.Of(Fraction.One);
        foreach (Expression factor in product.Factors)
        {
            Number value = Evaluate(factor);
            if (!Charge(total, value)) return Number.Undefined;
            total *= value;
            if (total.IsUndefined) return total;
        }
        return total;
    }

    private Number EvaluatePower(PowerExpression power)
    {
        Number exponent = Evaluate(power.Exponent);
        if (power.Base is ConstantExpression { Constant: Constant.E })
        {
            if (!budget.Spend(30_000)) return Number.Undefined;
            return exponent.IsInfinite ? Number.Undefined : Elementary.Exp(exponent);
        }
        Number @base = Evaluate(power.Base);
        if (@base.IsUndefined || exponent.IsUndefined || exponent.IsInfinite || @base.IsInfinite) return Number.Undefined;
        if (exponent.IsExactInteger) return IntegerPower(@base, exponent.Exact.Numerator);
        return FractionalPower(@base, exponent);
    }

    private Number FractionalPower(Number @base, Number exponent)
    {
        if (exponent.IsExact && exponent.Exact.Denominator <= 64 && BigInteger.Abs(exponent.Exact.Numerator) <= 10_000)
        {
            Number root = Root(@base, (int)exponent.Exact.Denominator);
            return IntegerPower(root, exponent.Exact.Numerator);
        }
        if (!budget.Spend(120_000)) return Number.Undefined;
        return Elementary.Power(@base, exponent);
    }

    private Number IntegerPower(Number @base, BigInteger exponent)
    {
        if (exponent.IsZero) return @base.IsFinite ? Number.Of(Fraction.One) : Number.Undefined;
        if (!@base.IsFinite) return Number.Undefined;
        if (@base.IsExact)
        {
            Fraction value = @base.Exact;
            if (value.IsZero) return exponent.Sign > 0 ? @base : Number.Undefined;
            if (value.Equals(Fraction.One)) return @base;
            if (value.Equals(Fraction.MinusOne)) return exponent.IsEven ? Number.Of(Fraction.One) : @base;
            BigInteger size = BigInteger.Abs(exponent) * @base.Bits;
            if (size <= MaxBits)
            {
                long words = (long)size / 64;
                if (!budget.Spend(100 + (words * words / 4))) return Number.Undefined;
                int n = (int)BigInteger.Abs(exponent);
                // A reduced fraction stays reduced.
                BigInteger top = BigInteger.Pow(value.Numerator, n), bottom = BigInteger.Pow(value.Denominator, n);
                return exponent.Sign > 0 ? Number.Of(new Fraction(top, bottom, false)) : Number.Of(Reciprocal(top, bottom));
            }
        }
        // By squaring, in floating point; the result has lost digits where the value was an exact one.
        if (BigInteger.Abs(exponent).GetBitLength() > 48) return Number.Undefined;
        long count = (long)BigInteger.Abs(exponent);
        if (!budget.Spend(30_000)) return Number.Undefined;
        BigComplex square = @base.Approximate, result = BigComplex.FromReal(BigFloat.One);
        while (count > 0)
        {
            if ((count & 1) != 0) result *= square;
            if (long.Abs(result.IsZero ? 0 : result.Magnitude) > 1L << 50) return Number.Undefined;
            count >>= 1;
            if (count > 0) square *= square;
            if (long.Abs(square.IsZero ? 0 : square.Magnitude) > 1L << 50) return Number.Undefined;
        }
        bool lossy = @base.IsLossy || @base.IsExact || BigInteger.Abs(exponent) > 1_000_000;
        Number power = Number.Of(result, lossy);
        return exponent.Sign > 0 ? power : Number.Of(Fraction.One) / power;
    }

    private static Fraction Reciprocal(BigInteger numerator, BigInteger denominator) =>
        numerator.Sign < 0 ? new Fraction(-denominator, -numerator, false) : new Fraction(denominator, numerator, false);

    private Number Root(Number radicand, int index)
    {
        if (!radicand.IsFinite || index < 1) return Number.Undefined;
        if (index == 1) return radicand;
        long words = radicand.Bits / 64;
        if (!budget.Spend(6_000 + (words * words * 10))) return Number.Undefined;
        if (radicand.IsExact && radicand.Bits < 20_000
    && Integers.TryExactRoot(radicand.Exact.Numerator, index, out BigInteger top)
    && Integers.TryExactRoot(radicand.Exact.Denominator, index, out BigInteger bottom))
            return Number.Of(new Fraction(top, bottom, false));
        BigComplex value = radicand.Approximate;
        if (value.IsZero) return radicand;
        if (index == 2) return Number.Of(value.Sqrt(), radicand.IsLossy);
        if (!budget.Spend(100_000)) return Number.Undefined;
        Number inverse = Number.Of(new Fraction(1, index));
        if (value.IsReal && value.Re.Sign < 0 && index % 2 == 1)
            return -Elementary.Power(Number.Of(-value, radicand.IsLossy), inverse); // the real root
        return Elementary.Power(Number.Of(value, radicand.IsLossy), inverse);
    }

    private Number EvaluateCall(CallExpression call)
    {
        if (call.Arguments.Length > 2 && call.Function is not ("max" or "min" or "gcd" or "lcm")) return Number.Undefined;
        Number[] values = new Number[call.Arguments.Length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Evaluate(call.Arguments[i]);
            if (!values[i].IsFinite) return Number.Undefined;
        }
        Number first = values[0];
        switch (call.Function)
        {
            case "sqrt":
                return Root(first, 2);
            case "root":
                return values[1].IsExactInteger && values[1].Exact.Numerator > 0 && values[1].Exact.Numerator <= 1000
                    ? Root(first, (int)values[1].Exact.Numerator)
                    : Number.Undefined;
            case "factorial":
                return Factorial(first);
            case "binomial":
                return Binomial(first, values[1]);
            case "max" or "min" or "gcd" or "lcm":
                return Elementary.Combine(call.Function, values);
            default:
                if (!budget.Spend(Price(call.Function, first))) return Number.Undefined;
                Number result = Elementary.Apply(call.Function, values);
                Track(result);
                return result;
        }
    }

    private static long Price(string function, Number argument) => function switch
    {
        "floor" or "ceil" or "abs" when argument.IsExact => 500,
        "abs" => 10_000,
        ['a', ..] => 160_000, // arcs
        _ => 80_000,
    };

    private Number Factorial(Number argument)
    {
        if (!argument.IsExactInteger || argument.Exact.Numerator.Sign < 0 || argument.Exact.Numerator > MaxFactorial) return Number.Undefined;
        int n = (int)argument.Exact.Numerator;
        if (!budget.Spend(100 + ((long)n * n / 4))) return Number.Undefined;
        return Number.Of(ProductOfRange(1, n));
    }

    private static BigInteger ProductOfRange(int from, int to)
    {
        if (to - from < 8)
        {
            BigInteger product = BigInteger.One;
            for (int i = from; i <= to; i++) product *= i;
            return product;
        }
        int middle = (from + to) / 2;
        return ProductOfRange(from, middle) * ProductOfRange(middle + 1, to);
    }

    private Number Binomial(Number upper, Number lower)
    {
        if (!lower.IsExactInteger || !upper.IsExact) return Number.Undefined;
        BigInteger k = lower.Exact.Numerator;
        if (k.Sign < 0) return Number.Of(Fraction.Zero);
        if (upper.IsExactInteger && upper.Exact.Numerator.Sign >= 0)
        {
            if (k > upper.Exact.Numerator) return Number.Of(Fraction.Zero);
            k = BigInteger.Min(k, upper.Exact.Numerator - k);
        }
        if (k > 4000 || upper.Bits > 512) return Number.Undefined;
        long bits = (long)k * upper.Bits; // about those of the result, or more
        if (bits > MaxBits || !budget.Spend(100 + ((long)k * (100 + (bits / 16))))) return Number.Undefined;
        if (upper.IsExactInteger)
        {
            BigInteger n = upper.Exact.Numerator, integer = BigInteger.One;
            for (int i = 1; i <= (int)k; i++) integer = integer * (n - i + 1) / i;
            return Number.Of(integer);
        }
        Fraction value = Fraction.One;
        if (k > 100) return Number.Undefined;
        for (int i = 1; i <= (int)k; i++) value = value * (upper.Exact - i + 1) / i;
        return Number.Of(value);
    }

    private Number EvaluateSeries(SeriesExpression series)
    {
        Number from = Evaluate(series.From), to = Evaluate(series.To);
        if (!from.IsExactInteger || !to.IsExactInteger || to.Exact.Numerator - from.Exact.Numerator > 100_000) return Number.Undefined;
        bool shadows = _variables.TryGetValue(series.Index, out Number outer);
        Number total = Number.Of(series.IsProduct ? Fraction.One : Fraction.Zero);
        for (BigInteger i = from.Exact.Numerator; i <= to.Exact.Numerator && !total.IsUndefined; i++)
        {
            _variables[series.Index] = Number.Of(i);
            Number value = Evaluate(series.Body);
            if (!Charge(total, value)) { total = Number.Undefined; break; }
            Track(value);
            total = series.IsProduct ? total * value : total + value;
        }
        if (shadows) _variables[series.Index] = outer;
        else _variables.Remove(series.Index);
        return total;
    }
}

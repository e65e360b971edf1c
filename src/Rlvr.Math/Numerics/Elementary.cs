using System.Numerics;
using Fractions;

namespace Rlvr.Math.Numerics;

/// <summary>Elementary functions of <see cref="Number"/>.</summary>
internal static class Elementary
{
    public static Number E { get; } = Exp(Number.Of(Fraction.One));

    public static Number Exp(Number x)
    {
        if (!x.IsFinite) return Number.Undefined;
        if (x.IsExact && x.Exact.IsZero) return Number.Of(Fraction.One);
        return x.Approximate.Exp() is { } value ? Number.Of(value, x.IsLossy) : Number.Undefined;
    }

    public static Number Ln(Number x)
    {
        if (!x.IsFinite) return Number.Undefined;
        if (x.IsExact && x.Exact.Equals(Fraction.One)) return Number.Of(Fraction.Zero);
        BigComplex value = x.Approximate;
        return value.IsZero ? Number.Undefined : Number.Of(value.Ln(), x.IsLossy);
    }

    public static Number Power(Number @base, Number exponent)
    {
        if (!@base.IsFinite || !exponent.IsFinite) return Number.Undefined;
        if (@base.Approximate.IsZero) return exponent.IsReal && exponent.Sign > 0 ? @base : Number.Undefined;
        return Exp(exponent * Ln(@base));
    }

    public static Number Apply(string function, ReadOnlySpan<Number> arguments)
    {
        Number x = arguments[0];
        switch (function)
        {
            case "exp": return Exp(x);
            case "ln": return Ln(x);
            case "lg": return Logarithm(x, Number.Of(new Fraction(10)));
            case "log": return arguments.Length == 2 ? Logarithm(x, arguments[1]) : Logarithm(x, Number.Of(new Fraction(10)));
            case "cbrt": return Power(x, Number.Of(new Fraction(1, 3)));
            case "abs": return x.IsExact ? Number.Of(x.Exact.Abs()) : Number.Of(BigComplex.FromReal(x.Approximate.Abs()), x.IsLossy);
            case "floor": return Rounded(x, false);
            case "ceil": return Rounded(x, true);
            case "re": return x.IsExact ? x : Number.Of(BigComplex.FromReal(x.Approximate.Re));
            case "im": return x.IsExact ? Number.Of(Fraction.Zero) : Number.Of(BigComplex.FromReal(x.Approximate.Im));
            default: return x.IsReal ? OfReal(function, x) : Number.Undefined;
        }
    }

    public static Number Combine(string function, ReadOnlySpan<Number> arguments)
    {
        Number result = arguments[0];
        for (int i = 0; i < arguments.Length; i++)
        {
            Number next = arguments[i];
            switch (function)
            {
                case "max" or "min":
                    if (!next.IsReal) return Number.Undefined;
                    if (Number.Compare(next, result) is var order && (function == "max" ? order > 0 : order < 0)) result = next;
                    break;
                default:
                    if (!next.IsExactInteger || !result.IsExactInteger || next.Bits > 4096) return Number.Undefined;
                    BigInteger a = BigInteger.Abs(result.Exact.Numerator), b = BigInteger.Abs(next.Exact.Numerator);
                    BigInteger gcd = BigInteger.GreatestCommonDivisor(a, b);
                    result = Number.Of(function == "gcd" ? gcd : gcd.IsZero ? gcd : a / gcd * b);
                    break;
            }
        }
        return result;
    }

    private static Number Logarithm(Number x, Number b)
    {
        if (x.IsExact && b.IsExact && x.Exact.IsPositive && b.Exact.IsPositive && x.Exact.Equals(b.Exact)) return Number.Of(Fraction.One);
        return Ln(x) / Ln(b);
    }

    private static Number Rounded(Number x, bool up)
    {
        if (x.IsExact)
        {
            BigInteger floor = BigInteger.Divide(x.Exact.Numerator, x.Exact.Denominator);
            if (x.Exact.Numerator.Sign < 0 && !x.Exact.Denominator.IsOne) floor -= 1;
            return Number.Of(up && !x.Exact.Denominator.IsOne ? floor + 1 : floor);
        }
        BigComplex value = x.Approximate;
        if (!value.IsReal || value.Re.Magnitude > 128 || x.IsLossy) return Number.Undefined;
        BigInteger nearest = value.Re.Round();
        if ((value.Re - BigFloat.FromInteger(nearest)).Magnitude < -100) return Number.Of(nearest);
        BigInteger below = value.Re.Floor();
        return Number.Of(up ? below + 1 : below);
    }

    private static Number OfReal(string function, Number x)
    {
        if (x.IsExact && x.Exact.IsZero && function is "sin" or "tan" or "arcsin" or "asin" or "arctan" or "atan" or "sinh" or "tanh")
            return Number.Of(Fraction.Zero);
        BigFloat value = x.Approximate.Re, one = BigFloat.One;
        switch (function)
        {
            case "sin" or "cos" or "tan" or "cot" or "sec" or "csc":
                if (Transcendental.SinCos(value) is not { } angle) return Number.Undefined;
                (BigFloat top, BigFloat bottom) = function switch
                {
                    "sin" => (angle.Sin, one),
                    "cos" => (angle.Cos, one),
                    "tan" => (angle.Sin, angle.Cos),
                    "cot" => (angle.Cos, angle.Sin),
                    "sec" => (one, angle.Cos),
                    _ => (one, angle.Sin),
                };
                return bottom.IsZero || bottom.Magnitude < -200 ? Number.Undefined : Real(top / bottom, x);
            case "cis":
                return Transcendental.SinCos(value) is { } turn ? Number.Of(new BigComplex(turn.Cos, turn.Sin), x.IsLossy) : Number.Undefined;
            case "arctan" or "atan":
                return Real(Transcendental.Atan(value), x);
            case "arccot":
                return Real(BigFloat.Pi.Scale(-1) - Transcendental.Atan(value), x);
            case "arcsin" or "asin" or "arccos" or "acos":
                BigFloat cosine = one - (value * value);
                if (cosine.Sign < 0) return Number.Undefined;
                BigFloat sine = Transcendental.Atan2(value, cosine.Sqrt());
                return Real(function is "arcsin" or "asin" ? sine : BigFloat.Pi.Scale(-1) - sine, x);
            case "sinh" or "cosh" or "tanh":
                if (Transcendental.Exp(value) is not { } up || Transcendental.Exp(-value) is not { } down) return Number.Undefined;
                return Real(function switch
                {
                    "sinh" => (up - down).Scale(-1),
                    "cosh" => (up + down).Scale(-1),
                    _ => (up - down) / (up + down),
                }, x);
            default:
                return Number.Undefined;
        }
    }

    private static Number Real(BigFloat value, Number from) => Number.Of(BigComplex.FromReal(value), from.IsLossy);
}

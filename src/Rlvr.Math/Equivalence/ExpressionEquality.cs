using Fractions;
using Rlvr.Math.Expressions;
using Rlvr.Math.Numerics;

namespace Rlvr.Math.Equivalence;

/// <summary>How two expressions relate to each other as functions of their variables.</summary>
internal enum Proportion { Unrelated, Equal, Positive, Negative }

/// <summary>
/// Decides whether expressions are equal: exactly where they are rational (at random points, where there are variables), otherwise
/// by values of 256 bits, at random points where there are variables.
/// </summary>
internal sealed class ExpressionEquality(WorkBudget budget)
{
    private const int Points = 3;
    private const int Attempts = 12;
    private const int IntegerPoints = 10;

    /// <summary>An expression with a choice of its plus-minus signs.</summary>
    public readonly record struct Signed(Expression Expression, int Signs = 0, bool Together = false);

    private Dictionary<(Expression, int, bool), (Number Value, long Scale)>? _values;

    /// <summary>Keeps values from now on: each element of a set is compared with many others.</summary>
    public void RememberValues() => _values ??= [];

    /// <summary>Whether a times <paramref name="factorA"/> is b times <paramref name="factorB"/>.</summary>
    public bool AreEqual(Signed a, Fraction factorA, Signed b, Fraction factorB)
    {
        if (a.Expression is RationalExpression x && b.Expression is RationalExpression y)
            return factorA.Equals(factorB) ? x.Value.Equals(y.Value) : (x.Value * factorA).Equals(y.Value * factorB);
        ExpressionTraits traits = ExpressionTraits.Of(a.Expression, b.Expression);
        if (traits.HasMatrix) return false;
        if (traits.Variables.Count == 0)
        {
            Number left = Evaluate(a, factorA, out long scaleA), right = Evaluate(b, factorB, out long scaleB);
            if (left.IsUndefined || right.IsUndefined || left.IsLossy || right.IsLossy) return HaveSameForm(a, factorA, b, factorB);
            return Number.AreEqual(left, right, long.Max(scaleA, scaleB));
        }
        if (traits.Variables.Count > 24) return HaveSameForm(a, factorA, b, factorB);
        if (traits.HasRounding) return AgreeAtIntegers(a, factorA, b, factorB, traits);
        int agreed = 0, wanted = traits.WantsIntegers ? IntegerPoints - 4 : traits.HasBranches ? 2 * Points : Points;
        for (int point = 0; point < (traits.WantsIntegers ? IntegerPoints : Attempts) && agreed < wanted; point++)
        {
            Number left = EvaluateAt(point, traits, a, factorA, out long scaleA);
            Number right = EvaluateAt(point, traits, b, factorB, out long scaleB);
            if (left.IsUndefined || right.IsUndefined) continue;
            if (!Number.AreEqual(left, right, long.Max(scaleA, scaleB)))
            {
                // Two functions of reals are compared where they are real: sqrt(a)/sqrt(b) is sqrt(a/b).
                if (!left.IsReal && !right.IsReal && !traits.HasImaginaryUnit) continue;
                return false;
            }
            agreed++;
        }
        return agreed >= 2 || (agreed == 0 && HaveSameForm(a, factorA, b, factorB));
    }

    // Rounded values agree at most integers although they are not the same: many points, and those where a rounded value may change.
    private bool AgreeAtIntegers(Signed a, Fraction factorA, Signed b, Fraction factorB, ExpressionTraits traits)
    {
        List<int> values = [.. Enumerable.Range(1, 30)];
        foreach (int constant in traits.Constants)
            foreach (int near in (ReadOnlySpan<int>)[constant, 2 * constant, constant / 2])
                values.AddRange([near - 1, near, near + 1]);
        int points = traits.Variables.Count == 1 ? values.Count : 60, agreed = 0;
        for (int point = 0; point < points; point++)
        {
            Evaluator left = new(budget) { Signs = a.Signs, SignsTogether = a.Together }, right = new(budget) { Signs = b.Signs, SignsTogether = b.Together };
            for (int i = 0; i < traits.Variables.Count; i++)
            {
                int at = traits.Variables.Count == 1 ? point : (int)(Mix(((ulong)point << 32) + (ulong)i) % (ulong)values.Count);
                Number value = Number.Of(new Fraction(values[at]));
                left.Set(traits.Variables[i], value);
                right.Set(traits.Variables[i], value);
            }
            Number x = left.Evaluate(a.Expression) * Number.Of(factorA), y = right.Evaluate(b.Expression) * Number.Of(factorB);
            if (budget.IsSpent) return false;
            if (x.IsUndefined || y.IsUndefined) continue;
            if (!Number.AreEqual(x, y, long.Max(left.Scale, right.Scale))) return false;
            agreed++;
        }
        return agreed >= points / 2 || (agreed == 0 && HaveSameForm(a, factorA, b, factorB));
    }

    // What cannot be evaluated (an infinite series) is equal to what is written the same way.
    private static bool HaveSameForm(Signed a, Fraction factorA, Signed b, Fraction factorB) =>
        factorA.Equals(factorB) && a.Signs == b.Signs && SameForm.Of(a.Expression, b.Expression);

    public bool AreEqual(Expression a, Expression b) => AreEqual(new Signed(a), Fraction.One, new Signed(b), Fraction.One);

    /// <summary>The value of an expression without variables.</summary>
    public Number Evaluate(Expression expression) => new Evaluator(budget).Evaluate(expression);

    /// <summary>The value of an expression of one variable at a rational point.</summary>
    public Number EvaluateAt(Expression expression, string variable, Fraction value)
    {
        Evaluator evaluator = new(budget);
        evaluator.Set(variable, Number.Of(value));
        return evaluator.Evaluate(expression);
    }

    private Number Evaluate(Signed signed, Fraction factor, out long scale)
    {
        if (_values is null || !_values.TryGetValue((signed.Expression, signed.Signs, signed.Together), out (Number Value, long Scale) known))
        {
            Evaluator evaluator = new(budget) { Signs = signed.Signs, SignsTogether = signed.Together };
            known = (evaluator.Evaluate(signed.Expression), evaluator.Scale);
            _values?.Add((signed.Expression, signed.Signs, signed.Together), known);
        }
        scale = known.Scale;
        return factor.Equals(Fraction.One) ? known.Value : known.Value * Number.Of(factor);
    }

    private Number EvaluateAt(int point, ExpressionTraits traits, Signed signed, Fraction factor, out long scale)
    {
        Evaluator evaluator = new(budget) { Signs = signed.Signs, SignsTogether = signed.Together };
        SetPoint(evaluator, point, traits);
        Number value = evaluator.Evaluate(signed.Expression);
        scale = evaluator.Scale;
        return factor.Equals(Fraction.One) ? value : value * Number.Of(factor);
    }

    // Fixed pseudo-random points: the same pair always gets the same verdict. Positive ones first: they lie in most domains.
    private static void SetPoint(Evaluator evaluator, int point, ExpressionTraits traits)
    {
        // |x - 5| is 5 - x near zero: where there are branches the first three points are tried once more beyond all constants.
        bool far = traits.HasBranches && point is >= Points and < 2 * Points;
        if (far) point -= Points;
        int scale = far ? 2 + (3 * traits.Constants.DefaultIfEmpty(1).Max()) : 1;
        for (int i = 0; i < traits.Variables.Count; i++)
        {
            ulong random = Mix(((ulong)point << 32) + (ulong)i + 1);
            if (traits.WantsIntegers)
            {
                evaluator.Set(traits.Variables[i], Number.Of(new Fraction(1 + (long)(random % 13))));
                continue;
            }
            // Every other point is small: it lies where arcsin and logarithms of 1 - x are defined.
            long numerator = point % 2 == 0 ? 300 + (long)(random % 3800) : 20 + (long)(random % 980);
            // Each variable is negative at one of the first three points: the root of x^2 is not x.
            bool negative = point is 1 or 2 ? point - 1 == i % 2 : point > 2 && (Mix(random) & 1) == 0;
            if (negative) numerator = -numerator;
            evaluator.Set(traits.Variables[i], Number.Of(new Fraction(numerator * scale, 1009)));
        }
    }

    /// <summary>
    /// Whether a is a constant multiple of b, the constant being real and not zero: two equations a = 0 and b = 0 say the same then.
    /// </summary>
    public Proportion Compare(Expression a, Expression b)
    {
        ExpressionTraits traits = ExpressionTraits.Of(a, b);
        // Statements without variables are merely true or false.
        if (traits.HasMatrix || traits.PlusMinusSigns > 0 || traits.Variables.Count is 0 or > 24) return Proportion.Unrelated;
        Number? ratio = null;
        int agreed = 0;
        int wanted = traits.HasBranches ? 2 * Points : Points;
        for (int point = 0; point < IntegerPoints && agreed < wanted; point++)
        {
            Number left = EvaluateAt(point, traits, new Signed(a), Fraction.One, out long scaleA);
            Number right = EvaluateAt(point, traits, new Signed(b), Fraction.One, out long scaleB);
            if (left.IsUndefined || right.IsUndefined) continue;
            bool zeroA = Number.AreEqual(left, Number.Of(Fraction.Zero), scaleA), zeroB = Number.AreEqual(right, Number.Of(Fraction.Zero), scaleB);
            if (zeroA != zeroB) return Proportion.Unrelated;
            if (zeroA)
            {
                continue;
            }
            Number quotient = (left / right).WithoutImaginaryNoise();
            if (!quotient.IsFinite || !quotient.IsReal) return Proportion.Unrelated;
            // The largest term decides how exact a side is, and that, how exact the quotient is.
            long scale = long.Max(scaleA - left.Magnitude, scaleB - right.Magnitude) + quotient.Magnitude;
            if (ratio is { } known && !Number.AreEqual(known, quotient, scale)) return Proportion.Unrelated;
            ratio ??= quotient;
            agreed++;
        }
        if (ratio is not { } constant) return Proportion.Unrelated; // of two equations that are always true nobody knows whether they mean the same
        if (agreed < 2) return Proportion.Unrelated;
        if (Number.AreEqual(constant, Number.Of(Fraction.One), 0)) return Proportion.Equal;
        return constant.Sign > 0 ? Proportion.Positive : Proportion.Negative;
    }

    // SplitMix64
    private static ulong Mix(ulong x)
    {
        x += 0x9E3779B97F4A7C15;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}

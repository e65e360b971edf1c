using Fractions;
using Rlvr.Math.Answers;
using Rlvr.Math.Expressions;
using Rlvr.Math.Numerics;
using Rlvr.Math.Reading;

namespace Rlvr.Math.Equivalence;

/// <summary>A set of real numbers: disjoint intervals in ascending order.</summary>
internal sealed class RealSet
{
    private const int MaxIntervals = 200;

    /// <param name="Low">Lower end, perhaps minus infinity.</param>
    /// <param name="LowClosed">Whether the lower end belongs to it.</param>
    /// <param name="High">Upper end, perhaps infinity.</param>
    /// <param name="HighClosed">Whether the upper end belongs to it.</param>
    private readonly record struct Interval(Number Low, bool LowClosed, Number High, bool HighClosed);

    private readonly List<Interval> _intervals;

    private RealSet(List<Interval> intervals) => _intervals = intervals;

    private static RealSet All => new([new(Number.Infinity(-1), false, Number.Infinity(1), false)]);

    /// <summary>Whether the answer is written as a set of reals rather than as a tuple or a list that may also be one.</summary>
    public static bool IsSetNotation(Answer answer) => answer switch
    {
        SetOperationAnswer or NumberSetAnswer { Name: "R" } => true,
        TupleAnswer tuple => tuple.Items.Length == 2 && tuple.Open is TokenKind.LeftParen or TokenKind.LeftBracket
            && (tuple.Open == TokenKind.LeftBracket != (tuple.Close == TokenKind.RightBracket)),
        RelationAnswer relation => !relation.IsEquation,
        CollectionAnswer collection => collection.Items.Any(IsSetNotation),
        _ => false,
    };

    /// <summary>Reads a set of reals; null where the answer is none, or depends on more than one variable.</summary>
    public static RealSet? TryRead(Answer answer, ExpressionEquality expressions)
    {
        string? variable = null;
        return TryRead(answer, expressions, ref variable);
    }

    private static RealSet? TryRead(Answer answer, ExpressionEquality expressions, ref string? variable)
    {
        switch (answer)
        {
            case NumberSetAnswer { Name: "R" }:
                return All;
            case TupleAnswer { Items.Length: 2 } tuple when tuple.Open is TokenKind.LeftParen or TokenKind.LeftBracket:
                if (ValueOf(tuple.Items[0], expressions) is not { } low || ValueOf(tuple.Items[1], expressions) is not { } high) return null;
                bool lowClosed = tuple.Open == TokenKind.LeftBracket, highClosed = tuple.Close == TokenKind.RightBracket;
                if (Number.Compare(low, high) > 0 || (lowClosed && low.IsInfinite) || (highClosed && high.IsInfinite)) return null; // infinity belongs to no interval
                return Of(new(low, lowClosed, high, highClosed));
            case SetOperationAnswer operation:
                if (TryRead(operation.Left, expressions, ref variable) is not { } left || TryRead(operation.Right, expressions, ref variable) is not { } right) return null;
                return operation.Operation switch
                {
                    TokenKind.Union => Union([left, right]),
                    TokenKind.Intersection => Intersection([left, right]),
                    _ => Intersection([left, right.Complement()]),
                };
            case RelationAnswer relation:
                return ReadRelation(relation, expressions, ref variable);
            case CollectionAnswer { Joining: Joining.Braces } points:
                return ReadPoints(points, expressions);
            case CollectionAnswer collection:
                if (collection.Items.Length > MaxIntervals) return null;
                List<RealSet> parts = [];
                foreach (Answer item in collection.Items)
                {
                    if (TryRead(item, expressions, ref variable) is not { } part) return null;
                    parts.Add(part);
                }
                if (collection.Joining == Joining.And) return Intersection(parts);
                RealSet union = Union(parts, out bool overlap);
                return overlap && collection.Joining == Joining.Comma ? null : union; // sets that overlap are a list of several, not parts of one
            default:
                return null;
        }
    }

    private static RealSet? ReadPoints(CollectionAnswer points, ExpressionEquality expressions)
    {
        if (points.Items.Length > MaxIntervals) return null;
        RealSet set = new([]);
        foreach (Answer item in points.Items)
        {
            if (ValueOf(item, expressions) is not { IsFinite: true } value) return null;
            set._intervals.Add(new(value, true, value, true));
        }
        return Union([set]);
    }

    private static Number? ValueOf(Answer answer, ExpressionEquality expressions)
    {
        if (answer is not ScalarAnswer { PlusMinusSigns: 0, IsPercent: false } scalar) return null;
        if (ExpressionTraits.Of(scalar.Value).Variables.Count > 0) return null;
        Number value = expressions.Evaluate(scalar.Value);
        return value.IsUndefined || !value.IsReal || value.IsLossy ? null : value;
    }

    private static RealSet? ReadRelation(RelationAnswer relation, ExpressionEquality expressions, ref string? variable)
    {
        List<RealSet> parts = [];
        for (int i = 0; i < relation.Operators.Length; i++)
        {
            if (relation.Sides[i] is not ScalarAnswer left || relation.Sides[i + 1] is not ScalarAnswer right) return null;
            if (HalfLine(left.Value, relation.Operators[i], right.Value, expressions, ref variable) is not { } part) return null;
            parts.Add(part);
        }
        return Intersection(parts);
    }

    private static TokenKind Mirror(TokenKind op) => op switch
    {
        TokenKind.Less => TokenKind.Greater,
        TokenKind.LessEqual => TokenKind.GreaterEqual,
        TokenKind.Greater => TokenKind.Less,
        TokenKind.GreaterEqual => TokenKind.LessEqual,
        _ => op,
    };

    // |u| < c is -c < u < c, |u| > c is u > c or u < -c.
    private static RealSet? Around(Expression inside, TokenKind op, Expression bound, ExpressionEquality expressions, ref string? variable)
    {
        TokenKind mirrored = Mirror(op);
        if (expressions.Evaluate(bound) is not { IsFinite: true, IsReal: true } radius || radius.Sign < 0) return null;
        if (HalfLine(inside, op, bound, expressions, ref variable) is not { } upper) return null;
        if (HalfLine(inside, mirrored, Expression.Negate(bound), expressions, ref variable) is not { } lower) return null;
        return op is TokenKind.Less or TokenKind.LessEqual or TokenKind.NotEqual ? Intersection([upper, lower]) : Union([upper, lower]);
    }

    // left op right, linear in one variable
    private static RealSet? HalfLine(Expression left, TokenKind op, Expression right, ExpressionEquality expressions, ref string? variable)
    {
        if (left is CallExpression { Function: "abs" } distance && ExpressionTraits.Of(right).Variables.Count == 0)
            return Around(distance.Arguments[0], op, right, expressions, ref variable);
        if (right is CallExpression { Function: "abs" } && ExpressionTraits.Of(left).Variables.Count == 0) return HalfLine(right, Mirror(op), left, expressions, ref variable);
        ExpressionTraits traits = ExpressionTraits.Of(left, right);
        if (traits.Variables.Count != 1 || traits.PlusMinusSigns > 0 || traits.HasMatrix) return null;
        string name = traits.Variables[0];
        variable ??= name;
        if (variable != name) return null;
        Expression difference = new SumExpression([left, Expression.Negate(right)]);
        Number zero = expressions.EvaluateAt(difference, name, Fraction.Zero);
        Number one = expressions.EvaluateAt(difference, name, Fraction.One);
        Number slope = one + (-zero);
        if (!slope.IsFinite || !slope.IsReal || slope.IsLossy || Number.AreEqual(slope, Number.Of(Fraction.Zero), 0)) return null;
        foreach (long probe in (ReadOnlySpan<long>)[-7, 13, 1009, 100_000_007, -100_000_003])
        {
            Number value = expressions.EvaluateAt(difference, name, new Fraction(probe, 17));
            if (!Number.AreEqual(value, zero + (slope * Number.Of(new Fraction(probe, 17))), 8)) return null;
        }
        Number bound = -zero / slope;
        if (!bound.IsFinite || !bound.IsReal) return null;
        bool below = slope.Sign > 0; // difference < 0 means x < bound
        Number minus = Number.Infinity(-1), plus = Number.Infinity(1);
        return op switch
        {
            TokenKind.Equal => Of(new(bound, true, bound, true)),
            TokenKind.NotEqual => new RealSet([new(minus, false, bound, false), new(bound, false, plus, false)]),
            TokenKind.Less or TokenKind.LessEqual => Half(below, bound, op == TokenKind.LessEqual),
            TokenKind.Greater or TokenKind.GreaterEqual => Half(!below, bound, op == TokenKind.GreaterEqual),
            _ => null,
        };

        RealSet Half(bool downwards, Number end, bool closed) =>
            Of(downwards ? new(minus, false, end, closed) : new(end, closed, plus, false));
    }

    private static RealSet Of(Interval interval)
    {
        int order = Number.Compare(interval.Low, interval.High);
        bool empty = order > 0 || (order == 0 && !(interval.LowClosed && interval.HighClosed));
        return new(empty ? [] : [interval]);
    }

    // All at once: sorted once, however many there are.
    private static RealSet Union(IEnumerable<RealSet> sets) => Union(sets, out _);

    private static RealSet Union(IEnumerable<RealSet> sets, out bool overlap)
    {
        overlap = false;
        List<Interval> sorted = [.. sets.SelectMany(set => set._intervals)];
        sorted.Sort((x, y) => Number.Compare(x.Low, y.Low) is var order && order != 0 ? order : y.LowClosed.CompareTo(x.LowClosed));
        List<Interval> merged = [];
        foreach (Interval next in sorted)
        {
            if (merged.Count > 0)
            {
                Interval last = merged[^1];
                int gap = Number.Compare(next.Low, last.High);
                overlap |= gap < 0 || (gap == 0 && next.LowClosed && last.HighClosed);
                if (gap < 0 || (gap == 0 && (next.LowClosed || last.HighClosed)))
                {
                    int order = Number.Compare(next.High, last.High);
                    if (order > 0 || (order == 0 && next.HighClosed)) merged[^1] = last with { High = next.High, HighClosed = next.HighClosed };
                    continue;
                }
            }
            merged.Add(next);
        }
        return new(merged);
    }

    private RealSet Complement()
    {
        List<Interval> gaps = [];
        Number low = Number.Infinity(-1);
        bool closed = false;
        foreach (Interval interval in _intervals)
        {
            RealSet gap = Of(new(low, closed, interval.Low, !interval.LowClosed && interval.Low.IsFinite));
            if (Number.Compare(low, interval.Low) < 0 || closed) gaps.AddRange(gap._intervals);
            (low, closed) = (interval.High, !interval.HighClosed && interval.High.IsFinite);
        }
        if (low.IsFinite || _intervals.Count == 0) gaps.Add(new(low, closed, Number.Infinity(1), false));
        return new(gaps);
    }

    private static RealSet Intersection(List<RealSet> sets) => sets.Count == 1 ? sets[0] : Union(sets.Select(set => set.Complement())).Complement();

    public bool SetEquals(RealSet other)
    {
        if (_intervals.Count != other._intervals.Count) return false;
        for (int i = 0; i < _intervals.Count; i++)
        {
            (Interval x, Interval y) = (_intervals[i], other._intervals[i]);
            if (x.LowClosed != y.LowClosed || x.HighClosed != y.HighClosed) return false;
            if (Number.Compare(x.Low, y.Low) != 0 || Number.Compare(x.High, y.High) != 0) return false;
        }
        return true;
    }
}

using System.Numerics;
using Fractions;

namespace Rlvr.Math.Numerics;

/// <summary>
/// The value of an expression at a point: an exact rational, or a complex number of 256 bits, or an infinity, or nothing
/// (division by zero, or more work than allowed).
/// </summary>
internal readonly struct Number
{
    private enum State : byte { Undefined, Exact, Approximate, Infinite }

    // Numbers lie in the frames of deep recursions: an approximation lies on the heap.
    private sealed class Box(BigComplex value)
    {
        public BigComplex Value { get; } = value;
    }

    private readonly State _state;
    private readonly Fraction _exact;
    private readonly Box? _approximate;

    private Number(State state, Fraction exact, Box? approximate, bool lossy)
    {
        (_state, _exact, _approximate) = (state, exact, approximate);
        IsLossy = lossy;
    }

    public static Number Undefined => default;

    /// <summary>Whether digits were lost that an exact value would have had (huge integers): never equal to anything.</summary>
    public bool IsLossy { get; }

    public bool IsUndefined => _state == State.Undefined;
    public bool IsExact => _state == State.Exact;
    public bool IsInfinite => _state == State.Infinite;
    public bool IsFinite => _state is State.Exact or State.Approximate;
    public Fraction Exact => _exact;

    /// <summary>The value as a complex number of 256 bits (only where it is finite).</summary>
    public BigComplex Approximate => _state == State.Exact ? BigComplex.FromReal(BigFloat.FromFraction(_exact)) : _approximate?.Value ?? default;

    public bool IsExactInteger => IsExact && _exact.Denominator.IsOne;
    public bool IsReal => _state == State.Exact || _state == State.Infinite || (_state == State.Approximate && _approximate!.Value.IsReal);

    /// <summary>The sign of a real value (of an infinity too).</summary>
    public int Sign => _state switch
    {
        State.Exact => _exact.Numerator.Sign,
        State.Infinite => _exact.Numerator.Sign,
        State.Approximate => _approximate!.Value.Re.Sign,
        _ => 0,
    };

    /// <summary>The exponent of the leading bit of a finite value that is not zero.</summary>
    public long Magnitude => Approximate.Magnitude;

    public long Bits => IsExact ? (long)_exact.Numerator.GetBitLength() + (long)_exact.Denominator.GetBitLength() : BigFloat.Precision;

    public static Number Of(Fraction value) => new(State.Exact, value, null, false);

    public static Number Of(BigInteger value) => new(State.Exact, new Fraction(value), null, false);

    public static Number Of(BigComplex value, bool lossy = false) => new(State.Approximate, default, new Box(value), lossy);

    public static Number Infinity(int sign) => new(State.Infinite, sign < 0 ? Fraction.MinusOne : Fraction.One, null, false);

    public static Number operator -(Number a) => a._state switch
    {
        State.Exact => Of(-a._exact),
        State.Infinite => Infinity(-a.Sign),
        State.Approximate => Of(-a._approximate!.Value, a.IsLossy),
        _ => Undefined,
    };

    public static Number operator +(Number a, Number b)
    {
        if (a.IsExact && b.IsExact) return Of(a._exact + b._exact);
        if (a.IsUndefined || b.IsUndefined) return Undefined;
        if (a.IsInfinite) return b.IsInfinite && a.Sign != b.Sign ? Undefined : a;
        if (b.IsInfinite) return b;
        return Of(a.Approximate + b.Approximate, a.IsLossy || b.IsLossy);
    }

    public static Number operator *(Number a, Number b)
    {
        if (a.IsExact && b.IsExact) return Of(a._exact * b._exact);
        if (a.IsUndefined || b.IsUndefined) return Undefined;
        if (a.IsInfinite || b.IsInfinite) return a.Sign * b.Sign is var sign && sign != 0 && a.IsReal && b.IsReal ? Infinity(sign) : Undefined;
        if ((a.IsExact && a._exact.IsZero) || (b.IsExact && b._exact.IsZero)) return Of(Fraction.Zero);
        return Of(a.Approximate * b.Approximate, a.IsLossy || b.IsLossy);
    }

    public static Number operator /(Number a, Number b)
    {
        if (a.IsUndefined || b.IsUndefined || a.IsInfinite || b.IsInfinite) return Undefined;
        if (b.IsExact)
        {
            if (b._exact.IsZero) return Undefined;
            if (a.IsExact) return Of(a._exact / b._exact);
        }
        BigComplex divisor = b.Approximate;
        if (divisor.IsZero || divisor.Magnitude < -200) return Undefined;
        if (a.IsExact && a._exact.IsZero) return Of(Fraction.Zero);
        return Of(a.Approximate / divisor, a.IsLossy || b.IsLossy);
    }

    /// <summary>
    /// Whether two values are the same: exact ones exactly, others to about 2^-150 of their size, or 2^-190 of
    /// 2^<paramref name="scale"/>, the largest term that entered them.
    /// </summary>
    public static bool AreEqual(Number a, Number b, long scale)
    {
        if (a.IsExact && b.IsExact) return a._exact.Equals(b._exact);
        if (a.IsUndefined || b.IsUndefined || a.IsLossy || b.IsLossy) return false;
        if (a.IsInfinite || b.IsInfinite) return a.IsInfinite && b.IsInfinite && a.Sign == b.Sign;
        BigComplex x = a.Approximate, y = b.Approximate, difference = x - y;
        if (difference.IsZero) return true;
        return difference.Magnitude < long.Max(long.Max(x.Magnitude, y.Magnitude) - 150, scale - 190);
    }

    /// <summary>The value, real where its imaginary part is no more than the error of rounding.</summary>
    public Number WithoutImaginaryNoise() => _state == State.Approximate && _approximate!.Value is { IsReal: false } value && value.Im.Magnitude < value.Re.Magnitude - 150
        ? Of(BigComplex.FromReal(value.Re), IsLossy)
        : this;

    /// <summary>Compares two real values; 0 where they are equal to working precision.</summary>
    public static int Compare(Number a, Number b)
    {
        if (a.IsExact && b.IsExact) return a._exact.CompareTo(b._exact);
        if (a.IsInfinite || b.IsInfinite) return (a.IsInfinite ? a.Sign * 2 : 0).CompareTo(b.IsInfinite ? b.Sign * 2 : 0);
        return AreEqual(a, b, 0) ? 0 : a.Approximate.Re.CompareTo(b.Approximate.Re);
    }

    public double ToDouble() => _state switch
    {
        State.Exact => BigFloat.FromFraction(_exact).ToDouble(),
        State.Approximate => _approximate!.Value.IsReal ? _approximate.Value.Re.ToDouble() : double.NaN,
        State.Infinite => Sign > 0 ? double.PositiveInfinity : double.NegativeInfinity,
        _ => double.NaN,
    };
}

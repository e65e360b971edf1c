using System.Numerics;
using Fractions;

namespace Rlvr.Math.Numerics;

/// <summary>A binary floating-point number of <see cref="Precision"/> bits: mantissa times a power of two.</summary>
internal readonly struct BigFloat
{
    /// <summary>Bits of the mantissa; about 77 decimal digits.</summary>
    public const int Precision = 256;

    private readonly BigInteger _mantissa;
    private readonly long _exponent;

    private BigFloat(BigInteger mantissa, long exponent) => (_mantissa, _exponent) = (mantissa, exponent);

    public static BigFloat Zero => default;
    public static BigFloat One { get; } = FromInteger(BigInteger.One);
    public static BigFloat Pi { get; } = Transcendental.ComputePi();
    public static BigFloat Ln2 { get; } = Transcendental.ComputeLn2();

    public BigInteger Mantissa => _mantissa;
    public long Exponent => _exponent;
    public bool IsZero => _mantissa.IsZero;
    public int Sign => _mantissa.Sign;

    /// <summary>The exponent of the leading bit: |x| lies in [2^(m-1), 2^m). long.MinValue for zero.</summary>
    public long Magnitude => IsZero ? long.MinValue : _exponent + (long)_mantissa.GetBitLength();

    public static BigFloat Create(BigInteger mantissa, long exponent)
    {
        long excess = (long)BigInteger.Abs(mantissa).GetBitLength() - Precision;
        if (excess <= 0) return mantissa.IsZero ? Zero : new(mantissa, exponent);
        int shift = (int)excess;
        BigInteger rounded = (mantissa >> (shift - 1)) + BigInteger.One;
        return new(rounded >> 1, exponent + shift);
    }

    public static BigFloat FromInteger(BigInteger value) => Create(value, 0);

    public static BigFloat FromFraction(Fraction value) =>
        value.Denominator.IsOne ? FromInteger(value.Numerator) : FromInteger(value.Numerator) / FromInteger(value.Denominator);

    public static BigFloat FromDouble(double value)
    {
        if (value == 0 || !double.IsFinite(value)) return Zero;
        long bits = BitConverter.DoubleToInt64Bits(value);
        int exponent = (int)((bits >> 52) & 0x7FF);
        long mantissa = bits & 0xFFFFFFFFFFFFFL;
        if (exponent == 0) exponent++;
        else mantissa |= 1L << 52;
        return Create(value < 0 ? -mantissa : mantissa, exponent - 1075);
    }

    public double ToDouble()
    {
        if (IsZero) return 0;
        int shift = (int)long.Max(0, (long)BigInteger.Abs(_mantissa).GetBitLength() - 62);
        long exponent = _exponent + shift;
        double top = (double)(long)(_mantissa >> shift);
        return exponent > 2000 ? top * double.PositiveInfinity : exponent < -2200 ? 0 : double.ScaleB(top, (int)exponent);
    }

    public BigFloat Abs() => new(BigInteger.Abs(_mantissa), _exponent);

    /// <summary>This times 2^<paramref name="power"/>.</summary>
    public BigFloat Scale(long power) => IsZero ? this : new(_mantissa, _exponent + power);

    public static BigFloat operator -(BigFloat a) => new(-a._mantissa, a._exponent);

    public static BigFloat operator +(BigFloat a, BigFloat b)
    {
        if (a.IsZero) return b;
        if (b.IsZero) return a;
        if (a._exponent < b._exponent) (a, b) = (b, a);
        if (a.Magnitude - b.Magnitude > Precision + 8) return a;
        if (b.Magnitude - a.Magnitude > Precision + 8) return b;
        return Create((a._mantissa << (int)(a._exponent - b._exponent)) + b._mantissa, b._exponent);
    }

    public static BigFloat operator -(BigFloat a, BigFloat b) => a + (-b);

    public static BigFloat operator *(BigFloat a, BigFloat b) => Create(a._mantissa * b._mantissa, a._exponent + b._exponent);

    public static BigFloat operator /(BigFloat a, BigFloat b)
    {
        if (a.IsZero) return Zero;
        int shift = (int)long.Max(0, Precision + 8 + (long)BigInteger.Abs(b._mantissa).GetBitLength() - (long)BigInteger.Abs(a._mantissa).GetBitLength());
        return Create((a._mantissa << shift) / b._mantissa, a._exponent - shift - b._exponent);
    }

    public BigFloat Divide(int divisor) => IsZero ? this : Create((_mantissa << 32) / divisor, _exponent - 32);

    public int CompareTo(BigFloat other) => (this - other).Sign;

    /// <summary>The integer nearest to it; the magnitude must be moderate.</summary>
    public BigInteger Round()
    {
        if (_exponent >= 0) return _mantissa << (int)_exponent;
        if (-_exponent > Precision + 8) return BigInteger.Zero;
        return ((_mantissa >> (int)(-_exponent - 1)) + BigInteger.One) >> 1;
    }

    public BigInteger Floor()
    {
        if (_exponent >= 0) return _mantissa << (int)_exponent;
        if (-_exponent > Precision + 8) return Sign < 0 ? BigInteger.MinusOne : BigInteger.Zero;
        return _mantissa >> (int)-_exponent;
    }

    public BigFloat Sqrt()
    {
        if (Sign <= 0) return Zero;
        long shift = (2 * Precision) + 4 - (long)_mantissa.GetBitLength();
        if (shift < 0) shift = 0;
        if (((_exponent - shift) & 1) != 0) shift++;
        return Create(Integers.SquareRoot(_mantissa << (int)shift), (_exponent - shift) >> 1);
    }
}

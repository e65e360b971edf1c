namespace Rlvr.Math.Numerics;

/// <summary>A complex number of two <see cref="BigFloat"/>s.</summary>
internal readonly record struct BigComplex(BigFloat Re, BigFloat Im)
{
    public static BigComplex Zero => default;
    public static BigComplex ImaginaryUnit { get; } = new(BigFloat.Zero, BigFloat.One);

    public bool IsReal => Im.IsZero;
    public bool IsZero => Re.IsZero && Im.IsZero;
    public long Magnitude => long.Max(Re.Magnitude, Im.Magnitude);

    public static BigComplex FromReal(BigFloat value) => new(value, BigFloat.Zero);

    public static BigComplex operator -(BigComplex a) => new(-a.Re, -a.Im);
    public static BigComplex operator +(BigComplex a, BigComplex b) => new(a.Re + b.Re, a.Im + b.Im);
    public static BigComplex operator -(BigComplex a, BigComplex b) => new(a.Re - b.Re, a.Im - b.Im);

    public static BigComplex operator *(BigComplex a, BigComplex b)
    {
        if (a.IsReal && b.IsReal) return FromReal(a.Re * b.Re);
        return new((a.Re * b.Re) - (a.Im * b.Im), (a.Re * b.Im) + (a.Im * b.Re));
    }

    public static BigComplex operator /(BigComplex a, BigComplex b)
    {
        if (b.IsReal) return new(a.Re / b.Re, a.Im / b.Re);
        BigFloat norm = (b.Re * b.Re) + (b.Im * b.Im);
        BigComplex top = a * new BigComplex(b.Re, -b.Im);
        return new(top.Re / norm, top.Im / norm);
    }

    public BigFloat Abs() => IsReal ? Re.Abs() : ((Re * Re) + (Im * Im)).Sqrt();

    /// <summary>The principal square root.</summary>
    public BigComplex Sqrt()
    {
        if (IsReal) return Re.Sign >= 0 ? FromReal(Re.Sqrt()) : new(BigFloat.Zero, (-Re).Sqrt());
        BigFloat abs = Abs();
        BigFloat re = (abs + Re).Scale(-1).Sqrt();
        BigFloat im = (abs - Re).Scale(-1).Sqrt();
        return new(re, Im.Sign < 0 ? -im : im);
    }

    /// <summary>The principal logarithm of a number that is not zero.</summary>
    public BigComplex Ln()
    {
        if (IsReal) return new(Transcendental.Ln(Re.Abs()), Re.Sign > 0 ? BigFloat.Zero : BigFloat.Pi);
        return new(Transcendental.Ln(Abs()), Transcendental.Atan2(Im, Re));
    }

    public BigComplex? Exp()
    {
        if (Transcendental.Exp(Re) is not { } scale) return null;
        if (IsReal) return FromReal(scale);
        if (Transcendental.SinCos(Im) is not { } angle) return null;
        return new(scale * angle.Cos, scale * angle.Sin);
    }
}
